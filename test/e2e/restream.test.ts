import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RtmpPublisher } from '../../src/publish/publisher.js';
import { makeCertificate } from '../support/certificate.js';
import { encodeAudio, encodeVideo } from '../support/elementary-stream.js';
import { enhancedMessages, sendMessages } from '../support/enhanced-publisher.js';
import { FfmpegProcess, ffmpeg, packets, type Packet } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { KEY, ServerProcess, freePort, until } from '../support/server-process.js';

const TARGET_KEY = 'secret-of-the-target';
const TARGET_CHANNELS = [{ name: 'live', streamKey: TARGET_KEY }];

interface PushObject {
  readonly server: string;
  readonly state: string;
  readonly bytes: number;
  readonly dropped: number;
  readonly error: { code: string; message: string } | null;
}

let directory: string;
let clip: string;
let pictures: Packet[];
let sounds: Packet[];
const servers: ServerProcess[] = [];
const programs: FfmpegProcess[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-restream-'));
  clip = join(directory, 'clip.flv');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30000/1001', '-f', 'lavfi', '-i', 'sine=r=44100'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-bf', '2', '-x264-params', 'b-adapt=0'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-t', '3', clip],
  );
  pictures = await packets(clip, 'v');
  sounds = await packets(clip, 'a');
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop('SIGKILL')));
  await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function serve(config: object = {}, env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ ladder: 'off', reconnectGrace: 2, ...config }, [], env);
  servers.push(server);
  return server;
}

function run(...args: string[]): FfmpegProcess {
  const program = new FfmpegProcess(...args);
  programs.push(program);
  return program;
}

const publish = (server: ServerProcess, file = clip): FfmpegProcess =>
  run('-re', '-i', file, '-c', 'copy', '-f', 'flv', server.publishUrl);

/** ffmpeg as a player: what it is sent, kept as it is. */
const pull = (server: ServerProcess, file: string): FfmpegProcess =>
  run('-i', `rtmp://127.0.0.1:${server.rtmpPort}/live/live`, '-c', 'copy', '-f', 'flv', file);

const pushes = async (server: ServerProcess): Promise<PushObject[]> =>
  (JSON.parse(await server.text('/api/v1/channels/live')) as { push: PushObject[] }).push;

const pushIs = (server: ServerProcess, state: string): Promise<void> =>
  until(async () => (await pushes(server))[0]?.state === state, `the push to be ${state}`);

/** True to the end: what came is what was sent, from a keyframe of it on. */
function isTheEndOf(sent: readonly string[], got: readonly Packet[]): void {
  expect(got[0]?.keyframe).toBe(true);
  expect(got.map(({ hash }) => hash)).toEqual(sent.slice(sent.length - got.length));
}

const hashes = (list: readonly Packet[]): string[] => list.map(({ hash }) => hash);

/** Every segment of the source rendition behind its init segment. */
async function fetchSource(server: ServerProcess): Promise<Packet[]> {
  const base = '/live/live/source/';
  const { segments } = readPlaylist(await server.text(`${base}index.m3u8`));
  const uris = [segments[0]?.map ?? '', ...segments.map(({ uri }) => uri ?? '')];
  const file = join(directory, 'fetched.mp4');
  writeFileSync(file, Buffer.concat(await Promise.all(uris.map((uri) => server.bytes(`${base}${uri}`)))));
  return packets(file, 'v');
}

describe('a channel played over RTMP', () => {
  it('comes out as it was published, from a keyframe to the end, for a player that joins', async () => {
    const server = await serve();
    const publisher = publish(server);
    await server.reaches('live');
    const file = join(directory, 'pulled.flv');
    const player = pull(server, file);
    await until(async () => (await server.metric('millrace_rtmp_players')) === 1, 'the player to play');
    expect(await publisher.exited()).toBe(0);
    expect(await player.exited()).toBe(0);

    const got = await packets(file, 'v');
    isTheEndOf(hashes(pictures), got);
    const first = pictures[pictures.length - got.length]?.pts ?? 0;
    const late = got.map(({ pts }, i) =>
      Math.abs(pts - (got[0]?.pts ?? 0) - ((pictures[pictures.length - got.length + i]?.pts ?? 0) - first)),
    );
    // Both are whole milliseconds.
    expect(Math.max(...late)).toBeLessThan(0.0025);
    const heard = await packets(file, 'a');
    isTheEndOf(hashes(sounds), heard);
    expect(heard.length).toBeGreaterThan(got.length);
    expect(await server.metric('millrace_rtmp_players')).toBe(0);
    expect(await server.metric('millrace_play_bytes_total')).toBeGreaterThan(0);
  });

  it('is not to be had by its stream key, nor when it is not live', async () => {
    const server = await serve();
    const url = (name: string): string => `rtmp://127.0.0.1:${server.rtmpPort}/live/${name}`;
    publish(server);
    await server.reaches('live');
    for (const name of [KEY, 'nobody']) {
      const player = run('-i', url(name), '-c', 'copy', '-f', 'null', '-');
      expect(await player.exited()).not.toBe(0);
      expect(player.errors).toContain('No such stream is live.');
    }
  });
});

describe('a channel pushed to another server', () => {
  it('comes out there frame by frame, ends with its publisher, and shows in API and metrics without the key', async () => {
    const target = await serve({ channels: TARGET_CHANNELS });
    const push = [`rtmp://127.0.0.1:${target.rtmpPort}/live/${TARGET_KEY}`];
    const server = await serve({ channels: [{ name: 'live', streamKey: KEY, push }] });
    expect(await pushes(server)).toMatchObject([{ state: 'idle', error: null }]);
    const publisher = publish(server);
    await pushIs(server, 'live');
    expect(await publisher.exited()).toBe(0);
    await target.reaches('ended');
    isTheEndOf(hashes(pictures), await fetchSource(target));
    await pushIs(server, 'idle');
    expect(await pushes(server)).toMatchObject([{ dropped: 0, error: null }]);
    expect(await server.metric('millrace_push_bytes')).toBeGreaterThan(10_000);
    const shown = (await server.text('/api/v1/channels')) + (await server.text('/metrics')) + server.output;
    expect(shown).not.toContain(TARGET_KEY);
  });

  it('connects again by itself when the target was killed, and the target gets it from a keyframe on', async () => {
    const port = await freePort();
    const config = { channels: TARGET_CHANNELS, rtmp: { host: '127.0.0.1', port } };
    const first = await serve(config);
    const push = [`rtmp://127.0.0.1:${port}/live/${TARGET_KEY}`];
    const server = await serve({ channels: [{ name: 'live', streamKey: KEY, push }] });
    run('-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'flv', server.publishUrl);
    await first.reaches('live');
    await servers.splice(servers.indexOf(first), 1)[0]?.stop('SIGKILL');
    await pushIs(server, 'waiting');
    const second = await serve(config);
    await second.reaches('live');
    expect(await pushes(server)).toMatchObject([{ state: 'live', error: null }]);
  });

  it('goes over TLS to a server whose certificate is vouched for, in whatever codecs that server takes', async () => {
    const port = await freePort();
    const files = makeCertificate(directory, 'target');
    const target = await serve({ channels: TARGET_CHANNELS, rtmps: { host: '127.0.0.1', port, ...files } });
    const push = [`rtmps://127.0.0.1:${port}/live/${TARGET_KEY}`];
    const server = await serve(
      { channels: [{ name: 'live', streamKey: KEY, push }] },
      { NODE_EXTRA_CA_CERTS: files.cert },
    );
    const hevc = encodeVideo('hevc', { gop: 25 });
    const publisher = await RtmpPublisher.connect(server.publishUrl);
    await sendMessages(publisher, enhancedMessages(hevc, encodeAudio('opus')));
    await publisher.close();
    await target.reaches('ended');
    const sent = hevc.units.map(({ data }) => `MD5:${createHash('md5').update(data).digest('hex')}`);
    isTheEndOf(sent, await fetchSource(target));
    expect(await target.text('/live/live/index.m3u8')).toMatch(/hvc1.*opus|opus.*hvc1/i);
  });

  it('is not held up by a target that never reads: its viewers get every part', async () => {
    // Noise, which is more than the kernel's buffers hold.
    const heavy = join(directory, 'heavy.flv');
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30,noise=alls=100:allf=t', '-c:v', 'libx264'],
      ...['-preset', 'ultrafast', '-g', '15', '-crf', '5', '-pix_fmt', 'yuv420p', '-t', '3', heavy],
    );
    const noise = await packets(heavy, 'v');
    const sockets: Socket[] = [];
    const real = await serve({ channels: TARGET_CHANNELS });
    // Lets the publish begin and then reads no more.
    const proxy = createServer((socket) => {
      const behind = connect(real.rtmpPort, '127.0.0.1');
      sockets.push(socket, behind);
      behind.pipe(socket);
      socket.on('error', () => undefined);
      behind.on('error', () => undefined);
      let read = 0;
      socket.on('data', (bytes: Buffer) => {
        read += bytes.length;
        behind.write(bytes);
        if (read > 20_000) socket.pause();
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const push = [`rtmp://127.0.0.1:${(proxy.address() as AddressInfo).port}/live/${TARGET_KEY}`];
    const server = await serve({ channels: [{ name: 'live', streamKey: KEY, push }] });
    const publisher = publish(server, heavy);
    await pushIs(server, 'live');
    await until(async () => ((await pushes(server))[0]?.dropped ?? 0) > 0, 'pictures to be dropped');
    expect(await publisher.exited()).toBe(0);
    await server.reaches('ended');
    expect(hashes(await fetchSource(server))).toEqual(hashes(noise));
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
});
