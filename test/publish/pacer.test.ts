import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/publish/pacer.js';

const rates = fc.constantFrom(
  { num: 30, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 25, den: 1 },
  { num: 48_000, den: 1024 },
);

describe('the pacer', () => {
  it('hands out the first tick at once and each further one when its time has come', () => {
    const pacer = new Pacer(1000, { rate: { num: 25, den: 1 }, maxBehind: 3 });
    expect(pacer.due(1000)).toEqual({ first: 0, count: 1, skipped: 0 });
    expect(pacer.wait(1000)).toBe(40);
    expect(pacer.due(1039.9)).toEqual({ first: 1, count: 0, skipped: 0 });
    expect(pacer.due(1040)).toEqual({ first: 1, count: 1, skipped: 0 });
    expect(pacer.due(1130)).toEqual({ first: 2, count: 2, skipped: 0 });
    expect(pacer.wait(1200)).toBe(0);
  });

  it('makes up for a few ticks and skips what lies further back', () => {
    const pacer = new Pacer(0, { rate: { num: 25, den: 1 }, maxBehind: 3 });
    expect(pacer.due(400)).toEqual({ first: 8, count: 3, skipped: 8 });
    expect(pacer.due(400)).toEqual({ first: 11, count: 0, skipped: 0 });
  });

  it('never drifts: whatever the delays, each tick is out or skipped once, and never early', () => {
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 200 }),
        (rate, delays) => {
          const pacer = new Pacer(0, { rate, maxBehind: 4 });
          const period = (1000 * rate.den) / rate.num;
          let now = 0;
          let next = 0;
          for (const delay of delays) {
            now += delay;
            const { first, count, skipped } = pacer.due(now);
            expect(first).toBe(next + skipped);
            expect(count).toBeLessThanOrEqual(4);
            next = first + count;
            expect((next - 1) * period).toBeLessThanOrEqual(now + 1e-6);
            expect(next * period).toBeGreaterThan(now - 1e-6);
            expect(pacer.wait(now)).toBeCloseTo(Math.max(0, next * period - now), 6);
          }
        },
      ),
    );
  });
});
