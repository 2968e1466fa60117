import type { AccessUnit } from '../media/access-unit.js';
import { rescale, type Ticks } from '../media/time.js';
import type { Track } from '../media/track.js';
import { eventMessage, type CueEvent } from './event-message.js';
import { fragment, segmentType } from './fragment.js';
import type { SegmentPlan } from './segment-plan.js';

/** One CMAF chunk: a whole moof + mdat, behind the events that fall into it. The parts of a segment, joined, are the segment byte for byte. */
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
  /** Where its first sample is a keyframe of video: from the `moof` to the end of that sample, in bytes of `data`. */
  readonly iFrame: { readonly offset: number; readonly length: number } | undefined;
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

/** Events that wait for the part they fall into; what comes beyond them is left out of the media. */
export const MAX_WAITING_EVENTS = 64;

/** Ticks by which a part of whole frames may pass the part target, because each frame's time is rounded. */
const ROUNDING = 2;

/** A unit with the decode time it gets in the file: its own, or earlier where a hole before it has to be covered. */
interface PlacedUnit {
  readonly unit: AccessUnit;
  readonly start: Ticks;
}

/**
 * Cuts the access units of one rendition into parts at the part target and into segments at the plan's boundaries.
 *
 * Parts go out without waiting for the unit after them, so where the source then leaves units out, the next one is
 * shown from the end of the last: time has no holes within a segment. Segments always begin at their true time.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #shift: Ticks;
  #pending: PlacedUnit[] = [];
  #events: CueEvent[] = [];
  #partStart: Ticks = 0;
  #msn: number;
  #partIndex = 0;
  #sequence = 0;
  #segmentStart: Ticks | undefined;
  /** Where the newest sample ends, as far as is known. */
  #end: Ticks = 0;
  #unitDuration: Ticks = 0;
  /** By how much the samples of the open part come before their units: the clock of the source was followed. */
  #early: Ticks = 0;

  constructor(options: SegmenterOptions) {
    this.#options = options;
    this.#shift = options.track.kind === 'video' ? options.track.compositionShift : 0;
    this.#msn = options.firstMsn;
  }

  /** Where the next part will be, as far as can be told: what a preload hint names. */
  get next(): { readonly msn: number; readonly part: number } {
    const { plan, track } = this.#options;
    const here = { msn: this.#msn, part: this.#partIndex };
    const expected = plan.expectedEnd(this.#msn);
    if (expected === undefined || this.#pending.length > 0 || this.#partIndex === 0) return here;
    const end = rescale(expected, plan.timescale, track.timescale) - this.#earliness;
    return this.#end >= end - this.#unitDuration / 2 ? { msn: this.#msn + 1, part: 0 } : here;
  }

  /** Takes the next unit in decode order. The plan must know every boundary at or before it. */
  push(unit: AccessUnit): SegmenterOutput[] {
    const out: SegmenterOutput[] = [];
    const slack = unit.duration / 2;
    const { partTicks } = this.#options;
    this.#crossBoundaries(unit.pts, slack, unit.dts, out);
    const end = unit.dts + unit.duration - this.#early;
    // Units were left out before this one: what is pending is a part of its own.
    if (this.#pending.length > 0 && end - this.#partStart > partTicks + slack) this.#flush(unit.dts, out);

    this.#place(unit, slack);
    if (end - this.#partStart > partTicks - slack) this.#flush(undefined, out);
    // The end of this segment may be known already (the source runs ahead): then nothing waits for the next unit. What is
    // shown last need not be decoded last, so the decode time counts.
    this.#crossBoundaries(end, slack, undefined, out);
    return out;
  }

  /** Puts an event before the part that it falls into, or before the next one where that has gone out. */
  announce(event: CueEvent): void {
    if (this.#events.length < MAX_WAITING_EVENTS) this.#events.push(event);
  }

  /** Nothing comes before segment `msn`, which the plan has begun: what is open is closed, what lies between is empty. */
  skipTo(msn: number): SegmenterOutput[] {
    const out: SegmenterOutput[] = [];
    while (this.#msn < msn) this.#closeSegment(undefined, this.#nextBoundary, out);
    return out;
  }

  /** Closes the open part and the open segment, however short. */
  finish(): SegmenterOutput[] {
    const out: SegmenterOutput[] = [];
    if (this.#pending.length > 0 || this.#partIndex > 0)
      this.#closeSegment(undefined, this.#nextBoundary, out);
    return out;
  }

  /** By how much the open segment begins before its boundary: with pictures that are shown before its keyframe. */
  get #earliness(): Ticks {
    const { plan, track } = this.#options;
    const boundary = plan.startOf(this.#msn);
    if (track.kind === 'audio' || boundary === undefined || this.#segmentStart === undefined) return 0;
    return Math.max(0, rescale(boundary, plan.timescale, track.timescale) - this.#segmentStart);
  }

  /** Where the open segment ends, in the track's timescale; undefined while that is not decided. */
  get #nextBoundary(): Ticks | undefined {
    const { plan, track } = this.#options;
    const boundary = plan.startOf(this.#msn + 1);
    return boundary === undefined ? undefined : rescale(boundary, plan.timescale, track.timescale);
  }

  #place(unit: AccessUnit, slack: Ticks): void {
    const coversHole = this.#pending.length === 0 && this.#segmentStart !== undefined;
    const start = coversHole ? Math.min(this.#end, unit.dts) : unit.dts - this.#early;
    if (this.#pending.length === 0) {
      this.#partStart = start;
      this.#early = unit.dts - start <= slack ? unit.dts - start : 0;
    }
    this.#segmentStart ??= start;
    this.#pending.push({ unit, start });
    const end = unit.dts + unit.duration - this.#early;
    const latest = this.#partStart + this.#options.partTicks;
    // Where a clock that runs away is followed, a frame comes a little late: its part ends at the target all the same.
    this.#end = this.#pending.length > 1 && end > latest + ROUNDING ? latest : end;
    this.#unitDuration = unit.duration;
  }

  #crossBoundaries(pts: Ticks, tolerance: Ticks, nextDts: Ticks | undefined, out: SegmenterOutput[]): void {
    for (;;) {
      const boundary = this.#nextBoundary;
      if (boundary === undefined || pts < boundary - tolerance) return;
      this.#closeSegment(nextDts, boundary, out);
    }
  }

  /** @param nextDts decode time of the unit that follows, where known: the last sample lasts until then */
  #closeSegment(nextDts: Ticks | undefined, boundary: Ticks | undefined, out: SegmenterOutput[]): void {
    if (this.#pending.length > 0) this.#flush(nextDts, out);
    const start = this.#segmentStart;
    out.push({ type: 'segment-end', msn: this.#msn, start, end: this.#segmentEnd(boundary, nextDts) });
    this.#msn += 1;
    this.#partIndex = 0;
    this.#segmentStart = undefined;
  }

  /** Segments follow each other without a gap in time: to the boundary, or to the end of a frame that is near to it. */
  #segmentEnd(boundary: Ticks | undefined, nextDts: Ticks | undefined): Ticks {
    if (boundary === undefined) return this.#end;
    // A keyframe that is shown behind pictures decoded after it (an open group) brings them into its segment.
    if (this.#options.track.kind === 'video' && nextDts !== undefined && nextDts < boundary)
      return Math.max(this.#end, nextDts);
    const distance = boundary - this.#end;
    // Pictures are there as well, unless their clock had to be followed.
    const near = this.#options.track.kind === 'audio' || distance >= 0;
    return near && distance <= this.#unitDuration / 2 ? this.#end : boundary;
  }

  /** @param nextDts decode time of the unit that follows, where known: the last sample lasts until then, within the part */
  #flush(nextDts: Ticks | undefined, out: SegmenterOutput[]): void {
    const { track, baseTime, partTicks } = this.#options;
    const units = this.#pending;
    const last = units.at(-1);
    if (last === undefined) return;
    if (nextDts !== undefined)
      this.#end = Math.max(this.#end, Math.min(nextDts, this.#partStart + partTicks));
    const samples = units.map(({ unit, start }, i) => ({
      duration: (units[i + 1]?.start ?? this.#end) - start,
      // What covers a hole is shown early with it; of reordered pictures only the decode time is moved.
      compositionOffset: this.#shift + (unit.pts === unit.dts ? 0 : unit.pts - start),
      keyframe: unit.keyframe,
      data: unit.data,
    }));
    const body = fragment({
      sequence: ++this.#sequence,
      track,
      baseDecodeTime: this.#partStart + baseTime,
      samples,
    });
    const data = this.#preceded(body);
    const startsWithKeyframe = track.kind === 'video' && units[0]?.unit.keyframe === true;
    out.push({
      type: 'part',
      msn: this.#msn,
      index: this.#partIndex,
      start: this.#partStart,
      duration: Math.min(this.#end - this.#partStart, partTicks),
      independent: units.some(({ unit }) => unit.keyframe),
      iFrame: startsWithKeyframe
        ? { offset: data.length - body.length, length: lengthToSecond(body, units) }
        : undefined,
      data,
      arrival: last.unit.arrival,
    });
    this.#partIndex += 1;
    this.#pending = [];
    this.#early = 0;
  }

  /** What opens the segment, then the events of the part, then its fragment. */
  #preceded(body: Buffer): Buffer {
    const opening = this.#partIndex === 0 ? [segmentType()] : [];
    const events = this.#events.length === 0 ? [] : this.#takeEvents();
    return opening.length + events.length === 0 ? body : Buffer.concat([...opening, ...events, body]);
  }

  /** Those that begin before the newest sample ends. */
  #takeEvents(): Buffer[] {
    const { track, baseTime } = this.#options;
    const { timescale } = track;
    const waiting: CueEvent[] = [];
    const boxes: Buffer[] = [];
    for (const event of this.#events) {
      const time = rescale(event.time, 1000, timescale);
      if (time >= this.#end) {
        waiting.push(event);
        continue;
      }
      const message = eventMessage(event, { timescale, time: time + baseTime });
      if (message !== undefined) boxes.push(message);
    }
    this.#events = waiting;
    return boxes;
  }
}

/** Bytes of a fragment up to the end of its first sample. */
function lengthToSecond(body: Buffer, units: readonly PlacedUnit[]): number {
  return units.slice(1).reduce((length, { unit }) => length - unit.data.length, body.length);
}
