import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadPlaylist } from '../support/playlist.js';
import { RENDITIONS, newStage, play, publish, read, type Stage } from '../support/stage.js';
import { WALL_CLOCK, audioTrack, frame, started, videoTrack } from '../support/synthetic-stream.js';

describe('a channel whose publisher vanishes', () => {
  let stage: Stage;

  beforeEach(() => {
    vi.useFakeTimers();
    stage = newStage();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

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
    expect(read(channel, 'source').segments.map((s) => s.discontinuity)).toEqual([false, false, false, true]);
  });
});
