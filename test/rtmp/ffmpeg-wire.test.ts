import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readFlv } from '../../src/rtmp/flv-file.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import type { SessionResult } from '../../src/rtmp/server-session.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-wire-'));
const source = join(folder, 'source.flv');

async function ffmpeg(...args: string[]): Promise<void> {
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
}

/** Results of one ffmpeg that publishes `source`. */
async function publish(...options: string[]): Promise<SessionResult[]> {
  const session = new ServerSession();
  const results: SessionResult[] = [];
  const server = createServer((socket) => {
    const take = (batch: readonly SessionResult[]): void => {
      for (const result of batch) {
        if (result.type === 'send') socket.write(result.data);
        else results.push(result);
        if (result.type === 'publish') take(session.acceptPublish());
      }
    };
    socket.on('data', (bytes) => take(session.receive(bytes, performance.now())));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await ffmpeg('-i', source, '-c', 'copy', ...options, '-f', 'flv', `rtmp://127.0.0.1:${port}/live/key`);
  server.close();
  await once(server, 'close');
  return results;
}

beforeAll(async () => {
  const video = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=320x180:r=30000/1001',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
  ];
  const audio = ['-f', 'lavfi', '-i', 'sine=r=44100', '-c:a', 'aac'];
  const [vIn, vOut, aIn, aOut] = [video.slice(0, 4), video.slice(4), audio.slice(0, 4), audio.slice(4)];
  await ffmpeg(...vIn, ...aIn, ...vOut, ...aOut, '-t', '2', '-f', 'flv', source);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('what ffmpeg sends over RTMP', () => {
  test.each([
    ['from zero', []],
    ['T5: across 16 777 215 ms', ['-copyts', '-output_ts_offset', '16776.2']],
    ['K4, K5: with extended timestamps throughout', ['-copyts', '-output_ts_offset', '20000']],
    ['T4: where its own 31 bits wrap', ['-copyts', '-output_ts_offset', '2147482.8']],
  ])('is what it writes into a file, tag by tag, %s', async (_, options) => {
    const file = join(folder, 'same.flv');
    await ffmpeg('-i', source, '-c', 'copy', ...options, '-f', 'flv', file);
    const expected = [...readFlv(readFileSync(file))].filter(({ type }) => type !== 'script');
    expect(expected.length).toBeGreaterThan(100);

    const results = await publish(...options);
    expect(results[0]).toMatchObject({ type: 'publish', request: { app: 'live', streamKey: 'key' } });
    expect(results.at(-1)).toMatchObject({ type: 'unpublish' });
    const media = results.filter(
      (result): result is Extract<SessionResult, { type: 'video' | 'audio' }> =>
        result.type === 'video' || result.type === 'audio',
    );
    expect(media).toHaveLength(expected.length);
    for (const [i, result] of media.entries()) {
      const { type, timestamp, body } = expected[i]!;
      expect({ type: result.type, timestamp: result.timestamp }).toEqual({ type, timestamp });
      expect(result.body.equals(body)).toBe(true);
    }
  });
});

test('E3: ffmpeg that is rejected while it publishes prints why and gives up', async () => {
  const session = new ServerSession();
  let rejected = false;
  const server = createServer((socket) => {
    const take = (batch: readonly SessionResult[]): void => {
      for (const result of batch) {
        if (result.type === 'send') socket.write(result.data);
        if (result.type === 'publish') take(session.acceptPublish());
        if (result.type !== 'video' || rejected) continue;
        rejected = true;
        take(session.rejectPublish('NetStream.Publish.Rejected', 'This codec cannot be carried.'));
      }
    };
    socket.on('data', (bytes) => take(session.receive(bytes, performance.now())));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `rtmp://127.0.0.1:${port}/live/key`;
  // In real time, so that its end is not its own.
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-re',
    '-stream_loop',
    '-1',
    '-i',
    source,
    '-c',
    'copy',
    '-f',
    'flv',
  ];
  const child = spawn('ffmpeg', [...args, url], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  server.close();
  expect(said).toContain('Server error: This codec cannot be carried.');
  expect(code).not.toBe(0);
});
