// Makes the captures anew: node scripts/record-captures.mjs
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServerSession, type SessionResult } from '../../../src/rtmp/server-session.js';

const run = promisify(execFile);

const CAPTURES = join('test', 'rtmp', 'captures');
const FLV_HEADER = 13;
const TAG_HEADER = 11;
/** Beyond what 24 bits of ms can say. */
const FAR = 2 ** 24 + 1000;

/** Lets one publisher in and gives the bytes that it sent until it closed. */
async function record(publish: (url: string) => Promise<unknown>): Promise<Buffer> {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    const session = new ServerSession();
    const take = (results: readonly SessionResult[]): void => {
      for (const result of results) {
        if (result.type === 'send') socket.write(result.data);
        if (result.type === 'publish') take(session.acceptPublish());
      }
    };
    socket.on('data', (bytes) => {
      received.push(Buffer.from(bytes));
      take(session.receive(bytes, performance.now()));
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await publish(`rtmp://127.0.0.1:${port}/live/good-key-0123`);
  server.close();
  await once(server, 'close');
  return Buffer.concat(received);
}

const ffmpeg = (...args: string[]) => run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);

const publishFromFfmpeg =
  (source: string, ...options: string[]) =>
  (url: string) =>
    ffmpeg('-i', source, '-c', 'copy', ...options, '-f', 'flv', url);

/** GStreamer's own FLV muxer counts from zero: its sinks are given ready-made tags, one file each. */
const publishFromGstreamer =
  (source: string, offset: number, sink: (url: string) => string[]) =>
  async (url: string): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-tags-'));
    try {
      for (const [i, tag] of splitTags(readFileSync(source), offset).entries())
        writeFileSync(join(folder, `${String(i).padStart(5, '0')}.tag`), tag);
      await run('gst-launch-1.0', [
        ...['-q', 'multifilesrc', `location=${folder}/%05d.tag`, 'caps=video/x-flv', '!'],
        ...[...sink(url), 'sync=false'],
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

/** The tags of an FLV file, their times moved by `offset` ms (FLV 10.1 E.4.1). */
function splitTags(file: Buffer, offset: number): Buffer[] {
  const tags: Buffer[] = [];
  for (let at = FLV_HEADER; at + TAG_HEADER <= file.length;) {
    const length = TAG_HEADER + file.readUIntBE(at + 1, 3) + 4;
    const tag = Buffer.from(file.subarray(at, at + length));
    const time = tag.readUIntBE(4, 3) + tag.readUInt8(7) * 2 ** 24 + offset;
    tag.writeUIntBE(time % 2 ** 24, 4, 3);
    tag.writeUInt8(Math.floor(time / 2 ** 24), 7);
    tags.push(tag);
    at += length;
  }
  return tags;
}

const rtmp2sink = (url: string): string[] => ['rtmp2sink', `location=${url}`];
const rtmpsink = (url: string): string[] => ['rtmpsink', `location=${url} live=1`];

const folder = mkdtempSync(join(tmpdir(), 'millrace-capture-'));
try {
  const source = join(folder, 'source.flv');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=25', '-f', 'lavfi', '-i', 'sine=r=44100', '-t', '1'],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '12',
      '-bf',
      '2',
      '-pix_fmt',
      'yuv420p',
      '-crf',
      '36',
    ],
    ...['-c:a', 'aac', '-b:a', '24k', '-fflags', '+bitexact', '-flags', '+bitexact', source],
  );
  const far = ['-copyts', '-output_ts_offset', String(FAR / 1000)];
  const captures: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
    'ffmpeg-5.1': publishFromFfmpeg(source),
    'ffmpeg-5.1-far': publishFromFfmpeg(source, ...far),
    'rtmp2sink-1.22': publishFromGstreamer(source, 0, rtmp2sink),
    'rtmp2sink-1.22-far': publishFromGstreamer(source, FAR, rtmp2sink),
    'rtmpsink-1.22-librtmp-2.4': publishFromGstreamer(source, 0, rtmpsink),
    'rtmpsink-1.22-librtmp-2.4-far': publishFromGstreamer(source, FAR, rtmpsink),
  };
  for (const [name, publish] of Object.entries(captures)) {
    const bytes = await record(publish);
    writeFileSync(join(CAPTURES, `${name}.bin`), bytes);
    process.stdout.write(`${name}: ${bytes.length} bytes\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
