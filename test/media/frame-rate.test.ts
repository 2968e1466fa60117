import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  confirmFrameRate,
  decideFrameRate,
  DEFAULT_FRAME_RATE,
  frameRateFromNumber,
  STANDARD_FRAME_RATES,
} from '../../src/media/frame-rate.js';
import type { Rational } from '../../src/media/time.js';
import { frameTimeMs, roundings, type Rounding } from './rounded-times.js';

const NTSC: Rational = { num: 30000, den: 1001 };
const WHOLE: Rational = { num: 30, den: 1 };

const times = (rate: Rational, count: number, rounding: Rounding = 'round'): number[] =>
  Array.from({ length: count }, (_, i) => frameTimeMs(rate, i, rounding));

const fps = ({ num, den }: Rational) => num / den;

describe('decideFrameRate', () => {
  const streams = fc.record({
    rate: fc.constantFrom(...STANDARD_FRAME_RATES),
    rounding: roundings,
    start: fc.integer({ min: 0, max: 100 }),
    dropped: fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 3 }),
  });

  it('T1, D2: takes the hint that agrees with the times, with frames dropped and false hints in front', () => {
    fc.assert(
      fc.property(streams, ({ rate, rounding, start, dropped }) => {
        const dts = times(rate, 18, rounding).map((time) => start + time);
        const kept = dts.filter((_, i) => !dropped.includes(i));
        const falseHint = { num: Math.round(fps(rate) * 1300), den: 1000 };
        expect(decideFrameRate(kept, [falseHint, rate])).toEqual(rate);
      }),
    );
  });

  it('T1, D2: finds the standard rate without a hint, to within what a millisecond can tell', () => {
    fc.assert(
      fc.property(streams, ({ rate, rounding, start, dropped }) => {
        const dts = times(rate, 18, rounding).map((time) => start + time);
        const kept = dts.filter((_, i) => !dropped.includes(i));
        const decided = decideFrameRate(kept, []);
        expect(STANDARD_FRAME_RATES).toContainEqual(decided);
        expect(fps(decided) / fps(rate)).toBeGreaterThan(0.9985);
        expect(fps(decided) / fps(rate)).toBeLessThan(1.0015);
      }),
    );
  });

  it('takes whole rates for whole ones when no hint says otherwise', () => {
    for (const num of [24, 25, 30, 50, 60]) {
      for (const rounding of ['floor', 'round', 'ceil'] as const) {
        expect(decideFrameRate(times({ num, den: 1 }, 15, rounding), [])).toEqual({ num, den: 1 });
      }
    }
  });

  it('tells 29.97 from 30 by itself when given long enough', () => {
    expect(decideFrameRate(times(NTSC, 200), [])).toEqual(NTSC);
    expect(decideFrameRate(times(WHOLE, 200), [])).toEqual(WHOLE);
  });

  it('measures a steady rate that is not a standard one', () => {
    const odd = { num: 37, den: 1 };
    expect(fps(decideFrameRate(times(odd, 60), []))).toBeCloseTo(37, 0);
  });

  it('gives variable video a rate near its usual one', () => {
    const dts = [0, 17, 50, 80, 130, 147, 190, 210, 260, 300, 317, 350, 395, 410, 460, 500];
    expect(fps(decideFrameRate(dts, []))).toBeGreaterThan(20);
    expect(fps(decideFrameRate(dts, []))).toBeLessThan(40);
  });

  it('D2: takes the hint for video whose times jitter, where they come near to it', () => {
    const jitter = [0, 12, 3, 17, 8, 19, 1, 14, 6, 18, 2, 11, 20, 5, 9, 16];
    const dts = times(WHOLE, 16).map((time, i) => time + (jitter[i] ?? 0));
    expect(decideFrameRate(dts, [WHOLE])).toEqual(WHOLE);
    expect(decideFrameRate(dts, [{ num: 50, den: 1 }, WHOLE])).toEqual(WHOLE);
  });

  it('falls back on the hint, then on a default, when there is a single frame or no spacing', () => {
    expect(decideFrameRate([0], [NTSC])).toEqual(NTSC);
    expect(decideFrameRate([0], [])).toEqual(DEFAULT_FRAME_RATE);
    expect(decideFrameRate([5, 5, 5], [])).toEqual(DEFAULT_FRAME_RATE);
  });
});

describe('confirmFrameRate', () => {
  it('believes a hint that three frames fit', () => {
    expect(confirmFrameRate([7, 40, 74], [NTSC])).toEqual(NTSC);
    expect(confirmFrameRate([0, 33, 67], [{ num: 60, den: 1 }, WHOLE])).toEqual(WHOLE);
  });

  it('believes none when frames are missing or spaced otherwise', () => {
    expect(confirmFrameRate([0, 67, 133], [WHOLE])).toBeUndefined();
    expect(confirmFrameRate([0, 33, 100], [WHOLE])).toBeUndefined();
    expect(confirmFrameRate([0, 40, 80], [WHOLE, NTSC])).toBeUndefined();
  });
});

describe('frameRateFromNumber', () => {
  it.each([
    [29.97, NTSC],
    [29.97002997, NTSC],
    [23.98, { num: 24000, den: 1001 }],
    [23.976, { num: 24000, den: 1001 }],
    [59.94, { num: 60000, den: 1001 }],
    [30, WHOLE],
    [30.0003, WHOLE],
    [12.5, { num: 25, den: 2 }],
    [37.5, { num: 37500, den: 1000 }],
  ])('reads %d as a ratio', (value, expected) => {
    expect(frameRateFromNumber(value)).toEqual(expected);
  });

  it('D2: has nothing to say of numbers that are no frame rate', () => {
    for (const value of [0, -30, NaN, Infinity, 1000, 0.001])
      expect(frameRateFromNumber(value)).toBeUndefined();
  });
});
