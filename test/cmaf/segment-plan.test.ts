import { describe, expect, it } from 'vitest';
import { SegmentPlan } from '../../src/cmaf/segment-plan.js';

const FRAME = 3000;

function planOf(keyframes: readonly number[], frames: number, segmentTarget = 2, targetDuration?: number) {
  const plan = new SegmentPlan({ firstMsn: 7, timescale: 90_000, segmentTarget, targetDuration });
  const forced: number[] = [];
  for (let n = 0; n < frames; n++) {
    if (plan.offer(n * FRAME, n * FRAME, FRAME, keyframes.includes(n)).forced) forced.push(n);
  }
  return { plan, forced };
}

const startsOf = (plan: SegmentPlan): number[] => {
  const starts: number[] = [];
  for (let msn = 7; ; msn++) {
    const start = plan.startOf(msn);
    if (start === undefined) return starts;
    starts.push(start / FRAME);
  }
};

describe('the segment plan', () => {
  it('begins a segment at each keyframe that is a segment target after the last', () => {
    expect(startsOf(planOf([0, 60, 120, 180], 200).plan)).toEqual([0, 60, 120, 180]);
  });

  it('passes over keyframes until the segment target is reached', () => {
    expect(startsOf(planOf([0, 15, 30, 45, 60, 75, 90, 105, 120], 130).plan)).toEqual([0, 60, 120]);
  });

  it('cuts early where one more group of pictures would overrun', () => {
    expect(startsOf(planOf([0, 45, 90, 135], 140).plan)).toEqual([0, 45, 90, 135]);
  });

  it('L10 needs no boundary without a keyframe where scene cuts come between keyframes each 2 s', () => {
    const { plan, forced } = planOf([0, 60, 75, 135, 195, 210, 270, 275, 335], 360, 2, 2);
    expect(forced).toEqual([]);
    expect(startsOf(plan)).toEqual([0, 60, 75, 135, 195, 210, 270, 275, 335]);
  });

  it('M1 ends segments within a hole that none may span, and begins a new one behind it', () => {
    const plan = new SegmentPlan({ firstMsn: 7, timescale: 90_000, segmentTarget: 2, targetDuration: 2 });
    for (const n of [...Array.from({ length: 40 }, (_, i) => i), 90, 91])
      plan.offer(n * FRAME, n * FRAME, FRAME, n % 30 === 0);
    expect(startsOf(plan)).toEqual([0, 60, 90]);
    expect(plan.spanOf(8)).toEqual({ start: 60 * FRAME, end: 90 * FRAME });
  });

  it('M1 M3 forces a boundary before a segment could round to more than TARGETDURATION', () => {
    const { plan, forced } = planOf([0], 200, 2, 2);
    expect(forced.length).toBe(2);
    const [first = 0, second = 0] = startsOf(plan);
    expect(Math.round((second - first) / 30)).toBeLessThanOrEqual(2);
  });

  it('forces nothing while TARGETDURATION is not known', () => {
    expect(planOf([0], 400).forced).toEqual([]);
  });

  it('expects a segment to be as long as the one before, and says the truth once it is known', () => {
    const { plan } = planOf([0, 60], 61);
    expect(plan.expectedEnd(7)).toBe(60 * FRAME);
    expect(plan.startOf(9)).toBeUndefined();
    expect(plan.expectedEnd(8)).toBe(120 * FRAME);
  });
});
