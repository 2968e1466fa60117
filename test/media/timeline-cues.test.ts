import { describe, expect, it } from 'vitest';
import { MAX_HELD_CUES } from '../../src/media/cue-holder.js';
import type { Cue } from '../../src/media/cue.js';
import type { Timeline } from '../../src/media/timeline.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import { ARRIVAL, feed, RECORD, stream, timelineWith } from './synthetic-publisher.js';

const text = (offset = 0): Cue => ({
  type: 'text',
  role: 'point',
  event: undefined,
  offset,
  duration: undefined,
  values: new Map([['text', 'hello']]),
  scte35: undefined,
});

const say = (
  timeline: Timeline,
  timestamp: number,
  offset = 0,
  arrival = ARRIVAL + timestamp,
): TimelineEvent[] => timeline.cue({ timestamp, cue: text(offset), arrival });

const times = (events: readonly TimelineEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'cue' ? [event.time] : []));

/** From 5 s of the publisher's clock. */
const begun = (from = 5000): Timeline => {
  const timeline = timelineWith();
  feed(timeline, stream({ from, ms: 3000 }));
  return timeline;
};

describe('cues on the timeline', () => {
  it('are placed by the time of their message, and by how far ahead they speak', () => {
    const timeline = begun();
    expect(times(say(timeline, 6200))).toEqual([1200]);
    expect(times(say(timeline, 6200, 4000))).toEqual([5200]);
  });

  it('never lie before the first picture', () => {
    expect(times(say(begun(), 4000))).toEqual([0]);
  });

  it('that come before the tracks are known follow the start, before the first unit', () => {
    const timeline = timelineWith({ record: RECORD });
    expect(say(timeline, 5040)).toEqual([]);
    const events = feed(timeline, stream({ from: 5000, ms: 3000 }));
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual(['start', 'cue', 'unit']);
    expect(times(events)).toEqual([40]);
  });

  it('whose timestamp has nothing to do with the media are meant for now', () => {
    expect(times(say(begun(3_600_000), 0, 0))).toEqual([2986]); // the newest unit, of sound
  });

  it('T4: keep their place over the wrap of the timestamps', () => {
    const from = 2 ** 32 - 1000;
    expect(times(say(begun(from), 500))).toEqual([1500]);
  });

  it('move no time of the media: units that follow are where they would have been', () => {
    const [with_, without] = [begun(), begun()];
    say(with_, 4_000_000_000);
    const next = stream({ from: 8000, ms: 400 });
    const after = feed(with_, next).map((event) => (event.type === 'unit' ? event.unit.dts : event.type));
    expect(after).toEqual(
      feed(without, next).map((event) => (event.type === 'unit' ? event.unit.dts : event.type)),
    );
  });

  it('beyond two a second are refused, after a burst; and so are too many before the start', () => {
    const timeline = begun();
    const taken = (count: number, every: number, from: number): number => {
      let all = 0;
      for (let i = 0; i < count; i++) {
        try {
          all += times(say(timeline, 6000, 0, from + i * every)).length;
        } catch (error) {
          expect(error).toMatchObject({ code: 'RTMP_LIMIT' });
        }
      }
      return all;
    };
    expect(taken(100, 10, ARRIVAL)).toBeLessThanOrEqual(22);
    expect(taken(20, 500, ARRIVAL + 60_000)).toBe(20);

    const waiting = timelineWith();
    for (let i = 0; i < MAX_HELD_CUES; i++) say(waiting, 0, 0, ARRIVAL + i * 1000);
    expect(() => say(waiting, 0, 0, ARRIVAL + 900_000)).toThrow(/cue points/);
  });
});
