import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import { Channel, type ChannelOptions } from '../../src/origin/channel.js';
import type { PublishSession } from '../../src/origin/publishing.js';
import { fakeTranscoders, type FakeTranscoder } from '../support/fake-transcoder.js';
import { readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { WALL_CLOCK, audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

const RUNG = { name: '90p', width: 160, height: 90, videoBitrate: 100_000 };

interface Stage {
  readonly channel: Channel;
  readonly made: FakeTranscoder[];
}

function newChannel(over: Partial<ChannelOptions> = {}): Stage {
  const { create, made } = fakeTranscoders();
  const channel = new Channel({
    name: 'live',
    hls: { partTarget: 0.2, segmentTarget: 2, window: 30 },
    reconnectGrace: 10,
    ladder: () => [RUNG],
    createTranscoder: create,
    createPictureMaker: () => undefined,
    observer: {
      publishStarted: () => undefined,
      publishEnded: () => undefined,
      partAdded: () => undefined,
      forcedBoundary: () => undefined,
      transcoderFailed: () => undefined,
    },
    logger: pino({ level: 'silent' }),
    ...over,
  });
  return { channel, made };
}

const ATTEMPT = { app: 'live', streamKey: 'k', remoteAddress: '127.0.0.1', encoder: 'test' };

function publish(channel: Channel, silentForMs = 0) {
  const control = { close: vi.fn(), silentForMs: () => silentForMs };
  const grant = channel.publish(ATTEMPT, control);
  return { grant, control, session: grant.accepted ? grant.session : undefined };
}

/** Starts a timeline and pushes frames and sound; the transcoder gives its units back as they come. */
function play(
  stage: Stage,
  session: PublishSession | undefined,
  frames: number,
  wallClock = WALL_CLOCK,
): void {
  session?.event(started(videoTrack(), audioTrack(), wallClock));
  continuePlay(stage, session, 0, frames);
}

function continuePlay(stage: Stage, session: PublishSession | undefined, from: number, to: number): void {
  let audio = Math.ceil(((from / 30) * 48_000) / 1024);
  for (let n = from; n < to; n++) {
    session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
    while (audio * 1024 < ((n + 1) / 30) * 48_000)
      session?.event({ type: 'unit', kind: 'audio', unit: sound(audio++) });
    stage.made.at(-1)?.give();
  }
}

function read(channel: Channel, rendition: string): ReadPlaylist {
  const { presentation } = channel;
  if (presentation === undefined) throw new Error('nothing to play');
  return readPlaylist(renderMediaPlaylist(presentation.snapshot(), rendition) ?? '');
}

const RENDITIONS = ['source', 'audio', '90p'];

describe('a channel', () => {
  let stage: Stage;

  beforeEach(() => {
    vi.useFakeTimers();
    stage = newChannel();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is offline, starts, and is live at the second keyframe with every rendition', () => {
    const { channel } = stage;
    expect(channel.state).toBe('offline');
    const { session } = publish(channel);
    play(stage, session, 60);
    expect(channel.state).toBe('starting');
    expect(channel.presentation).toBeUndefined();
    continuePlay(stage, session, 60, 62);
    expect(channel.state).toBe('live');
    expect(channel.presentation?.snapshot().renditions.map((r) => r.name)).toEqual([
      'source',
      'audio',
      '90p',
    ]);
  });

  it('V18 opens without a rung that is late, and lists it when it has come', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    session?.event(started(videoTrack(), undefined));
    for (let n = 0; n < 90; n++) session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
    expect(channel.state).toBe('starting');
    vi.advanceTimersByTime(400);
    expect(channel.state).toBe('live');
    expect(channel.presentation?.snapshot().renditions.map((r) => r.name)).toEqual(['source']);
    made[0]?.give();
    expect(channel.presentation?.snapshot().renditions.map((r) => r.name)).toEqual(['source', '90p']);
  });

  it('refuses a second publisher while the first is alive, and lets it in when that has fallen silent', () => {
    const { channel } = stage;
    const first = publish(channel, 1999);
    play(stage, first.session, 70);
    expect(publish(channel).grant).toMatchObject({ accepted: false, code: 'PUBLISH_BUSY' });
    expect(first.control.close).not.toHaveBeenCalled();
    first.control.silentForMs = () => 2001;
    expect(publish(channel).grant).toMatchObject({ accepted: true, frameRateHint: { num: 30, den: 1 } });
    expect(first.control.close).toHaveBeenCalledOnce();
  });

  it('ends the presentation when the publisher says goodbye, with nothing lost of what the transcoder still held', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.event({ type: 'unit', kind: 'video', unit: frame(130) });
    session?.end('goodbye');
    expect(made[0]?.finished).toBe(true);
    expect(read(channel, '90p').ended).toBe(false);
    made[0]?.end();
    expect(channel.state).toBe('ended');
    for (const name of ['source', '90p']) {
      expect(read(channel, name).ended).toBe(true);
      const total = read(channel, name).segments.reduce((sum, s) => sum + (s.duration ?? 0), 0);
      expect(total).toBeCloseTo(131 / 30, 4);
    }
    expect(made[0]?.closed).toBe(true);
  });

  it('cuts off a transcoder that does not give its last frames back', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.end('goodbye');
    vi.advanceTimersByTime(1000);
    expect(made[0]?.closed).toBe(true);
    expect(channel.state).toBe('ended');
  });

  it('goes offline a window after it ended', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.end('goodbye');
    made[0]?.end();
    vi.advanceTimersByTime(30_000);
    expect(channel.state).toBe('offline');
    expect(channel.presentation).toBeUndefined();
  });

  describe('whose publisher vanishes', () => {
    const AWAY = 3000;

    function vanishAndReturn(frames = 130, more = 130): ReadPlaylist[] {
      const { channel, made } = stage;
      const first = publish(channel);
      play(stage, first.session, frames);
      first.session?.end('vanished');
      made[0]?.end();
      vi.advanceTimersByTime(AWAY);
      const before = RENDITIONS.map((name) => read(channel, name));
      const second = publish(channel);
      play(stage, second.session, more, WALL_CLOCK + (frames / 30) * 1000 + AWAY);
      return before;
    }

    it('is reconnecting, then live again in the same presentation', () => {
      const { channel, made } = stage;
      const first = publish(channel);
      play(stage, first.session, 130);
      const { presentation } = channel;
      first.session?.end('vanished');
      made[0]?.end();
      expect(channel.state).toBe('reconnecting');
      expect(read(channel, 'source').ended).toBe(false);
      vi.advanceTimersByTime(9999);
      expect(channel.state).toBe('reconnecting');
      play(stage, publish(channel).session, 30);
      expect(channel.state).toBe('live');
      expect(channel.presentation).toBe(presentation);
    });

    it('M2 M5 M19 M21 goes on in every rendition with one DISCONTINUITY at the same place and a new init', () => {
      const before = vanishAndReturn();
      for (const [i, name] of RENDITIONS.entries()) {
        const now = read(stage.channel, name);
        const then = before[i];
        expect(now.mediaSequence).toBeGreaterThanOrEqual(then?.mediaSequence ?? 0);
        expect([now.targetDuration, now.partTarget]).toEqual([then?.targetDuration, then?.partTarget]);
        expect(now.segments.filter((s) => s.discontinuity).map((s) => s.msn)).toEqual([4]);
        expect(now.segments.find((s) => s.msn === 3)?.map).toMatch(/-1\/init\.mp4$/);
        expect(now.segments.find((s) => s.msn === 4)?.map).toMatch(/-2\/init\.mp4$/);
      }
    });

    it('L16 L17 hints the first part of the returning publisher, with its init', () => {
      const before = vanishAndReturn();
      for (const [i, name] of RENDITIONS.entries()) {
        const first = read(stage.channel, name).segments.find((s) => s.msn === 4);
        expect(before[i]?.hint).toBe(first?.parts[0]?.uri);
        expect(before[i]?.mapHint).toBe(first?.map);
      }
    });

    it('P4 P5 dates what follows by the wall clock, never before what went out', () => {
      vanishAndReturn();
      const { segments } = read(stage.channel, 'source');
      const last = segments.find((s) => s.msn === 3);
      const next = segments.find((s) => s.msn === 4);
      const gap = (next?.dateTime ?? 0) - (last?.dateTime ?? 0) - (last?.duration ?? 0) * 1000;
      expect(gap).toBeGreaterThan(AWAY - 100);
      expect(gap).toBeLessThan(AWAY + 100);
    });

    it('M18 counts the DISCONTINUITY when its segment leaves the window', () => {
      vanishAndReturn(130, 30 * 40);
      for (const name of RENDITIONS) {
        const now = read(stage.channel, name);
        expect(now.segments.some((s) => s.discontinuity)).toBe(false);
        expect(now.discontinuitySequence).toBe(1);
      }
    });

    it('ends when the grace is over, and begins anew with higher numbers and other URLs', () => {
      const { channel, made } = stage;
      const first = publish(channel);
      play(stage, first.session, 130);
      first.session?.end('vanished');
      made[0]?.end();
      vi.advanceTimersByTime(10_000);
      expect(channel.state).toBe('ended');
      const last = read(channel, 'source');
      expect(last.ended).toBe(true);
      vi.advanceTimersByTime(1000);
      play(stage, publish(channel).session, 70);
      const now = read(channel, 'source');
      expect(now.mediaSequence).toBe((last.segments.at(-1)?.msn ?? 0) + 1);
      const old = new Set(last.segments.map((s) => s.map));
      expect(now.segments.some((s) => old.has(s.map))).toBe(false);
    });

    it('keeps the order when it is back before the last frames were drained', () => {
      const { channel, made } = stage;
      const first = publish(channel);
      play(stage, first.session, 130);
      first.session?.end('vanished');
      const second = publish(channel);
      second.session?.event(started(videoTrack(), audioTrack(), WALL_CLOCK + 5000));
      for (let n = 0; n < 30; n++) second.session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
      expect(made).toHaveLength(1);
      made[0]?.end();
      expect(made).toHaveLength(2);
      expect(made[1]?.pushed).toHaveLength(30);
      expect(read(channel, 'source').segments.map((s) => s.discontinuity)).toEqual([
        false,
        false,
        false,
        true,
      ]);
    });
  });

  it('M17 starts a new epoch where the timeline has a discontinuity', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.event({ type: 'discontinuity', reason: 'timestamps jumped' });
    session?.event(started(videoTrack(), audioTrack(), WALL_CLOCK + 5000));
    made[0]?.end();
    continuePlay(stage, session, 0, 30);
    for (const name of RENDITIONS) {
      expect(read(channel, name).segments.map((s) => s.discontinuity)).toEqual([false, false, false, true]);
    }
  });

  it('M20 lists a GAP where a rung missed a segment, so that its numbers stay those of the others', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 61);
    made[0]?.give();
    for (let n = 61; n < 190; n++) session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
    made[0]?.listener.onUnits(0, [frame(180), frame(181), frame(182), frame(183), frame(184), frame(185)]);
    const rung = read(channel, '90p');
    expect(rung.segments.map((s) => s.gap)).toEqual([false, false, true, false]);
    expect(rung.segments.at(-1)?.parts[0]?.uri).toContain('/4.0.m4s');
  });

  it('M20 rests the rungs when the transcoder fails: gaps for who plays them, offered to nobody, and the source goes on', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    made[0]?.listener.onError(new Error('broken'));
    made[0]?.listener.onEnd();
    continuePlay(stage, session, 130, 200);
    const active = channel.presentation?.snapshot().renditions.filter((r) => r.active);
    expect(active?.map((r) => r.name)).toEqual(['source', 'audio']);
    expect(read(channel, '90p').segments.map((s) => s.gap)).toEqual([false, false, false]);
    continuePlay(stage, session, 200, 310);
    expect(read(channel, '90p').segments.map((s) => s.gap)).toEqual([false, false, false, true, true]);
    expect(channel.state).toBe('live');
  });

  it('goes on with the source alone when no transcoder can be made', () => {
    stage = newChannel({
      createTranscoder: () => {
        throw new Error('no threads left');
      },
    });
    const { channel } = stage;
    play(stage, publish(channel).session, 130);
    expect(channel.state).toBe('live');
    expect(channel.presentation?.snapshot().renditions.map((r) => r.name)).toEqual(['source', 'audio']);
  });

  it('M1 V13 cuts sound into segments when the picture has stopped, and every rendition ends with the same one', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    const before = Math.ceil(((130 / 30) * 48_000) / 1024);
    for (let n = before; n < before + 60 * 47; n++)
      session?.event({ type: 'unit', kind: 'audio', unit: sound(n) });
    session?.end('vanished');
    made[0]?.end();
    const sounds = read(channel, 'audio').segments;
    for (const s of sounds) expect(Math.round(s.duration ?? 0)).toBeLessThanOrEqual(2);
    expect(sounds.length).toBeGreaterThan(14);
    for (const name of RENDITIONS) expect(read(channel, name).segments.at(-1)?.msn).toBe(sounds.at(-1)?.msn);
  });

  it('L16 L17 hints the next epoch, with its init, from the end of one to the first part of the other', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.event({ type: 'discontinuity', reason: 'timestamps jumped' });
    made[0]?.end();
    const hints = (): (string | undefined)[] => [
      read(channel, 'source').hint,
      read(channel, 'source').mapHint,
    ];
    const between = hints();
    expect(between[0]).toMatch(/-2\/4\.0\.m4s$/);
    session?.event(started(videoTrack(), audioTrack(), WALL_CLOCK + 5000));
    expect(hints()).toEqual(between);
    continuePlay(stage, session, 0, 6);
    const first = read(channel, 'source').segments.at(-1);
    expect([first?.parts[0]?.uri, first?.map]).toEqual(between);
    expect(read(channel, 'source').mapHint).toBeUndefined();
  });

  it('leaves nothing behind when the publisher vanishes before anybody could watch', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 30);
    session?.end('vanished');
    made[0]?.end();
    expect(channel.state).toBe('offline');
    play(stage, publish(channel).session, 70);
    expect(channel.state).toBe('live');
    expect(read(channel, 'source').segments.some((s) => s.discontinuity)).toBe(false);
  });

  it('M20 lets the sound rest while a returning publisher has none, and takes it up again', () => {
    const { channel, made } = stage;
    const first = publish(channel);
    play(stage, first.session, 130);
    first.session?.end('vanished');
    made[0]?.end();
    const second = publish(channel);
    second.session?.event(started(videoTrack(), undefined, WALL_CLOCK + 6000));
    for (let n = 0; n < 130; n++) second.session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
    const audio = channel.presentation?.snapshot().renditions.find((r) => r.name === 'audio');
    expect(audio?.active).toBe(false);
    expect(read(channel, 'audio').segments.map((s) => s.gap)).toEqual([false, false, false, true, true]);
    second.session?.end('vanished');
    made[1]?.end();
    play(stage, publish(channel).session, 70, WALL_CLOCK + 12_000);
    expect(read(channel, 'audio').segments.at(-1)?.gap).toBe(false);
    for (const name of RENDITIONS) {
      expect(
        read(channel, name)
          .segments.filter((s) => s.discontinuity)
          .map((s) => s.msn),
      ).toEqual([4, 7]);
    }
  });

  it('tells the publisher, puts the last parts out and ends when it is closed', async () => {
    const { channel, made } = stage;
    const { session, control } = publish(channel);
    play(stage, session, 130);
    const closed = channel.close();
    expect(control.close).toHaveBeenCalledOnce();
    made[0]?.end();
    await closed;
    expect(read(channel, 'source').ended).toBe(true);
  });

  it('opens and ends even a stream too short for a second keyframe', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 45);
    session?.end('goodbye');
    made[0]?.end();
    expect(read(channel, 'source').segments.map((s) => s.duration)).toEqual([1.5]);
    expect(read(channel, 'source').ended).toBe(true);
  });
});
