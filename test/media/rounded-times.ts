import fc from 'fast-check';
import type { Rational } from '../../src/media/time.js';

/** How an encoder makes milliseconds of a frame's time. */
export type Rounding = 'floor' | 'round' | 'ceil';

export const roundings = fc.constantFrom<Rounding[]>('floor', 'round', 'ceil');

/** The time of frame `index` in ms, rounded; `phase` is the fraction of a ms at which frame 0 lies. */
export function frameTimeMs(rate: Rational, index: number, rounding: Rounding, phase = 0): number {
  const exact = (index * 1000 * rate.den) / rate.num + phase;
  // A whole number of ms must not be pushed over by the last bit of a double.
  return Math[rounding](Math.round(exact * 1e6) / 1e6);
}

/** The tick of frame `index` on the 90 kHz timeline, in integers all the way. */
export const exactTick = ({ num, den }: Rational, index: number): number =>
  Number((BigInt(index) * 90_000n * BigInt(den) * 2n + BigInt(num)) / (2n * BigInt(num)));
