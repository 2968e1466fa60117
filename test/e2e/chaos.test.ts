import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { publishTestPicture } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { ServerProcess, freePort, until } from '../support/server-process.js';

const TIMES = 50;

const PICTURE = { size: '320x180', gop: '15' };
const LADDER = [{ name: '90p', height: 90, videoBitrate: '100k' }];

/** A random moment: uneven on purpose, the same in every run. */
function moments(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A viewer that asks for something and vanishes: while held, while reading, or before it has asked at all. */
async function viewerThatVanishes(server: ServerProcess, random: () => number): Promise<void> {
  const socket: Socket = connect(server.httpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  const text = await server.text('/live/live/source/index.m3u8').catch(() => '');
  const segments = text.startsWith('#EXTM3U') ? readPlaylist(text).segments : [];
  const msn = segments.at(-1)?.msn ?? 0;
  const uri = segments.find((s) => s.uri !== undefined)?.uri ?? '';
  const paths = [`index.m3u8?_HLS_msn=${msn + 1}`, `index.m3u8?_HLS_msn=${msn}&_HLS_part=9`, uri];
  const path = paths[Math.floor(random() * paths.length)] ?? '';
  if (random() < 0.9) socket.write(`GET /live/live/source/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await pause(random() * 300);
  if (random() < 0.5) socket.destroy();
  else socket.resetAndDestroy();
}

describe(`${TIMES} times killed at random moments`, () => {
  let server: ServerProcess;

  afterEach(async () => {
    await server.stop('SIGKILL');
  });

  it('publishers and viewers leave no crash, no waiter and no growing memory', async () => {
    server = await ServerProcess.start({ ladder: LADDER, hls: { window: 6 }, reconnectGrace: 2 });
    const random = moments(1);
    const memory: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      const publisher = publishTestPicture(server.publishUrl, PICTURE);
      const viewers = Array.from({ length: 2 }, () => viewerThatVanishes(server, random));
      await pause(random() * 1500);
      await publisher.stop('SIGKILL');
      await Promise.all(viewers);
      memory.push(await server.metric('process_resident_memory_bytes'));
    }
    await until(async () => (await server.metric('millrace_http_waiters')) === 0, 'the last waiter to leave');
    await until(
      async () => (await server.metric('millrace_rtmp_connections')) === 0,
      'the last publisher to leave',
    );
    await server.reaches('offline');
    const early = Math.max(...memory.slice(10, 20));
    const late = Math.max(...memory.slice(-10));
    expect(late).toBeLessThan(early * 1.35);
    expect(server.output).not.toMatch(/"level":[56]0/);
    expect(await server.stop('SIGTERM')).toBe(0);
  });

  it('the server comes back on the same ports and goes on from the first publish', async () => {
    const ports = {
      http: { host: '127.0.0.1', port: await freePort() },
      rtmp: { host: '127.0.0.1', port: await freePort() },
    };
    server = await ServerProcess.start({ ladder: LADDER, ...ports });
    const random = moments(2);
    for (let i = 0; i < TIMES; i++) {
      const publisher = publishTestPicture(server.publishUrl, PICTURE);
      const viewer = viewerThatVanishes(server, random);
      await pause(random() * 600);
      await server.stop('SIGKILL');
      await Promise.all([viewer.catch(() => undefined), publisher.stop('SIGKILL')]);
      server = await ServerProcess.start({ ladder: LADDER, ...ports });
    }
    const publisher = publishTestPicture(server.publishUrl, PICTURE);
    await server.reaches('live');
    await publisher.stop('SIGTERM');
    expect(await server.stop('SIGTERM')).toBe(0);
  });
});
