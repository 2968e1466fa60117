import { describe, expect, it } from 'vitest';
import type { Cue } from '../../src/media/cue.js';
import {
  DateRanges,
  MAX_DATE_RANGE_BYTES,
  MAX_DATE_RANGE_TAGS,
  MAX_OPEN_RANGES,
} from '../../src/origin/date-ranges.js';
import { cueOf } from '../support/cues.js';
import { BREAK_END, BREAK_START } from '../support/scte35.js';

const splice = (role: Cue['role'], over: Partial<Cue> = {}): Cue =>
  cueOf({ type: 'splice', role, event: '7', ...over });

function rangesOf(...cues: readonly (readonly [at: number, cue: Cue])[]): DateRanges {
  const ranges = new DateRanges();
  for (const [at, cue] of cues) expect(ranges.add('e', at, cue, at)).toBe(true);
  return ranges;
}

describe('the date ranges of a presentation', () => {
  it('P8 P10: give a break one id, whose first tag stays as it is when the second tells its end', () => {
    const out = splice('out', { duration: 30, scte35: BREAK_START });
    const before = rangesOf([1000, out]).tags;
    expect(before).toMatchObject([{ id: 'e-1', start: 1000, plannedDuration: 30, scte35Out: BREAK_START }]);
    const after = rangesOf([1000, out], [32_500, splice('in', { scte35: BREAK_END })]).tags;
    expect(after.slice(0, 1)).toEqual(before);
    expect(after[1]).toMatchObject({ id: 'e-1', start: 1000, duration: 31.5, scte35In: BREAK_END });
    expect(after[1]).not.toHaveProperty('plannedDuration');
  });

  it('P8: give every cue an id of its own, also those that say the same', () => {
    const { tags } = rangesOf([0, cueOf()], [0, cueOf()], [50_000, splice('out')], [99_000, splice('out')]);
    const first = tags.filter(({ duration }) => duration === undefined || duration === 0);
    expect(new Set(first.map(({ id }) => id)).size).toBe(4);
  });

  it('P10: take what is said again for what it is', () => {
    const out = splice('out', { duration: 30 });
    const { tags } = rangesOf(
      [1000, out],
      [1020, out],
      [20_000, out],
      [31_000, splice('in')],
      [31_400, splice('in')],
    );
    expect(tags).toHaveLength(2);
  });

  it('end a break that another of the same event follows, and the oldest of too many that nothing ends', () => {
    const again = rangesOf([0, splice('out')], [60_000, splice('out')]).tags;
    expect(again).toMatchObject([{ id: 'e-1' }, { id: 'e-1', duration: 60 }, { id: 'e-2' }]);

    const many = Array.from({ length: MAX_OPEN_RANGES + 3 }, (_, i): [number, Cue] => [
      i,
      splice('out', { event: `${i}` }),
    ]);
    const ended = rangesOf(...many).tags.filter(({ duration }) => duration !== undefined);
    expect(ended.map(({ id }) => id)).toEqual(['e-1', 'e-2', 'e-3']);
  });

  it('an end without an event ends the newest break; one without a break is an instant', () => {
    const { tags } = rangesOf([0, splice('out')], [5000, splice('in', { event: undefined })]);
    expect(tags[1]).toMatchObject({ id: 'e-1', duration: 5 });
    expect(rangesOf([5000, splice('in')]).tags).toMatchObject([{ id: 'e-1', start: 5000, duration: 0 }]);
  });

  it('P8: are removed when no instant of them is listed any more, and remembered for a while', () => {
    const ranges = rangesOf([1000, cueOf()], [2000, cueOf({ duration: 10 })], [3000, splice('out')]);
    const ids = (): string[] => ranges.tags.map(({ id }) => id);
    ranges.slide({ start: 1000, end: 20_000 }, 5000);
    expect(ids()).toEqual(['e-1', 'e-2', 'e-3']);
    ranges.slide({ start: 1001, end: 21_000 }, 5000);
    expect(ids()).toEqual(['e-2', 'e-3']);
    ranges.slide({ start: 12_001, end: 24_000 }, 5000);
    expect(ids()).toEqual(['e-3']);
    expect(ranges.removed).toEqual([
      { id: 'e-1', at: 21_000 },
      { id: 'e-2', at: 24_000 },
    ]);
    ranges.slide({ start: 20_000, end: 27_000 }, 5000);
    expect(ranges.removed.map(({ id }) => id)).toEqual(['e-2']);
    ranges.slide({ start: 900_000, end: 950_000 }, 5000);
    expect(ids()).toEqual(['e-3']); // nobody has said that it is over
  });

  it('are bounded in what they take of a playlist, and there is room again when some have gone', () => {
    const long = cueOf({ values: new Map([['text', 'x'.repeat(512)]]) });
    const ranges = new DateRanges();
    let listed = 0;
    while (ranges.add('e', listed, long, 0)) listed += 1;
    expect(listed).toBeGreaterThan(500);
    expect(listed * 512).toBeLessThan(MAX_DATE_RANGE_BYTES);
    ranges.slide({ start: 100, end: 10_000 }, 1000);
    expect(ranges.add('e', 10_000, long, 10_000)).toBe(true);
  });

  it('are bounded: what is too much is refused, the end of what is listed is not', () => {
    const ranges = rangesOf([0, splice('out')]);
    for (let i = 1; i < MAX_DATE_RANGE_TAGS; i++) expect(ranges.add('e', i, cueOf(), 0)).toBe(true);
    const { version } = ranges;
    expect(ranges.add('e', 5000, cueOf(), 0)).toBe(false);
    expect(ranges.version).toBe(version);
    expect(ranges.add('e', 5000, splice('in'), 0)).toBe(true);
    expect(ranges.tags.at(-1)).toMatchObject({ id: 'e-1', duration: 5 });
  });
});
