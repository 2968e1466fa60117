import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKWARD_JUMP_MS, FORWARD_JUMP_MS, isJump, TimestampUnwrapper } from '../../src/media/timestamp.js';

const wrap32 = (time: number) => ((time % 2 ** 32) + 2 ** 32) % 2 ** 32;
const wrap31 = (time: number) => ((time % 2 ** 31) + 2 ** 31) % 2 ** 31;

/** Unwrapped times, counted from the first. */
function unwrapAll(raw: readonly number[]): number[] {
  const unwrapper = new TimestampUnwrapper();
  const times = raw.map((timestamp) => unwrapper.unwrap(timestamp));
  return times.map((time) => time - (times[0] ?? 0));
}

const steps = fc.array(fc.integer({ min: -500, max: 2000 }), { minLength: 1, maxLength: 200 });

describe('TimestampUnwrapper', () => {
  it.each([
    ['2^32', wrap32, 2 ** 32],
    ['2^31, as FFmpeg wraps', wrap31, 2 ** 31],
    ['2^24, where an extended timestamp begins', wrap32, 2 ** 24],
    ['2^31 of 32 bits', wrap32, 2 ** 31],
  ])('T4, T5: follows steps either way across %s', (_name, wrap, border) => {
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 3000 }), steps, (offset, deltas) => {
        const times = deltas.reduce((all, delta) => [...all, (all.at(-1) ?? 0) + delta], [0]);
        expect(unwrapAll(times.map((time) => wrap(border + offset + time)))).toEqual(times);
      }),
    );
  });

  it('T4: goes on through many wraps', () => {
    const times = Array.from({ length: 100 }, (_, i) => i * 2 ** 28);
    expect(unwrapAll(times.map(wrap32))).toEqual(times);
  });

  it('T4: reads the first timestamp as it is', () => {
    expect(new TimestampUnwrapper().unwrap(4_294_966_500)).toBe(4_294_966_500);
  });

  it('T3: reads a restart from zero as a step back', () => {
    expect(unwrapAll([3_600_000, 0, 40])).toEqual([0, -3_600_000, -3_599_960]);
  });
});

describe('isJump', () => {
  it('T3: tells a new timeline from disorder and holes', () => {
    expect(isJump(10_000, 10_000)).toBe(false);
    expect(isJump(10_000, 10_000 - BACKWARD_JUMP_MS)).toBe(false);
    expect(isJump(10_000, 10_000 - BACKWARD_JUMP_MS - 1)).toBe(true);
    expect(isJump(10_000, 10_000 + FORWARD_JUMP_MS)).toBe(false);
    expect(isJump(10_000, 10_000 + FORWARD_JUMP_MS + 1)).toBe(true);
  });
});
