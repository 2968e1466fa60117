import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FfmpegProcess, decode, ffmpeg, packets, type Packet } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { ServerProcess } from '../support/server-process.js';

const LADDER = [
  { name: 'mid', height: 216, videoBitrate: '400k' },
  { name: 'low', height: 180, videoBitrate: '200k' },
];

const SOURCES = [
  { name: '30 fps', rate: '30', x264: ['-tune', 'zerolatency'], seconds: 7 },
  {
    name: '29.97 fps with B-frames',
    rate: '30000/1001',
    x264: ['-bf', '3', '-x264-params', 'b-adapt=0'],
    seconds: 7,
  },
];

const close = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) < 0.0015);

describe.each(SOURCES)('a file of $name, published over RTMP', ({ rate, x264, seconds }) => {
  let directory: string;
  let server: ServerProcess;
  let source: Packet[];
  let sound: Packet[];

  /** Every segment of a rendition behind its init segment, as one file. */
  async function fetchAll(rendition: string): Promise<string> {
    const base = `/live/live/${rendition}/`;
    const playlist = readPlaylist(await server.text(`${base}index.m3u8`));
    expect(playlist.ended).toBe(true);
    const uris = [playlist.segments[0]?.map ?? '', ...playlist.segments.map((s) => s.uri ?? '')];
    const file = join(directory, `${rendition}.mp4`);
    writeFileSync(file, Buffer.concat(await Promise.all(uris.map((uri) => server.bytes(`${base}${uri}`)))));
    return file;
  }

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-way-'));
    const file = join(directory, 'source.flv');
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc2=s=480x270:r=${rate}`, '-f', 'lavfi', '-i', 'sine=r=44100'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60', ...x264, '-pix_fmt', 'yuv420p'],
      ...['-c:a', 'aac', '-t', String(seconds), file],
    );
    source = await packets(file, 'v');
    sound = await packets(file, 'a');
    server = await ServerProcess.start({ ladder: LADDER });
    const publisher = new FfmpegProcess('-re', '-i', file, '-c', 'copy', '-f', 'flv', server.publishUrl);
    expect(await publisher.exited()).toBe(0);
    await server.reaches('ended');
  });

  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('comes out of the source rendition byte for byte, nothing lost, nothing reordered', async () => {
    const out = await packets(await fetchAll('source'), 'v');
    expect(out.map((p) => p.hash)).toEqual(source.map((p) => p.hash));
    expect(out.map((p) => p.keyframe)).toEqual(source.map((p) => p.keyframe));
    const zero = source[0]?.pts ?? 0;
    expect(
      close(
        out.map((p) => p.pts),
        source.map((p) => p.pts - zero),
      ),
    ).toBe(true);
  });

  it('T1 is laid out on an exact frame grid, whatever milliseconds did to it', async () => {
    const out = await packets(await fetchAll('source'), 'v');
    const [num = 0, den = 1] = rate.split('/').map(Number);
    const steps = out.slice(1).map((p, i) => Math.round((p.dts - (out[i]?.dts ?? 0)) * 90_000));
    expect(new Set(steps)).toEqual(new Set([Math.round((90_000 * den) / num)]));
  });

  it('comes out of the audio rendition byte for byte, from the first picture on', async () => {
    const out = (await packets(await fetchAll('audio'), 'a')).map((p) => p.hash);
    const all = sound.map((p) => p.hash);
    const skipped = all.indexOf(out[0] ?? '');
    expect(skipped).toBeGreaterThanOrEqual(0);
    expect(skipped).toBeLessThanOrEqual(4);
    expect(out).toEqual(all.slice(skipped));
  });

  it.each(LADDER)(
    'V13 comes out of rung $name with every frame, its time and its keyframes',
    async ({ name, height }) => {
      const file = await fetchAll(name);
      const decoded = await decode(file, 'v');
      expect([decoded.codec_name, decoded.height, decoded.frames]).toEqual(['h264', height, source.length]);
      expect(decoded.width).toBe((height * 16) / 9);
      const out = await packets(file, 'v');
      const zero = source[0]?.pts ?? 0;
      const shown = [...source].sort((a, b) => a.pts - b.pts);
      expect(
        close(
          out.map((p) => p.pts),
          shown.map((p) => p.pts - zero),
        ),
      ).toBe(true);
      expect(out.map((p) => p.keyframe)).toEqual(shown.map((p) => p.keyframe));
    },
  );

  it('V13 L10 begins the segments of all renditions at the same keyframes', async () => {
    const lists = await Promise.all(
      ['source', 'mid', 'low'].map(async (name) =>
        readPlaylist(await server.text(`/live/live/${name}/index.m3u8`)),
      ),
    );
    const [first, ...others] = lists.map((p) => p.segments.map((s) => [s.msn, s.duration, s.dateTime]));
    expect(first?.length).toBeGreaterThan(3);
    for (const other of others) expect(other).toEqual(first);
  });
});
