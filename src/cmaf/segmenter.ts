import type { AccessUnit } from '../media/access-unit.js';
import { rescale, type Ticks } from '../media/time.js';
import type { Track } from '../media/track.js';
import { fragment, segmentType } from './fragment.js';
import type { SegmentPlan } from './segment-plan.js';

/** One CMAF chunk: a whole moof + mdat. The parts of a segment, joined, are the segment byte for byte. */
export interface SegmenterPart {
  readonly type: 'part';
  readonly msn: number;
  /** 0-based within its segment. */
  readonly index: number;
  /** Time of the first sample on the epoch's timeline, in the track's timescale. */
  readonly start: Ticks;
  readonly duration: Ticks;
  /** Holds a sync sample. */
  readonly independent: boolean;
  readonly data: Buffer;
  /** When the newest of its samples arrived from the publisher, in ms since the Unix epoch. */
  readonly arrival: number;
}

/** Segment `msn` is complete; nothing more of it follows. It had no part at all when `start` is undefined. */
export interface SegmenterSegmentEnd {
  readonly type: 'segment-end';
  readonly msn: number;
  readonly start: Ticks | undefined;
  /** Where its last sample ends, or the boundary where it had none. */
  readonly end: Ticks;
}

export type SegmenterOutput = SegmenterPart | SegmenterSegmentEnd;

export interface SegmenterOptions {
  readonly track: Track;
  readonly plan: SegmentPlan;
  readonly firstMsn: number;
  /** Longest part, in the track's timescale: a whole number of units. */
  readonly partTicks: Ticks;
  /** Added to every decode time written: where the epoch stands on the presentation's timeline, in the track's timescale. */
  readonly baseTime: Ticks;
}

/** Cuts the access units of one rendition into parts at the part target and into segments at the plan's boundaries. */
export class Segmenter {
  readonly #options: SegmenterOptions;
  #pending: AccessUnit[] = [];
  #partStart: Ticks = 0;
  #msn: number;
  #partIndex = 0;
  #sequence = 0;
  #segmentStart: Ticks | undefined;
  #end: Ticks = 0;
  #unitDuration: Ticks = 0;

  constructor(options: SegmenterOptions) {
    this.#options = options;
    this.#msn = options.firstMsn;
  }

  /** Where the next part will be, as far as can be told: what a preload hint names. */
  get next(): { readonly msn: number; readonly part: number } {
    const { plan, track } = this.#options;
    const expected = plan.expectedEnd(this.#msn);
    if (expected === undefined || this.#pending.length > 0 || this.#partIndex === 0)
      return { msn: this.#msn, part: this.#partIndex };
    const closesHere =
      this.#end >= rescale(expected, plan.timescale, track.timescale) - this.#unitDuration / 2;
    return closesHere ? { msn: this.#msn + 1, part: 0 } : { msn: this.#msn, part: this.#partIndex };
  }

  /** Takes the next unit in decode order. The plan must know every boundary at or before it. */
  push(unit: AccessUnit): SegmenterOutput[] {
    const out: SegmenterOutput[] = [];
    this.#crossBoundaries(unit.pts, unit.duration / 2, unit.dts, out);
    const { partTicks } = this.#options;
    const end = unit.dts + unit.duration;
    // A hole came before this unit: what is pending is a part of its own.
    if (this.#pending.length > 0 && end - this.#partStart > partTicks + unit.duration / 2)
      this.#flush(unit.dts, out);

    if (this.#pending.length === 0) this.#partStart = unit.dts;
    this.#segmentStart ??= unit.dts;
    this.#pending.push(unit);
    this.#end = end;
    this.#unitDuration = unit.duration;
    if (end - this.#partStart > partTicks - unit.duration / 2) this.#flush(undefined, out);
    // The end of this segment may be known already (the source runs ahead): then nothing needs to wait for the next unit.
    this.#crossBoundaries(unit.pts + unit.duration, unit.duration / 2, undefined, out);
    return out;
  }

  /** Closes the open part and the open segment, however short. */
  finish(): SegmenterOutput[] {
    const out: SegmenterOutput[] = [];
    if (this.#pending.length > 0 || this.#partIndex > 0) this.#closeSegment(undefined, this.#end, out);
    return out;
  }

  #crossBoundaries(pts: Ticks, tolerance: Ticks, nextDts: Ticks | undefined, out: SegmenterOutput[]): void {
    const { plan, track } = this.#options;
    for (;;) {
      const boundary = plan.startOf(this.#msn + 1);
      if (boundary === undefined) return;
      const at = rescale(boundary, plan.timescale, track.timescale);
      if (pts < at - tolerance) return;
      this.#closeSegment(nextDts, at, out);
    }
  }

  #closeSegment(nextDts: Ticks | undefined, boundary: Ticks, out: SegmenterOutput[]): void {
    if (this.#pending.length > 0) this.#flush(nextDts, out);
    const start = this.#segmentStart;
    out.push({ type: 'segment-end', msn: this.#msn, start, end: start === undefined ? boundary : this.#end });
    this.#msn += 1;
    this.#partIndex = 0;
    this.#segmentStart = undefined;
  }

  /** @param nextDts decode time of the unit that follows, where known: the last sample's true end */
  #flush(nextDts: Ticks | undefined, out: SegmenterOutput[]): void {
    const { track, baseTime, partTicks } = this.#options;
    const units = this.#pending;
    const first = units[0];
    const last = units.at(-1);
    if (first === undefined || last === undefined) return;
    const lastDuration = nextDts === undefined ? last.duration : this.#trueDuration(last, nextDts);
    const shift = track.kind === 'video' ? track.compositionShift : 0;
    const samples = units.map((unit, i) => ({
      duration: (units[i + 1]?.dts ?? unit.dts + lastDuration) - unit.dts,
      compositionOffset: unit.pts - unit.dts + shift,
      keyframe: unit.keyframe,
      data: unit.data,
    }));
    const body = fragment({
      sequence: ++this.#sequence,
      track,
      baseDecodeTime: first.dts + baseTime,
      samples,
    });
    this.#end = last.dts + lastDuration;
    out.push({
      type: 'part',
      msn: this.#msn,
      index: this.#partIndex,
      start: first.dts,
      duration: Math.min(this.#end - first.dts, partTicks),
      independent: units.some((unit) => unit.keyframe),
      data: this.#partIndex === 0 ? Buffer.concat([segmentType(), body]) : body,
      arrival: last.arrival,
    });
    this.#partIndex += 1;
    this.#pending = [];
  }

  /** A hole longer than a part is left as a hole: a picture that stands for seconds would hide it from players. */
  #trueDuration(last: AccessUnit, nextDts: Ticks): Ticks {
    const distance = nextDts - last.dts;
    return distance > 0 && distance <= this.#options.partTicks ? distance : last.duration;
  }
}
