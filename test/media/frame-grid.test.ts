import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameGrid, type FramePlace } from '../../src/media/frame-grid.js';
import { STANDARD_FRAME_RATES } from '../../src/media/frame-rate.js';
import type { Rational } from '../../src/media/time.js';
import { exactTick, frameTimeMs, roundings } from './rounded-times.js';

const rate = (num: number, den = 1): Rational => ({ num, den });

/** Places frames at these times, the first of which becomes 0. */
function placeAll(grid: FrameGrid, times: readonly number[], composition = 0): FramePlace[] {
  const first = times[0] ?? 0;
  return times.map((time) => grid.place(time - first, composition));
}

const distances = (places: readonly FramePlace[]): number[] =>
  places.slice(1).map((place, i) => place.dts - (places[i]?.dts ?? 0));

const expectIncreasing = (places: readonly FramePlace[]): void => {
  for (const distance of distances(places)) expect(distance).toBeGreaterThan(0);
};

describe('FrameGrid', () => {
  it.each([
    [rate(30000, 1001), [3003, 3003, 3003, 3003]],
    [rate(60000, 1001), [1502, 1501, 1502, 1501]],
    [rate(24000, 1001), [3754, 3754, 3753, 3754]],
    [rate(25), [3600, 3600, 3600, 3600]],
    [rate(60), [1500, 1500, 1500, 1500]],
  ])('T1: rebuilds %o from milliseconds', (frameRate, expected) => {
    const times = Array.from({ length: 5 }, (_, i) => frameTimeMs(frameRate, i, 'round'));
    expect(distances(placeAll(new FrameGrid(frameRate), times))).toEqual(expected);
  });

  it('T1: is exact at every standard rate, however times are rounded and whichever frames are dropped', () => {
    const streams = fc.record({
      frameRate: fc.constantFrom(...STANDARD_FRAME_RATES),
      phase: fc.double({ min: 0, max: 0.999, noNaN: true }),
      kinds: fc.array(roundings, { minLength: 300, maxLength: 300 }),
      skips: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 5 })), {
        minLength: 300,
        maxLength: 300,
      }),
    });
    fc.assert(
      fc.property(streams, ({ frameRate, phase, kinds, skips }) => {
        let index = 0;
        const frames = kinds.map((rounding, i) => {
          const frame = { index, time: frameTimeMs(frameRate, index, rounding, phase) };
          index += 1 + (skips[i] ?? 0);
          return frame;
        });
        const places = placeAll(
          new FrameGrid(frameRate),
          frames.map((frame) => frame.time),
        );
        expect(places.map((place) => place.dts)).toEqual(
          frames.map((frame) => exactTick(frameRate, frame.index)),
        );
        expect(places.map((place) => place.dts + place.duration)).toEqual(
          frames.map((frame) => exactTick(frameRate, frame.index + 1)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('T1, T4: is exact after 50 days of 59.94 frames per second', () => {
    const frameRate = rate(60000, 1001);
    const far = Math.floor((50 * 86_400 * 60000) / 1001);
    const grid = new FrameGrid(frameRate);
    grid.place(0, 0);
    for (let i = far; i < far + 100; i++) {
      expect(grid.place(frameTimeMs(frameRate, i, 'round'), 0).dts).toBe(exactTick(frameRate, i));
    }
  });

  it('T1: stays exact over hours of frames', () => {
    const frameRate = rate(30000, 1001);
    const grid = new FrameGrid(frameRate);
    for (let i = 0; i < 4 * 3600 * 30; i++) {
      const { dts } = grid.place(frameTimeMs(frameRate, i, 'floor', 0.4), 0);
      if (dts !== i * 3003) expect.fail(`frame ${i} is at ${dts}`);
    }
  });

  it('T1, T2: puts composition offsets on the grid and takes the first one off', () => {
    const frameRate = rate(30000, 1001);
    const grid = new FrameGrid(frameRate);
    // I P B b b as x264 orders them: presentation order in frames, decoded in this order, two frames of delay.
    const order = [0, 4, 2, 1, 3, 8, 6, 5, 7];
    const places = order.map((presented, decoded) => {
      const dts = frameTimeMs(frameRate, decoded, 'round');
      const pts = frameTimeMs(frameRate, presented + 2, 'round');
      return grid.place(dts, pts - dts);
    });
    expect(places.map((place) => place.dts)).toEqual(order.map((_, decoded) => decoded * 3003));
    expect(places.map((place) => place.pts)).toEqual(order.map((presented) => presented * 3003));
  });

  it('T2: keeps composition offsets that are no whole frames', () => {
    const grid = new FrameGrid(rate(25));
    expect(grid.place(0, 80)).toMatchObject({ dts: 0, pts: 0 });
    expect(grid.place(40, 95)).toMatchObject({ dts: 3600, pts: 3600 + 15 * 90 });
    expect(grid.place(80, -20)).toMatchObject({ dts: 7200, pts: 7200 - 100 * 90 });
  });

  it('T1: follows a clock that runs slow or fast without ever straying from it', () => {
    for (const drift of [0.999, 1.001]) {
      const grid = new FrameGrid(rate(30));
      const times = Array.from({ length: 3000 }, (_, i) => Math.round((i * drift * 1000) / 30));
      const places = placeAll(grid, times);
      places.forEach((place, i) => expect(Math.abs(place.dts / 90 - (times[i] ?? 0))).toBeLessThan(5));
      expectIncreasing(places);
    }
  });

  it('T1: smooths the jitter of a real-time encoder', () => {
    const jitter = [0, 3, -4, 2, 5, -3, 1, -5, 4, -2];
    const times = Array.from({ length: 500 }, (_, i) => i * 40 + (jitter[i % jitter.length] ?? 0));
    expect(new Set(distances(placeAll(new FrameGrid(rate(25)), times)))).toEqual(new Set([3600]));
  });

  it('T1: lets video of variable rate keep its own times', () => {
    const steps = [17, 25, 40, 33, 21, 50, 29, 36, 19, 44];
    const times = Array.from({ length: 300 }, () => 0);
    for (let i = 1; i < times.length; i++) times[i] = (times[i - 1] ?? 0) + (steps[(i * 7) % 10] ?? 30);
    const places = placeAll(new FrameGrid(rate(30)), times);
    expect(places.slice(50).map((place) => place.dts)).toEqual(times.slice(50).map((time) => time * 90));
  });

  it('T1: returns to the grid when a variable rate becomes constant again', () => {
    const grid = new FrameGrid(rate(30));
    const times = [0];
    for (let i = 1; i < 100; i++) times.push((times.at(-1) ?? 0) + (i % 2 === 0 ? 20 : 46));
    for (let i = 1; i < 300; i++) times.push((times[99] ?? 0) + Math.round((i * 1000) / 30));
    const places = placeAll(grid, times);
    expect(new Set(distances(places.slice(250)))).toEqual(new Set([3000]));
  });

  it('T3: gives repeated and backward times strictly increasing decode times', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STANDARD_FRAME_RATES),
        fc.array(fc.integer({ min: -300, max: 2000 }), { maxLength: 200 }),
        (frameRate, steps) => {
          const times = steps.reduce((all, step) => [...all, (all.at(-1) ?? 0) + step], [0]);
          const places = placeAll(new FrameGrid(frameRate), times);
          expectIncreasing(places);
          for (const place of places) {
            expect(Number.isInteger(place.dts) && Number.isInteger(place.pts)).toBe(true);
            expect(place.duration).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it('T3: is back on the grid after a frame that was sent twice', () => {
    const places = placeAll(new FrameGrid(rate(25)), [0, 40, 40, 80, 120]);
    expect(places.map((place) => place.dts)).toEqual([0, 3600, 3601, 7200, 10800]);
  });
});
