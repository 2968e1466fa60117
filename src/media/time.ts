/** A time or duration in integer ticks of some track's timescale. Never fractional, never a wrapped value. */
export type Ticks = number;

/** Ticks per second of every video track. */
export const VIDEO_TIMESCALE = 90_000;

/** Samples in one AAC-LC access unit; an audio track's timescale is its sample rate, so a frame lasts this many ticks. */
export const AAC_FRAME_SAMPLES = 1024;

/** A ratio of two positive integers, such as 30000/1001 frames per second. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

export const toSeconds = (ticks: Ticks, timescale: number): number => ticks / timescale;

/** Converts between timescales, rounding to the nearest tick. */
export const rescale = (ticks: Ticks, from: number, to: number): Ticks => Math.round((ticks * to) / from);
