import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed } from '../../src/origin/feed.js';
import { MAX_SILENCE, PushTarget } from '../../src/relay/push-target.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { ServerHandshake } from '../../src/rtmp/handshake.js';
import { commandMessage } from '../../src/rtmp/messages/command.js';
import { STALL_TIMEOUT } from '../../src/rtmp/stall-watch.js';
import { RecordingServer, type Recording } from '../publish/recording-server.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';
import { FfmpegProcess } from '../support/ffmpeg.js';
import { freePort, until } from '../support/server-process.js';

const KEY = 'target-secret-key';
const GOP = 10;
const WAITS = { failed: [10], refused: [10] };

let server: RecordingServer;
let feed: Feed;
let log: string;
let pushes: PushTarget[];

beforeEach(async () => {
  server = await RecordingServer.start();
  feed = new Feed((error) => {
    throw error;
  });
  log = '';
  pushes = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(pushes.map((push) => push.close()));
  await server.close();
});

function push(url = server.url(KEY)): PushTarget {
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString();
      done();
    },
  });
  const target = new PushTarget({ feed, url, codecs: [], logger: pino(sink), waits: WAITS });
  pushes.push(target);
  return target;
}

const begin = (): void => feed.event(started(videoTrack(), audioTrack()));
const pictures = (from: number, to: number): void => {
  for (let n = from; n < to; n++) feed.event({ type: 'unit', kind: 'video', unit: frame(n, GOP) });
};

/** The numbers of the pictures in a recording; configurations left out. */
const received = (recording: Recording | undefined): number[] =>
  (recording?.messages ?? [])
    .filter(({ type, body }) => type === 'video' && body[1] === 1)
    .map(({ body }) => body.readUInt32BE(body.length - 4));

const has = (publish: number, pictures: number): Promise<void> =>
  server.until(() => received(server.recordings[publish]).length >= pictures);

const live = (target: PushTarget): Promise<void> =>
  until(() => target.status().state === 'live', 'the push to be live');

describe('a push to another server', () => {
  it('begins with the publisher, sends everything in order with configurations first, and says goodbye with it', async () => {
    const target = push();
    expect(target.status()).toMatchObject({ state: 'idle', connections: 0, error: undefined });
    begin();
    await live(target);
    pictures(0, 12);
    feed.event({ type: 'unit', kind: 'audio', unit: sound(3) });
    await has(0, 12);
    feed.end();
    const [recording] = server.recordings;
    await server.until(() => recording?.end !== undefined);
    expect(recording).toMatchObject({ streamKey: KEY, metadata: 1, end: 'goodbye' });
    expect(recording?.messages.slice(0, 2).map(({ type, body }) => [type, body[1]])).toEqual([
      ['video', 0],
      ['audio', 0],
    ]);
    expect(received(recording)).toEqual(Array.from({ length: 12 }, (_, n) => n));
    expect(recording?.messages.at(-1)).toMatchObject({ type: 'audio', timestamp: 64 });
    await until(() => target.status().state === 'idle', 'the push to rest');
    expect(target.status()).toMatchObject({ connections: 1, dropped: 0, error: undefined });
    expect(target.status().bytes).toBeGreaterThan(0);
  });

  it('is not there before the first publisher, and comes back with each', async () => {
    const target = push();
    for (const publish of [0, 1]) {
      begin();
      await live(target);
      pictures(0, 3);
      await has(publish, 3);
      feed.end();
      await server.until(() => server.recordings[publish]?.end === 'goodbye');
      await until(() => target.status().state === 'idle', 'the push to rest');
    }
    expect(server.recordings).toHaveLength(2);
  });

  it('connects again when the target is cut off, and goes on from the newest keyframe', async () => {
    const target = push();
    begin();
    await live(target);
    pictures(0, 5);
    await has(0, 5);
    server.cut();
    pictures(5, 13);
    await server.until(() => server.recordings.length === 2);
    await has(1, 3);
    pictures(13, 14);
    await has(1, 4);
    expect(received(server.recordings[1])).toEqual([10, 11, 12, 13]);
    expect(server.recordings[1]?.messages.find(({ body }) => body[1] === 1)?.timestamp).toBe(0);
    expect(target.status()).toMatchObject({ state: 'live', connections: 2, error: undefined });
  });

  it('tries again when it is refused, says so in the state, and never shows the key', async () => {
    server.admits = () => false;
    server.refusal = `no such key: ${KEY}`;
    const target = push(server.url(`${KEY}?token=1`));
    begin();
    await until(() => target.status().state === 'refused', 'a refusal');
    const { error } = target.status();
    expect(error?.code).toBe('RTMP_REFUSED');
    expect(error?.message).toContain('no such key: ta…(17)');
    server.admits = () => true;
    await live(target);
    expect(target.status().error).toBeUndefined();
    expect(JSON.stringify(target.status()) + log).not.toContain(KEY);
    expect(log).toContain('cannot publish');
  });

  it('E9 goes where the target asks it to go', async () => {
    const other = await RecordingServer.start();
    const target = push();
    begin();
    await live(target);
    pictures(0, 3);
    await has(0, 3);
    server.requestReconnect(`rtmp://127.0.0.1:${other.port}/other`);
    await server.until(() => server.recordings[0]?.end === 'goodbye');
    await other.until(() => received(other.recordings[0]).length === 3);
    expect(other.recordings[0]?.streamKey).toBe(KEY);
    await other.close();
    // What became of the other is not where the channel is to go for ever.
    await server.until(() => server.recordings.length === 2);
  });

  it('says why it waits when nobody listens there', async () => {
    const port = server.port;
    await server.close();
    const target = push(`rtmp://127.0.0.1:${port}/live/${KEY}`);
    begin();
    await until(() => target.status().state === 'waiting', 'the push to wait');
    expect(target.status()).toMatchObject({
      server: `rtmp://127.0.0.1:${port}`,
      error: { code: 'CONNECT_FAILED' },
    });
    server = await RecordingServer.start(port);
    await live(target);
  });

  it('tries again where the target talks nonsense', async () => {
    const nonsense = createServer((socket) => {
      const handshake = new ServerHandshake();
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const { send, done } = handshake.receive(bytes);
        for (const data of send) socket.write(data);
        if (done)
          socket.end(new ChunkWriter().write({ ...commandMessage('x', 0, null), payload: Buffer.of(2) }));
      });
    });
    await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve));
    const { port } = nonsense.address() as AddressInfo;
    const target = push(`rtmp://127.0.0.1:${port}/live/${KEY}`);
    begin();
    await until(() => target.status().error?.code === 'AMF_MALFORMED', 'the nonsense to be noticed');
    nonsense.close();
    await until(() => target.status().error?.code === 'CONNECT_FAILED', 'another try');
  });

  it('stays while the publisher is away for a moment, and goes on with rising timestamps', async () => {
    const target = push();
    begin();
    await live(target);
    pictures(0, 3);
    await has(0, 3);
    feed.away();
    begin();
    pictures(0, 3);
    await has(0, 6);
    expect(server.recordings).toHaveLength(1);
    const times = server.recordings[0]?.messages.map(({ timestamp }) => timestamp) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times.filter((time) => time > 0)).size).toBe(5);
    expect(target.status().state).toBe('live');
  });

  it('says goodbye when the publisher stays away, and comes back with it', async () => {
    const target = push();
    begin();
    await live(target);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    feed.away();
    vi.advanceTimersByTime(MAX_SILENCE);
    vi.useRealTimers();
    await server.until(() => server.recordings[0]?.end === 'goodbye');
    await until(() => target.status().state === 'idle', 'the push to rest');
    begin();
    pictures(0, 3);
    await has(1, 3);
  });

  it('never waits for a target that reads nothing: it drops whole groups of pictures and counts them', async () => {
    const target = push();
    begin();
    await live(target);
    server.pause();
    const big = (n: number) => ({ ...frame(n, GOP), data: Buffer.alloc(100_000, n) });
    for (let n = 0; n < 400; n++) feed.event({ type: 'unit', kind: 'video', unit: big(n) });
    expect(target.status().dropped).toBeGreaterThan(100);
    server.resume();
    await until(() => target.status().queued === 0, 'the target to catch up');
    const before = target.status().dropped;
    pictures(401, 412);
    await server.until(() => received(server.recordings[0]).includes(411));
    // From the keyframe on.
    expect(target.status().dropped).toBe(before + 9);
  });

  it('connects anew to a target that takes nothing any more', async () => {
    const target = push();
    begin();
    await live(target);
    server.pause();
    const data = Buffer.alloc(1_000_000);
    for (let n = 0; n < 40; n++)
      feed.event({ type: 'unit', kind: 'video', unit: { ...frame(n, GOP), data } });
    const later = performance.now() + 2 * STALL_TIMEOUT + target.status().queued;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    pictures(40, 41);
    vi.restoreAllMocks();
    await until(() => target.status().error?.code === 'RTMP_TIMEOUT', 'the target to be given up');
    await until(() => target.status().connections === 2, 'the push to be live again');
    server.resume();
  });

  it('says what it leaves out because the target, which is ffmpeg here, did not say that it takes it', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/${KEY}`;
    const ffmpeg = new FfmpegProcess('-listen', '1', '-i', url, '-f', 'null', '-');
    const target = push(url);
    feed.event(started(videoTrack(30, { codec: 'hevc', codecString: 'hvc1.1' }), audioTrack()));
    await until(() => target.status().error?.code === 'MEDIA_UNSUPPORTED', 'the track to be left out');
    expect(target.status()).toMatchObject({
      state: 'live',
      error: { message: 'the target did not say that it takes hvc1.1' },
    });
    await ffmpeg.stop('SIGKILL');
  });

  it('refuses a URL that is none, without showing it', () => {
    expect(() => push('rtmp://host/secret')).toThrow(/^(?!.*secret)/);
  });
});
