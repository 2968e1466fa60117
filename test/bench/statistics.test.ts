import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FEW, noiseOf, quantile, summarise } from '../../bench/frame/statistics.js';

describe('a summary', () => {
  test('of many samples has their middle half as its spread', () => {
    const samples = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect(summarise(samples)).toEqual({ count: 101, median: 50, low: 25, high: 75, min: 0, max: 100 });
  });

  test('of few samples has all of them as its spread', () => {
    expect(summarise([3, 1, 2])).toEqual({ count: 3, median: 2, low: 1, high: 3, min: 1, max: 3 });
  });

  test('of none is an error', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });

  test('lies in order, whatever the samples', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (samples) => {
        const { min, low, median, high, max } = summarise(samples);
        expect([min, low, median, high, max]).toEqual(
          [min, low, median, high, max].toSorted((a, b) => a - b),
        );
        expect([min, max]).toEqual([Math.min(...samples), Math.max(...samples)].map((value) => value + 0));
      }),
    );
  });
});

test('a quantile between two samples lies between them by its distance', () => {
  expect(quantile([10, 20], 0.25)).toBe(12.5);
});

test('the noise of a figure is half its spread as a share of the median', () => {
  expect(noiseOf(summarise([90, 100, 110]))).toBeCloseTo(0.1);
  expect(noiseOf(summarise([0, 0]))).toBe(0);
  expect(FEW).toBeGreaterThan(3);
});
