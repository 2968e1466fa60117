import type { SegmentPlan } from '../cmaf/segment-plan.js';
import type { AccessUnit } from '../media/access-unit.js';
import { rescale } from '../media/time.js';
import type { Track } from '../media/track.js';

/**
 * Lets through what of an alternate track makes whole segments: those at whose beginning it has a unit, a picture with a
 * keyframe. Any other is left out, but for one that the source itself has no keyframe at: playlists promise that
 * segments can be decoded by themselves and follow each other without a gap.
 */
export class SegmentGate {
  readonly #plan: SegmentPlan;
  readonly #track: Track;
  #msn = Number.NEGATIVE_INFINITY;
  #open = false;

  constructor(plan: SegmentPlan, track: Track) {
    this.#plan = plan;
    this.#track = track;
  }

  /** True when the unit is part of a segment that comes out. The plan must know every boundary at or before it. */
  admits(unit: AccessUnit): boolean {
    const { timescale, kind } = this.#track;
    const pts = rescale(unit.pts, timescale, this.#plan.timescale);
    const duration = rescale(unit.duration, timescale, this.#plan.timescale);
    const msn = this.#plan.msnAt(pts + duration / 2);
    if (msn === undefined) return false;
    // Pictures may be decoded behind the keyframe that they are shown before.
    if (msn <= this.#msn) return this.#open;
    const follows = this.#open && msn === this.#msn + 1;
    this.#msn = msn;
    const late = pts - (this.#plan.startOf(msn) ?? pts);
    // Sound begins at the first frame behind the boundary or at the one nearest to it.
    const inStep = late <= (kind === 'audio' ? duration : duration / 2);
    this.#open = inStep && (unit.keyframe || (follows && !this.#plan.beginsWithKeyframe(msn)));
    return this.#open;
  }

  /** Units are missing: nothing more comes of the segment they belong to, or of any before `msn`. */
  close(msn = this.#msn + 1): void {
    this.#open = false;
    this.#msn = Math.max(this.#msn, msn - 1);
  }
}
