import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readFlv } from '../../src/rtmp/flv-file.js';
import type { FlvTag } from '../../src/rtmp/flv-file.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import type { PlayRequest, SessionResult } from '../../src/rtmp/server-session.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-player-'));
const source = join(folder, 'source.flv');

/** Runs a program to its end and gives what it says. */
async function run(program: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

const mediaOf = (file: string): FlvTag[] =>
  [...readFlv(readFileSync(file))].filter(({ type }) => type !== 'script');

/** Serves the tags to whoever plays, `play` being the program that does. */
async function serve(
  tags: readonly FlvTag[],
  play: (url: string) => Promise<{ code: number; said: string }>,
): Promise<{ code: number; said: string; requests: PlayRequest[] }> {
  const requests: PlayRequest[] = [];
  const attend = (socket: Socket): void => {
    const session = new ServerSession();
    const take = (batch: readonly SessionResult[]): void => {
      for (const result of batch) {
        if (result.type === 'send') socket.write(result.data);
        if (result.type !== 'play') continue;
        requests.push(result.request);
        take(session.acceptPlay());
        const metadata = session.sendMetadata({ width: 320, height: 180, videocodecid: 7, audiocodecid: 10 });
        for (const data of metadata) socket.write(data);
        for (const { type, timestamp, body } of tags) {
          if (type === 'script') continue;
          for (const data of session.sendMedia(type, timestamp, body)) socket.write(data);
        }
        take(session.close({ level: 'status', code: '', description: 'The stream is over.' }));
      }
    };
    socket.on('data', (bytes) => take(session.receive(bytes, performance.now())));
    socket.on('error', () => undefined);
  };
  const server = createServer(attend);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outcome = await play(`rtmp://127.0.0.1:${port}/live/stream`);
  server.close();
  await once(server, 'close');
  return { ...outcome, requests };
}

beforeAll(async () => {
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=30', '-f', 'lavfi', '-i', 'sine=r=48000'];
  // Frames of more than one chunk each.
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '4', '-g', '30', '-c:a', 'aac'];
  const { code } = await run('ffmpeg', '-v', 'error', '-y', ...inputs, ...codecs, '-t', '2', source);
  expect(code).toBe(0);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a real player', () => {
  test('H5: ffmpeg, which checks the digests of a server that it plays from, gets every byte', async () => {
    const tags = mediaOf(source);
    expect(Math.max(...tags.map(({ body }) => body.length))).toBeGreaterThan(60_000);
    const copy = join(folder, 'ffmpeg.flv');
    const { code, said, requests } = await serve(tags, (url) =>
      run('ffmpeg', '-v', 'warning', '-nostdin', '-y', '-i', url, '-c', 'copy', '-copyts', copy),
    );
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(requests).toMatchObject([{ app: 'live', name: 'stream' }]);
    const bodies = (all: readonly FlvTag[], kind: string): string[] =>
      all.filter(({ type }) => type === kind).map(({ body }) => body.toString('base64'));
    for (const kind of ['video', 'audio']) {
      expect(bodies(mediaOf(copy), kind)).toEqual(bodies(tags, kind));
    }
  });
});
