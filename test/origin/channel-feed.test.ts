import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newStage, play, publish } from '../support/stage.js';

describe("a channel's feed", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A channel and the lines that a subscriber of its feed gets, without the units. */
  function watched(reconnectGrace: number) {
    const stage = newStage({ reconnectGrace });
    const lines: string[] = [];
    let units = 0;
    stage.channel.feed.subscribe({
      start: () => lines.push('start'),
      unit: () => units++,
      away: () => lines.push('away'),
      end: () => lines.push('end'),
    });
    return { stage, lines, units: () => units };
  }

  it('has everything that the publisher sends, while it is sent', () => {
    const { stage, lines, units } = watched(10);
    const { session } = publish(stage.channel);
    play(stage, session, 30);
    expect(lines).toEqual(['start']);
    expect(units()).toBe(30 + 47);
  });

  it('ends at once when the publisher says goodbye, though the ladder still drains', () => {
    const { stage, lines } = watched(10);
    const { session } = publish(stage.channel);
    play(stage, session, 70);
    session?.end('goodbye');
    expect(stage.made.at(-1)?.closed).toBe(false);
    expect(lines).toEqual(['start', 'end']);
  });

  it('goes on when a publisher that vanished is back in time, and ends when it is not', () => {
    const { stage, lines } = watched(10);
    const first = publish(stage.channel);
    play(stage, first.session, 70);
    first.session?.end('vanished');
    stage.made.at(-1)?.end();
    vi.advanceTimersByTime(9000);
    const second = publish(stage.channel);
    play(stage, second.session, 70);
    second.session?.end('vanished');
    stage.made.at(-1)?.end();
    expect(lines).toEqual(['start', 'away', 'start', 'away']);
    vi.advanceTimersByTime(10_000);
    expect(lines).toEqual(['start', 'away', 'start', 'away', 'end']);
  });

  it('ends with a publisher that vanished before anybody could watch', () => {
    const { stage, lines } = watched(10);
    const { session } = publish(stage.channel);
    play(stage, session, 0);
    session?.end('vanished');
    stage.made.at(-1)?.end();
    expect(lines).toEqual(['start', 'away', 'end']);
  });

  it('ends when the channel is closed', () => {
    const { stage, lines } = watched(10);
    const { session } = publish(stage.channel);
    play(stage, session, 10);
    void stage.channel.close();
    expect(lines).toEqual(['start', 'end']);
  });
});
