import { FrameGrid, type FramePlace } from './frame-grid.js';
import type { StampedUnit } from './raw-unit.js';
import { VIDEO_TIMESCALE, type Rational, type Ticks } from './time.js';
import type { Milliseconds } from './timestamp.js';

const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;

/** A start this near to whole frames after media time 0 is whole frames: both ends were rounded to ms. */
const START_TOLERANCE_MS = 2;

type Stamp = Pick<StampedUnit, 'time' | 'compositionTime'>;

/**
 * Whether a video track of this rate may begin with a picture: not shown before media time `zero`, but for what
 * encoders and rounding may be apart.
 */
export const mayBegin = ({ time, compositionTime }: Stamp, rate: Rational, zero: Milliseconds): boolean =>
  time + compositionTime - zero > (-500 * rate.den) / rate.num;

/**
 * Places the pictures of one track on the epoch's timeline: from its first keyframe at or after media time 0, on a
 * frame grid of its own that begins where that keyframe is shown. Pictures that refer to what came before the start
 * are dropped.
 */
export class VideoClock {
  readonly #rate: Rational;
  readonly #grid: FrameGrid;
  #firstDecode: Milliseconds | undefined;
  /** Where the first keyframe is shown. */
  #start: Ticks = 0;
  /** Within the group of pictures that decoding began with. */
  #inFirstGroup = false;

  constructor(rate: Rational) {
    this.#rate = rate;
    this.#grid = new FrameGrid(rate);
  }

  /** Where the next picture in decode order goes; undefined when it must be dropped. */
  place(unit: StampedUnit, zero: Milliseconds): FramePlace | undefined {
    if (this.#firstDecode === undefined) {
      if (!unit.keyframe || !mayBegin(unit, this.#rate, zero)) return undefined;
      this.#firstDecode = unit.time;
      this.#start = this.#ticks(unit.time + unit.compositionTime - zero);
      this.#inFirstGroup = true;
    } else if (unit.keyframe) {
      this.#inFirstGroup = unit.resumes;
    } else if (unit.skippedAtStart && this.#inFirstGroup) {
      return undefined;
    }
    const place = this.#grid.place(unit.time - this.#firstDecode, unit.compositionTime);
    if (this.#start === 0) return place;
    return { ...place, dts: place.dts + this.#start, pts: place.pts + this.#start };
  }

  /** On the grid that pictures of this rate would have from media time 0 on, where it is near to it. */
  #ticks(time: Milliseconds): Ticks {
    const { num, den } = this.#rate;
    const frameMs = (1000 * den) / num;
    const frames = Math.max(0, Math.round(time / frameMs));
    const near = Math.abs(time - frames * frameMs) <= Math.min(START_TOLERANCE_MS, frameMs / 4);
    return near ? Math.round((frames * VIDEO_TIMESCALE * den) / num) : Math.max(0, time * TICKS_PER_MS);
  }
}
