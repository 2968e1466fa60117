import { Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IngestLimits } from '../../src/ingest/limits.js';
import { IngestListener } from '../../src/ingest/listener.js';
import { MAX_PLAYER_QUEUE } from '../../src/ingest/playback.js';
import type { PlayObserver } from '../../src/ingest/player.js';
import { Feed } from '../../src/origin/feed.js';
import { STALL_TIMEOUT } from '../../src/rtmp/stall-watch.js';
import { until } from '../support/server-process.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';
import { FakeTarget, GOOD_KEY, RecordingObserver } from './support.js';
import { TestPlayer } from './test-player.js';

const GOP = 10;
const NOT_FOUND = ['NetStream.Play.StreamNotFound'];

class CountingObserver implements PlayObserver {
  readonly calls: string[] = [];
  bytes = 0;
  dropped = 0;
  playStarted(channel: string): void {
    this.calls.push(`started ${channel}`);
  }
  playEnded(channel: string): void {
    this.calls.push(`ended ${channel}`);
  }
  playRefused(reason: string): void {
    this.calls.push(`refused ${reason}`);
  }
  bytesOut(_: string, bytes: number): void {
    this.bytes += bytes;
  }
  mediaDropped(): void {
    this.dropped++;
  }
}

let feed: Feed;
let observer: CountingObserver;
const listeners: IngestListener[] = [];
const players: TestPlayer[] = [];

beforeEach(() => {
  feed = new Feed((error) => {
    throw error;
  });
  observer = new CountingObserver();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const player of players.splice(0)) player.close();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function listen(limits: Partial<IngestLimits> = {}, isOn = true): Promise<number> {
  const source = { channel: (name: string) => (name === 'live' ? { feed } : undefined) };
  const listener = new IngestListener({
    host: '127.0.0.1',
    port: 0,
    target: new FakeTarget(),
    play: isOn ? { source, observer } : undefined,
    observer: new RecordingObserver(),
    logger: pino({ level: 'silent' }),
    limits,
  });
  await listener.listen();
  listeners.push(listener);
  return listener.port;
}

async function play(port: number, name = 'live'): Promise<TestPlayer> {
  const player = await TestPlayer.play(port, name);
  players.push(player);
  return player;
}

const isPlaying = (player: TestPlayer): Promise<void> =>
  until(() => player.statuses.includes('NetStream.Play.Start'), 'the play to start');

const begin = (): void => feed.event(started(videoTrack(), audioTrack()));
const pictures = (from: number, to: number, size?: number): void => {
  for (let n = from; n < to; n++) {
    const unit = frame(n, GOP);
    const data = size === undefined ? unit.data : Buffer.concat([Buffer.alloc(size), unit.data]);
    feed.event({ type: 'unit', kind: 'video', unit: { ...unit, data } });
  }
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('playing a channel over RTMP', () => {
  it('gives metadata, configurations, the newest group of pictures, and then what comes', async () => {
    begin();
    pictures(0, 13);
    const player = await play(await listen());
    await until(() => player.pictures.length === 3, 'the group of pictures');
    pictures(13, 15);
    feed.event({ type: 'unit', kind: 'audio', unit: sound(20) });
    await until(() => player.sounds.length === 1, 'the sound');
    expect(player.metadata).toBe(1);
    expect(player.media.slice(0, 2).map(({ type, body }) => [type, body[1]])).toEqual([
      ['video', 0],
      ['audio', 0],
    ]);
    expect(player.pictures).toEqual([10, 11, 12, 13, 14]);
    expect(player.media.filter((m) => m.type === 'video').map((m) => m.timestamp)).toEqual([
      0, 0, 34, 67, 100, 134,
    ]);
    expect(observer.calls).toEqual(['started live']);
    expect(observer.bytes).toBeGreaterThan(0);
  });

  it('A10 answers a stream key, an unknown name and a channel that is not live all the same', async () => {
    const port = await listen();
    for (const name of ['live', 'nobody', GOOD_KEY]) {
      const player = await play(port, name);
      await player.gone();
      expect(player.statuses).toEqual(NOT_FOUND);
    }
    begin();
    const player = await play(port, GOOD_KEY);
    await player.gone();
    expect(player.statuses).toEqual(NOT_FOUND);
    expect(observer.calls).toEqual(Array.from({ length: 4 }, () => 'refused not-live'));
  });

  it('gives nothing where playing is turned off', async () => {
    begin();
    const player = await play(await listen({}, false));
    await player.gone();
    expect(player.statuses).toEqual(NOT_FOUND);
  });

  it('tells the player when the publisher is gone for good, and closes', async () => {
    begin();
    pictures(0, 3);
    const player = await play(await listen());
    await until(() => player.pictures.length === 3, 'the pictures');
    feed.end();
    await player.gone();
    expect(player.statuses.slice(-2)).toEqual(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop']);
    expect(observer.calls).toEqual(['started live', 'ended live']);
  });

  it('keeps the player while the publisher is away, and goes on with rising timestamps when it is back', async () => {
    begin();
    pictures(0, 3);
    const player = await play(await listen());
    await until(() => player.pictures.length === 3, 'the pictures');
    feed.away();
    begin();
    pictures(0, 3);
    await until(() => player.pictures.length === 6, 'the pictures after the break');
    const times = player.media.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(player.metadata).toBe(2);
  });

  it('A11 drops pictures up to a keyframe for a player that reads too slowly, and none for another', async () => {
    const port = await listen();
    begin();
    const slow = await play(port);
    const quick = await play(port);
    await Promise.all([isPlaying(slow), isPlaying(quick)]);
    slow.socket.pause();
    const size = 100_000;
    for (let n = 0; n < 300; n += GOP) {
      pictures(n, n + GOP, size);
      await until(() => quick.pictures.length === n + GOP, 'the quick player');
    }
    expect(observer.dropped).toBeGreaterThan(100);
    slow.socket.resume();
    let next = 300;
    await until(() => {
      pictures(next, next + GOP);
      next += GOP;
      return (slow.pictures.at(-1) ?? 0) > 300;
    }, 'the slow player to be there again');
    const got = slow.pictures;
    const gaps = got.slice(1).filter((n, i) => n !== (got[i] ?? 0) + 1);
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps.every((n) => n % GOP === 0)).toBe(true);
    await until(() => quick.pictures.at(-1) === next - 1, 'the quick player to have everything');
    expect(quick.pictures).toEqual(range(0, next));
  });

  it('gives a joiner all of a group of pictures that is longer than what may wait', async () => {
    begin();
    pictures(0, GOP, 1_000_000);
    const player = await play(await listen());
    await until(() => player.pictures.length === GOP, 'the whole group');
    expect(observer.dropped).toBe(0);
  });

  it('A11 gives up a player that takes nothing of what waits for it', async () => {
    const port = await listen();
    begin();
    const player = await play(port);
    await isPlaying(player);
    player.socket.pause();
    pictures(0, GOP, 1_600_000);
    const later = performance.now() + 2 * STALL_TIMEOUT + MAX_PLAYER_QUEUE;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    pictures(GOP, GOP + 1);
    expect(observer.calls).toEqual(['started live', 'ended live']);
    expect(feed.subscribers).toBe(0);
  });

  it('has the system ask whether a player is still there, since a paused one is sent nothing', async () => {
    const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    begin();
    await isPlaying(await play(await listen()));
    expect(setKeepAlive.mock.calls.map(([isOn]) => isOn)).toEqual([true]);
  });

  it('A7 lets no more players in than there is room for', async () => {
    begin();
    const port = await listen({ players: 1 });
    const first = await play(port);
    await isPlaying(first);
    const second = await play(port);
    await second.gone();
    expect(second.statuses).not.toContain('NetStream.Play.Start');
    first.close();
    await until(() => observer.calls.includes('ended live'), 'the first to be gone');
    await isPlaying(await play(port));
    expect(observer.calls).toEqual(['started live', 'refused cap', 'ended live', 'started live']);
  });

  it('sends no pictures while they are not wanted, and begins again with a keyframe', async () => {
    begin();
    pictures(0, 3);
    const player = await play(await listen());
    await until(() => player.pictures.length === 3, 'the pictures');
    player.command('receiveVideo', 0, null, [false], 1);
    player.command('getStreamLength', 7, null, ['live']);
    player.command('pause', 0, null, [true, 0], 1);
    await until(() => player.statuses.includes('NetStream.Pause.Notify'), 'the pause');
    pictures(3, 5);
    feed.event({ type: 'unit', kind: 'audio', unit: sound(1) });
    player.command('pause', 0, null, [false, 0], 1);
    player.command('receiveVideo', 0, null, [true], 1);
    player.command('pause', 0, null, [false, 0], 1);
    await until(
      () => player.statuses.filter((s) => s === 'NetStream.Unpause.Notify').length === 2,
      'the end of the pause',
    );
    pictures(5, 12);
    await until(() => player.pictures.includes(11), 'the pictures after the pause');
    expect(player.pictures).toEqual([0, 1, 2, 10, 11]);
    expect(player.sounds).toEqual([]);
  });

  it('may be stopped and begun again on one connection, and leaves nothing behind when the player goes', async () => {
    begin();
    pictures(0, 1);
    const player = await play(await listen());
    await until(() => player.pictures.length === 1, 'the picture');
    player.command('closeStream', 0, null, [], 1);
    await until(() => observer.calls.includes('ended live'), 'the play to end');
    expect(feed.subscribers).toBe(0);
    player.command('play', 0, null, ['live'], 1);
    await until(() => player.pictures.length === 2, 'the picture again');
    expect(feed.subscribers).toBe(1);
    player.socket.end();
    await until(() => feed.subscribers === 0, 'the player to be forgotten');
    expect(observer.calls).toEqual(['started live', 'ended live', 'started live', 'ended live']);
  });

  it('says so when it has nothing that the player takes', async () => {
    feed.event(started(videoTrack(30, { codec: 'hevc' }), undefined));
    pictures(0, 1);
    const player = await play(await listen());
    await player.gone();
    expect(player.statuses.at(-1)).toBe('NetStream.Play.Stop');
    expect(player.media).toEqual([]);
  });
});
