import { VIDEO_TIMESCALE, type Rational, type Ticks } from './time.js';
import type { Milliseconds } from './timestamp.js';

/** Where one frame goes on its track's timeline. */
export interface FramePlace {
  readonly dts: Ticks;
  readonly pts: Ticks;
  readonly duration: Ticks;
}

/** The mean error that is taken for rounding. A frame's own is below 1 ms, the anchor's too, so theirs stays below 1. */
export const DRIFT_DEAD_ZONE_MS = 1.5;

const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;
/** Weight of one frame in the mean error: slow enough to ignore jitter, quick enough to follow a clock. */
const DRIFT_WEIGHT = 1 / 32;
/** Frames further from their slot than this share of a frame are strays. */
const STRAY_DISTANCE = 1 / 4;
/** This many strays in the last 32 frames make the rate variable; none makes it constant again. */
const VARIABLE_STRAYS = 12;
/** A composition offset this near to whole frames is whole frames: both its ends were rounded to ms. */
const COMPOSITION_TOLERANCE_MS = 2;

/**
 * Rebuilds the smooth frame grid that millisecond timestamps have lost: 29.97 frames per second come out 3003 ticks
 * apart, not 33 or 34 ms. Each frame takes the grid slot nearest to its timestamp, so a dropped frame leaves a hole of
 * whole frames. A clock that slowly runs away is followed; video of variable rate keeps its own times.
 *
 * Times are relative to the first frame, whose dts and pts are both 0: the composition offset that encoders add to
 * make room for B-frames is taken off every frame. Decode times strictly increase.
 */
export class FrameGrid {
  readonly #rate: Rational;
  readonly #frameMs: Milliseconds;
  /** Time of slot 0; moves only to follow drift. */
  #anchor: Ticks = 0;
  #slot = -1;
  #lastDts: Ticks = -1;
  #firstComposition: Milliseconds | undefined;
  /** Running mean of timestamp minus slot, ms. */
  #drift = 0;
  /** One bit per frame, newest lowest: set for a stray. */
  #strays = 0;
  #variable = false;

  constructor(rate: Rational) {
    this.#rate = rate;
    this.#frameMs = (1000 * rate.den) / rate.num;
  }

  /** Places the next frame in decode order. `time` is its dts in ms after the first frame's, `composition` pts - dts in ms. */
  place(time: Milliseconds, composition: Milliseconds): FramePlace {
    this.#firstComposition ??= composition;
    const reorder = composition - this.#firstComposition;

    const slot = Math.round((time * TICKS_PER_MS - this.#anchor) / (this.#frameMs * TICKS_PER_MS));
    const error = time - this.#slotTime(slot) / TICKS_PER_MS;
    const free = slot > this.#slot;
    this.#judge(free, error);
    if (free) {
      this.#slot = slot;
      this.#follow(error);
    }

    if (free && !this.#variable) {
      const slotTime = this.#slotTime(slot);
      const dts = this.#claim(slotTime);
      return {
        dts,
        pts: this.#compose(dts, reorder, (frames) => this.#slotTime(slot + frames)),
        duration: this.#slotTime(slot + 1) - slotTime,
      };
    }
    const duration = Math.round(this.#frameMs * TICKS_PER_MS);
    const dts = this.#claim(time * TICKS_PER_MS);
    return { dts, pts: this.#compose(dts, reorder, (frames) => dts + frames * duration), duration };
  }

  /** Exact for any length of stream: whole cycles of `num` frames first, so that nothing exceeds 2^53. */
  #slotTime(slot: number): Ticks {
    const { num, den } = this.#rate;
    const cycles = Math.floor(slot / num);
    const within = Math.round(((slot - cycles * num) * VIDEO_TIMESCALE * den) / num);
    return this.#anchor + cycles * VIDEO_TIMESCALE * den + within;
  }

  #judge(free: boolean, error: Milliseconds): void {
    const stray = !free || Math.abs(error) > this.#frameMs * STRAY_DISTANCE;
    this.#strays = (this.#strays << 1) | (stray ? 1 : 0);
    if (this.#variable ? this.#strays === 0 : countBits(this.#strays) >= VARIABLE_STRAYS) {
      this.#variable = !this.#variable;
    }
  }

  #follow(error: Milliseconds): void {
    this.#drift += (error - this.#drift) * DRIFT_WEIGHT;
    if (Math.abs(this.#drift) > DRIFT_DEAD_ZONE_MS) {
      this.#anchor += Math.round(this.#drift * TICKS_PER_MS);
      this.#drift = 0;
    }
  }

  #claim(dts: Ticks): Ticks {
    this.#lastDts = Math.max(dts, this.#lastDts + 1);
    return this.#lastDts;
  }

  #compose(dts: Ticks, reorder: Milliseconds, onGrid: (frames: number) => Ticks): Ticks {
    const frames = Math.round(reorder / this.#frameMs);
    const near =
      Math.abs(reorder - frames * this.#frameMs) <= Math.min(COMPOSITION_TOLERANCE_MS, this.#frameMs / 4);
    if (!near) return dts + reorder * TICKS_PER_MS;
    return frames === 0 ? dts : onGrid(frames);
  }
}

/** The composition offset of the first keyframe in ticks: the most by which a later frame is shown before its decode time. */
export function compositionShift(first: Milliseconds, rate: Rational): Ticks {
  const frameMs = (1000 * rate.den) / rate.num;
  const frames = Math.round(first / frameMs);
  const near = Math.abs(first - frames * frameMs) <= COMPOSITION_TOLERANCE_MS;
  return Math.max(
    0,
    near ? Math.ceil((frames * VIDEO_TIMESCALE * rate.den) / rate.num) : first * TICKS_PER_MS,
  );
}

function countBits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
