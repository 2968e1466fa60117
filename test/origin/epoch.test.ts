import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RENDITIONS, continuePlay, newStage, play, publish, read, type Stage } from '../support/stage.js';
import { WALL_CLOCK, audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

describe('the epochs of a channel', () => {
  let stage: Stage;

  beforeEach(() => {
    vi.useFakeTimers();
    stage = newStage();
  });

  afterEach(() => {
    vi.useRealTimers();
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
    stage = newStage({
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
});
