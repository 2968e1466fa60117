import type { Ticks } from '../media/time.js';

/** Boundaries kept for renditions that lag behind the source; none is ever this many segments late. */
const MAX_BOUNDARIES = 64;

export interface SegmentPlanOptions {
  readonly firstMsn: number;
  /** Ticks per second of every time given to and taken from the plan. */
  readonly timescale: number;
  /** Seconds that a segment should last. */
  readonly segmentTarget: number;
  /** Whole seconds, where an earlier epoch has fixed it already. */
  readonly targetDuration: number | undefined;
}

export interface PlanStep {
  /** The offered unit is the first of a new segment. */
  readonly boundary: boolean;
  /** The boundary had to be set on a unit that is not a keyframe, or TARGETDURATION would have been passed. */
  readonly forced: boolean;
}

const NO_BOUNDARY: PlanStep = { boundary: false, forced: false };

/** EXTINF rounded to the nearest integer may not pass TARGETDURATION (RFC 8216bis 4.4.3.1); stay clear of the half. */
const ROUNDING_MARGIN = 0.4;

/**
 * Where the segments of one epoch begin. The source's units are offered in decode order and decide; every other
 * rendition reads the same boundaries, so that all of them cut at the same presentation instants.
 */
export class SegmentPlan {
  readonly timescale: number;
  readonly #target: Ticks;
  readonly #boundaries: { msn: number; start: Ticks; keyframe: boolean }[] = [];
  readonly #firstMsn: number;
  #msn: number;
  #limit: Ticks | undefined;
  #segmentStart: Ticks | undefined;
  #lastKeyframe: Ticks | undefined;
  #keyframeInterval: Ticks | undefined;
  #longestInterval: Ticks = 0;
  #lastDuration: Ticks | undefined;
  #horizon: Ticks = Number.NEGATIVE_INFINITY;
  /** Where the newest unit ends. */
  #unitsEnd: Ticks = Number.NEGATIVE_INFINITY;
  #extendedTo: Ticks = Number.NEGATIVE_INFINITY;

  constructor(options: SegmentPlanOptions) {
    this.timescale = options.timescale;
    this.#target = Math.round(options.segmentTarget * options.timescale);
    this.#firstMsn = options.firstMsn;
    this.#msn = options.firstMsn;
    this.#limit =
      options.targetDuration === undefined ? undefined : options.targetDuration * options.timescale;
  }

  /** MSN of the open segment: that of the last offered unit. */
  get msn(): number {
    return this.#msn;
  }

  /** Distance between the last two keyframes; undefined until two were seen. */
  get keyframeInterval(): Ticks | undefined {
    return this.#keyframeInterval;
  }

  /** Decode time of the last offered unit: every boundary before it is known. */
  get horizon(): Ticks {
    return this.#horizon;
  }

  /** Where the newest unit ends, or what the plan was extended to. */
  get end(): Ticks {
    return Math.max(this.#unitsEnd, this.#extendedTo);
  }

  /** How long the open segment is so far. */
  get openDuration(): Ticks {
    return this.#segmentStart === undefined ? 0 : this.end - this.#segmentStart;
  }

  /** Fixes TARGETDURATION (whole seconds); segments longer than it are cut from now on. */
  fixTargetDuration(seconds: number): void {
    this.#limit = seconds * this.timescale;
  }

  /**
   * @param dts decode time of the unit
   * @param pts presentation time of the unit
   * @param duration nominal duration of the unit
   */
  offer(dts: Ticks, pts: Ticks, duration: Ticks, keyframe: boolean): PlanStep {
    const end = dts + duration;
    this.#horizon = dts;
    if (keyframe) this.#seeKeyframe(pts);
    if (this.#segmentStart === undefined) {
      this.#begin(this.#firstMsn, pts, keyframe);
      this.#unitsEnd = end;
      return { boundary: true, forced: false };
    }
    const hole = dts > this.#unitsEnd + duration / 2;
    // After a hole that no segment may span, whatever comes begins a new one.
    const extended = hole && this.extend(pts);
    this.#unitsEnd = end;
    if (extended) {
      this.#next(pts, keyframe);
      return { boundary: true, forced: !keyframe };
    }
    const soFar = pts - this.#segmentStart;
    if (!keyframe) {
      const tooLong =
        soFar > 0 && this.#limit !== undefined && end - this.#segmentStart > this.#longestAllowed;
      if (tooLong) this.#next(pts, false);
      return tooLong ? { boundary: true, forced: true } : NO_BOUNDARY;
    }
    const reached = soFar >= this.#target - duration / 2;
    // The longest distance seen, not the last one: a keyframe at a scene cut says nothing of the next.
    const wouldOverrun =
      soFar + this.#longestInterval > Math.max(this.#limit ?? 0, this.#target) + duration / 2;
    if (!reached && !wouldOverrun) return NO_BOUNDARY;
    this.#next(pts, true);
    return { boundary: true, forced: false };
  }

  /**
   * Ends the open segment, and empty ones after it, where none may last until `until`.
   * @returns whether it did
   */
  extend(until: Ticks): boolean {
    let extended = false;
    while (this.#segmentStart !== undefined && until - this.#segmentStart > this.#longestAllowed) {
      this.#next(Math.max(this.#segmentStart + (this.#limit ?? 0), this.#unitsEnd), false);
      extended = true;
    }
    this.#extendedTo = Math.max(this.#extendedTo, until);
    return extended;
  }

  /** Presentation time at which segment `msn` begins; undefined while that is not decided. */
  startOf(msn: number): Ticks | undefined {
    const first = this.#boundaries[0];
    return first === undefined ? undefined : this.#boundaries[msn - first.msn]?.start;
  }

  /** The segment that an instant is in; undefined before the first boundary that is kept. */
  msnAt(pts: Ticks): number | undefined {
    return this.#boundaries.findLast(({ start }) => start <= pts)?.msn;
  }

  /** Whether the source has a keyframe where segment `msn` begins; false while that is not decided. */
  beginsWithKeyframe(msn: number): boolean {
    const first = this.#boundaries[0];
    return first !== undefined && this.#boundaries[msn - first.msn]?.keyframe === true;
  }

  /** Where segment `msn` ends: known, or expected to be as long as the one before; undefined without a guess. */
  expectedEnd(msn: number): Ticks | undefined {
    const known = this.startOf(msn + 1);
    if (known !== undefined) return known;
    const start = this.startOf(msn);
    const length = this.#lastDuration ?? this.#keyframeInterval;
    return start === undefined || length === undefined ? undefined : start + length;
  }

  /** Where segment `msn` begins and ends, as far as is known; undefined for one that is not begun or long gone. */
  spanOf(msn: number): { readonly start: Ticks; readonly end: Ticks } | undefined {
    const start = this.startOf(msn);
    return start === undefined
      ? undefined
      : { start, end: this.startOf(msn + 1) ?? Math.max(start, this.end) };
  }

  get #longestAllowed(): Ticks {
    return (this.#limit ?? Number.POSITIVE_INFINITY) + ROUNDING_MARGIN * this.timescale;
  }

  #seeKeyframe(pts: Ticks): void {
    const interval = pts - (this.#lastKeyframe ?? pts);
    this.#lastKeyframe = pts;
    if (interval <= 0) return;
    this.#keyframeInterval = interval;
    this.#longestInterval = Math.max(this.#longestInterval, interval);
  }

  #next(start: Ticks, keyframe: boolean): void {
    this.#lastDuration = start - (this.#segmentStart ?? start);
    this.#begin(this.#msn + 1, start, keyframe);
  }

  #begin(msn: number, start: Ticks, keyframe: boolean): void {
    this.#msn = msn;
    this.#segmentStart = start;
    this.#boundaries.push({ msn, start, keyframe });
    if (this.#boundaries.length > MAX_BOUNDARIES) this.#boundaries.shift();
  }
}
