import { describe, expect, test } from 'vitest';
import { compare } from '../../bench/frame/compare.js';
import { atMost, ratios } from '../../bench/frame/figures.js';
import { summarise } from '../../bench/frame/statistics.js';
import { resultsWith } from './results.js';

const verdict = (
  now: readonly number[],
  then: readonly number[],
  better: 'lower' | 'higher' = 'lower',
): string | undefined =>
  [...compare(resultsWith([{ samples: now, better }]), resultsWith([{ samples: then, better }])).values()][0]
    ?.verdict;

describe('a figure beside that of a baseline', () => {
  test('is better or worse by the way it ought to go', () => {
    expect(verdict([50, 51], [100, 101])).toBe('better');
    expect(verdict([100, 101], [50, 51])).toBe('worse');
    expect(verdict([100, 101], [50, 51], 'higher')).toBe('better');
  });

  test('is the same where both spread wider than they differ', () => {
    expect(verdict([80, 100, 120], [90, 110, 130])).toBe('same');
  });

  test('is told as a ratio with its noise', () => {
    const now = resultsWith([{ samples: [99, 110, 121] }]);
    const [comparison] = [...compare(now, resultsWith([{ samples: [100] }])).values()];
    expect(comparison).toMatchObject({ id: 'speed: Time: ours', noise: expect.closeTo(0.1) });
    expect(comparison?.ratio).toBeCloseTo(1.1);
  });

  test('is left out where the baseline has none of that name, or a median of 0', () => {
    const now = resultsWith([{ samples: [1] }]);
    expect(compare(now, resultsWith([{ subject: 'theirs' }])).size).toBe(0);
    expect(compare(now, resultsWith([{ samples: [0] }])).size).toBe(0);
  });
});

test('measurements taken in turns are compared in pairs', () => {
  expect(ratios([1, 4, 9], [2, 2])).toEqual([0.5, 2]);
});

test('a goal is judged by the median', () => {
  const goal = atMost(1, 'at most 1');
  expect(goal(summarise([0.9, 1, 1.4]))).toEqual({ text: 'at most 1', met: true });
  expect(goal(summarise([0.9, 1.1, 1.4])).met).toBe(false);
});
