import { describe, expect, it } from 'vitest';
import { perSecond, TokenBucket } from '../../src/media/token-bucket.js';

describe('a token bucket', () => {
  it('gives a few at once and then one in each interval', () => {
    const bucket = new TokenBucket(3, 1000);
    const given = Array.from({ length: 10_000 }, (_, now) => bucket.take(now)).filter(Boolean);
    expect(given).toHaveLength(3 + 9);
  });

  it('gives several at a time, or none of them', () => {
    const bucket = perSecond(10);
    expect([0, 0, 0].map((now) => bucket.take(now, 6))).toEqual([true, false, false]);
    expect(bucket.take(0, 4)).toBe(true);
    expect([100, 200].map((now) => bucket.take(now, 2))).toEqual([false, true]);
  });

  it('saves up no more than the burst', () => {
    const bucket = new TokenBucket(2, 10);
    bucket.take(0);
    expect([1e6, 1e6, 1e6].map((now) => bucket.take(now))).toEqual([true, true, false]);
  });

  it('gives nothing for a clock that goes back', () => {
    const bucket = new TokenBucket(1, 10);
    expect([100, 0, 50, 0, 5].map((now) => bucket.take(now))).toEqual([true, false, true, false, false]);
  });
});
