import type { Rational } from './time.js';
import type { Milliseconds } from './timestamp.js';

/** Rates that video is made at, in rising order. */
export const STANDARD_FRAME_RATES: readonly Rational[] = [
  { num: 5, den: 1 },
  { num: 8, den: 1 },
  { num: 10, den: 1 },
  { num: 12, den: 1 },
  { num: 25, den: 2 },
  { num: 15000, den: 1001 },
  { num: 15, den: 1 },
  { num: 20, den: 1 },
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48000, den: 1001 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
  { num: 72, den: 1 },
  { num: 90, den: 1 },
  { num: 100, den: 1 },
  { num: 120000, den: 1001 },
  { num: 120, den: 1 },
];

/** Assumed when a single frame and no hint are all there is. */
export const DEFAULT_FRAME_RATE: Rational = { num: 30, den: 1 };

/** Hints outside this range are not believed: a time base of 1/1000 often poses as a frame rate. */
export const FRAME_RATE_RANGE = { min: 1, max: 300 };

/** Video of more frames a second is refused. */
export const MAX_FRAME_RATE = 120;

/** How much the distance of two timestamps can be off when each was rounded to a millisecond somehow. */
const ROUNDING_MS = 2;
/** Written-out rates such as 23.98 or 29.97 are meant for the standard one within this. */
const WRITTEN_RATE_TOLERANCE = 0.0004;
/** Video of no steady rate is given a hint, or the standard rate, within this, for the sake of what playlists state. */
const VARIABLE_RATE_TOLERANCE = 0.05;
/** The share of frame distances that must fit a rate for it to be called steady. */
const STEADY_SHARE = 0.8;
/** A hole of more frames than this says nothing of the distance between them. */
const LONGEST_HOLE_FRAMES = 4;

const fps = (rate: Rational): number => rate.num / rate.den;
const spacingOf = (rate: Rational): Milliseconds => (1000 * rate.den) / rate.num;

/** A frame rate given as a number, such as onMetaData's, as a ratio; undefined when it cannot be one. */
export function frameRateFromNumber(value: number): Rational | undefined {
  if (!(value >= FRAME_RATE_RANGE.min && value <= FRAME_RATE_RANGE.max)) return undefined;
  const standard = nearestStandard(value, WRITTEN_RATE_TOLERANCE);
  return standard ?? { num: Math.round(value * 1000), den: 1000 };
}

/**
 * The first hint that every one of these decode times fits, frame after frame with no hole; undefined when none does.
 * Cheap certainty for the common case, from three frames on.
 */
export function confirmFrameRate(
  dts: readonly Milliseconds[],
  hints: readonly Rational[],
): Rational | undefined {
  const first = dts[0] ?? 0;
  return hints.find((hint) =>
    dts.every((time, index) => Math.abs(time - first - index * spacingOf(hint)) <= ROUNDING_MS),
  );
}

/**
 * Decides the nominal frame rate from decode times in ms: a hint that agrees with their spacing, else the standard rate
 * within measurement error, else what was measured. Takes dropped frames and millisecond rounding into account.
 */
export function decideFrameRate(dts: readonly Milliseconds[], hints: readonly Rational[]): Rational {
  const measured = measureSpacing(dts);
  if (measured === undefined) return hints[0] ?? DEFAULT_FRAME_RATE;

  const { spacing, error, steady } = measured;
  const agrees = (rate: Rational): boolean => Math.abs(spacingOf(rate) - spacing) <= error;
  const measuredRate = 1000 / spacing;
  if (!steady) {
    const near = hints.find((rate) => Math.abs(fps(rate) / measuredRate - 1) <= VARIABLE_RATE_TOLERANCE);
    if (near !== undefined) return near;
    return nearestStandard(measuredRate, VARIABLE_RATE_TOLERANCE) ?? measuredRational(measuredRate);
  }
  const hint = hints.find(agrees);
  if (hint !== undefined) return hint;

  const candidates = STANDARD_FRAME_RATES.filter(agrees).sort(
    (a, b) => Math.abs(spacingOf(a) - spacing) - Math.abs(spacingOf(b) - spacing),
  );
  // 30 and 29.97 cannot be told apart in half a second; cameras and screens that send no hint run at whole rates.
  return preferWhole(candidates) ?? measuredRational(measuredRate);
}

interface Spacing {
  readonly spacing: Milliseconds;
  /** How far off `spacing` may be. */
  readonly error: Milliseconds;
  /** False for variable frame rates. */
  readonly steady: boolean;
}

/** The distance between neighbouring frames: the median, refined over all distances counted in multiples of it. */
function measureSpacing(dts: readonly Milliseconds[]): Spacing | undefined {
  const distances = dts
    .slice(1)
    .map((time, i) => time - (dts[i] ?? time))
    .filter((distance) => distance > 0);
  if (distances.length === 0) return undefined;
  const median = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 1;
  const steps = (distance: Milliseconds): number => Math.max(1, Math.round(distance / median));
  const usable = distances.filter((distance) => steps(distance) <= LONGEST_HOLE_FRAMES);
  const total = usable.reduce((sum, distance) => sum + distance, 0);
  const count = usable.reduce((sum, distance) => sum + steps(distance), 0);
  const spacing = total / count;

  const misfits = usable
    .map((distance) => Math.abs(distance - steps(distance) * spacing))
    .sort((a, b) => a - b);
  const fitting = misfits.filter((misfit) => misfit <= ROUNDING_MS).length;
  return {
    spacing,
    error: Math.max(ROUNDING_MS, misfits.at(-1) ?? 0) / count,
    steady: fitting >= STEADY_SHARE * misfits.length,
  };
}

function nearestStandard(value: number, tolerance: number): Rational | undefined {
  const within = STANDARD_FRAME_RATES.filter((rate) => Math.abs(fps(rate) / value - 1) <= tolerance);
  return within.sort((a, b) => Math.abs(fps(a) - value) - Math.abs(fps(b) - value))[0];
}

/** The first candidate, or the whole rate whose 1000/1001 it is when that is a candidate too. */
function preferWhole(candidates: readonly Rational[]): Rational | undefined {
  const [best] = candidates;
  if (best?.den !== 1001) return best;
  return candidates.find((rate) => rate.den === 1 && rate.num * 1000 === best.num) ?? best;
}

const measuredRational = (value: number): Rational => ({
  num: Math.max(1, Math.round(value * 1000)),
  den: 1000,
});

/** Frames per second over all these decode times, however unevenly they lie; 0 when they span no time. */
export function meanFrameRate(dts: readonly Milliseconds[]): number {
  const span = (dts.at(-1) ?? 0) - (dts[0] ?? 0);
  return span > 0 ? ((dts.length - 1) * 1000) / span : 0;
}
