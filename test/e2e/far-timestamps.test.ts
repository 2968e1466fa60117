import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, packets, type Packet } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { ServerProcess } from '../support/server-process.js';

const run = promisify(execFile);

const SECONDS = 6;
const FLV_HEADER = 13;
const TAG_HEADER = 11;

/** Where senders and receivers break, in ms; each publish crosses its line in the middle. */
const LINES = [
  { name: 'the 24-bit line', line: 2 ** 24 - 1 },
  { name: 'the wrap at 2^31', line: 2 ** 31 },
  { name: 'the wrap at 2^32', line: 2 ** 32 },
];

/** Each publishes the file with all its timestamps moved by `offset` ms; resolves when it has said goodbye. */
const PUBLISHERS: Record<string, (source: string, offset: number, url: string) => Promise<unknown>> = {
  // Its own FLV muxer keeps 31 bits, so that the wrap at 2^32 is another one at 2^31 on the wire.
  ffmpeg: (source, offset, url) =>
    ffmpeg(
      ...['-re', '-i', source, '-c', 'copy', '-copyts', '-output_ts_offset', String(offset / 1000)],
      ...['-f', 'flv', url],
    ),
  rtmp2sink: (source, offset, url) => gstreamer(source, offset, ['rtmp2sink', `location=${url}`]),
  'rtmpsink (librtmp)': (source, offset, url) =>
    gstreamer(source, offset, ['rtmpsink', `location=${url} live=1`]),
};

/**
 * GStreamer's own FLV muxer counts from zero, so its sinks are given FLV tags that are ready made: one file each, because
 * they want each tag as one buffer.
 */
async function gstreamer(source: string, offset: number, sink: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tags-'));
  try {
    const tags = splitTags(readFileSync(source), offset);
    tags.forEach((tag, i) => writeFileSync(join(folder, `${String(i).padStart(5, '0')}.tag`), tag));
    const pace = Math.round((SECONDS * 1e6) / tags.length);
    await run('gst-launch-1.0', [
      ...['-q', 'multifilesrc', `location=${folder}/%05d.tag`, 'caps=video/x-flv', '!'],
      ...['identity', `sleep-time=${pace}`, '!', ...sink, 'sync=false'],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The tags of an FLV file, timestamps moved and wrapped at 32 bits (FLV 10.1 E.4.1). */
function splitTags(file: Buffer, offset: number): Buffer[] {
  const tags: Buffer[] = [];
  for (let at = FLV_HEADER; at + TAG_HEADER <= file.length;) {
    const length = TAG_HEADER + file.readUIntBE(at + 1, 3) + 4;
    const tag = Buffer.from(file.subarray(at, at + length));
    const time = (tag.readUIntBE(4, 3) + tag.readUInt8(7) * 2 ** 24 + offset) % 2 ** 32;
    tag.writeUIntBE(time % 2 ** 24, 4, 3);
    tag.writeUInt8(Math.floor(time / 2 ** 24), 7);
    tags.push(tag);
    at += length;
  }
  return tags;
}

/** GStreamer 1.22's rtmp2sink loses count so far up by itself: all that it sends is stamped 0. */
const isSender = (publisher: string, line: number): boolean => publisher !== 'rtmp2sink' || line < 2 ** 32;

const CASES = Object.keys(PUBLISHERS).flatMap((publisher, i) =>
  LINES.filter(({ line }) => isSender(publisher, line)).map(({ name, line }, j) => ({
    publisher,
    name,
    line,
    channel: `c${i}${j}`,
  })),
);

describe('publishes whose timestamps cross a line, all at once', () => {
  let directory: string;
  let server: ServerProcess;
  let picture: Packet[];
  let sound: Packet[];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-far-'));
    const source = join(directory, 'source.flv');
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30', '-f', 'lavfi', '-i', 'sine=r=44100'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-bf', '2', '-pix_fmt', 'yuv420p'],
      ...['-c:a', 'aac', '-t', String(SECONDS), source],
    );
    picture = await packets(source, 'v');
    sound = await packets(source, 'a');
    const channels = CASES.map(({ channel }) => ({ name: channel, streamKey: `key-of-${channel}` }));
    server = await ServerProcess.start({ ladder: 'off', hls: { segmentTarget: 1 }, channels });
    await Promise.all(
      CASES.map(async ({ publisher, line, channel }) => {
        const url = `rtmp://127.0.0.1:${server.rtmpPort}/live/key-of-${channel}`;
        await PUBLISHERS[publisher]?.(source, line - (SECONDS * 1000) / 2, url);
        await server.reaches('ended', channel);
      }),
    );
  });

  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A rendition as the viewer gets it, in one file. */
  async function fetchAll(channel: string, rendition: string): Promise<string> {
    const base = `/live/${channel}/${rendition}/`;
    const { segments } = readPlaylist(await server.text(`${base}index.m3u8`));
    expect(segments.filter((segment) => segment.discontinuity)).toEqual([]);
    const uris = [segments[0]?.map ?? '', ...segments.map((segment) => segment.uri ?? '')];
    mkdirSync(join(directory, channel), { recursive: true });
    const file = join(directory, channel, `${rendition}.mp4`);
    writeFileSync(file, Buffer.concat(await Promise.all(uris.map((uri) => server.bytes(`${base}${uri}`)))));
    return file;
  }

  it.each(CASES)('T4 T5 K4: $publisher, over $name: every frame is there, in time', async ({ channel }) => {
    const seen = await packets(await fetchAll(channel, 'source'), 'v');
    expect(seen.map(({ hash, keyframe }) => [hash, keyframe])).toEqual(
      picture.map(({ hash, keyframe }) => [hash, keyframe]),
    );
    const zero = picture[0]?.pts ?? 0;
    seen.forEach(({ pts }, i) => expect(pts).toBeCloseTo((picture[i]?.pts ?? 0) - zero, 2));

    const heard = (await packets(await fetchAll(channel, 'audio'), 'a')).map(({ hash }) => hash);
    const all = sound.map(({ hash }) => hash);
    const skipped = all.indexOf(heard[0] ?? '');
    expect(skipped).toBeLessThanOrEqual(4);
    expect(heard).toEqual(all.slice(skipped));
  });
});
