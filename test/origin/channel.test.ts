import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { continuePlay, newStage, play, publish, read, type Stage } from '../support/stage.js';
import { frame, started, videoTrack } from '../support/synthetic-stream.js';

describe('a channel', () => {
  let stage: Stage;

  beforeEach(() => {
    vi.useFakeTimers();
    stage = newStage();
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

  it('M22 goes offline a window after it ended, and its media are there for another', () => {
    const { channel, made } = stage;
    const { session } = publish(channel);
    play(stage, session, 130);
    session?.end('goodbye');
    made[0]?.end();
    const { segments = [] } = channel.presentation?.snapshot().renditions[0] ?? {};
    const epoch = segments[0]?.epoch ?? '';
    vi.advanceTimersByTime(30_000);
    expect(channel.state).toBe('offline');
    expect(channel.presentation).toBeUndefined();
    vi.advanceTimersByTime(29_000);
    const rendition = channel.presentationOf(epoch)?.rendition('source');
    for (const { msn } of segments) expect(rendition?.segment(epoch, msn)).toBeDefined();
    vi.advanceTimersByTime(1000);
    expect(channel.presentationOf(epoch)).toBeUndefined();
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
