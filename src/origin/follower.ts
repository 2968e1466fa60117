import type { SegmentPlan } from '../cmaf/segment-plan.js';
import type { AccessUnit } from '../media/access-unit.js';
import { rescale, type Ticks } from '../media/time.js';
import type { RenditionFeed } from './rendition-feed.js';
import { SegmentGate } from './segment-gate.js';

/** A unit this many seconds behind the newest that is held no longer waits for the picture: it has stopped. */
const MAX_LEAD = 10;

/** And no more units, or bytes, than this are ever held back. */
const MAX_HELD_UNITS = 1024;
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** A track that is so many segments behind the source has fallen silent; */
const MAX_SEGMENTS_BEHIND = 2;

/** sound that goes with every picture only if that is so many seconds: encoders send it late, and none of it may be lost. */
const MAX_SOUND_DELAY = 3;

/**
 * A track whose segments begin where the source's picture says: sound, or an alternate of picture or sound. Its units
 * wait until the picture before them has been seen. Where nothing comes of it, it rests: it goes on with gaps, in step
 * with the source, so that nobody waits for it.
 */
export class Follower {
  readonly feed: RenditionFeed;
  readonly #plan: SegmentPlan;
  /** Of an alternate. */
  readonly #gate: SegmentGate | undefined;
  readonly #held: AccessUnit[] = [];
  #heldBytes = 0;
  #resting = false;
  /** Segments before this one are closed: what would belong to them has come too late. */
  #firstOpen = Number.NEGATIVE_INFINITY;

  /** @param isAlternate it never makes boundaries of its own, and its segments are whole or gaps */
  constructor(feed: RenditionFeed, plan: SegmentPlan, isAlternate: boolean) {
    this.feed = feed;
    this.#plan = plan;
    this.#gate = isAlternate ? new SegmentGate(plan, feed.track) : undefined;
  }

  push(unit: AccessUnit): void {
    this.#held.push(unit);
    this.#heldBytes += unit.data.length;
    this.release();
  }

  /** Lets go of what the picture has passed. */
  release(): void {
    for (;;) {
      const unit = this.#held[0];
      if (unit === undefined) return;
      const needed = this.#neededHorizon(unit);
      if (needed <= this.#plan.horizon) {
        this.#segment(unit);
      } else if (!this.#isTooMuch) {
        return;
      } else if (this.#gate === undefined) {
        // The picture is not there to say where segments end.
        this.#plan.extend(needed);
        this.#segment(unit);
      } else {
        this.#shift(unit);
        this.#gate.close();
      }
    }
  }

  /** The source has begun a segment. */
  keepUp(): void {
    const { msn } = this.#plan;
    if (!this.#isSilent(msn)) return;
    this.#firstOpen = msn;
    this.#gate?.close(msn);
    this.feed.skipTo(msn);
    if (this.#resting) return;
    this.#resting = true;
    this.feed.rendition.rest();
  }

  /** Nothing more comes: lets go of what is held, of an alternate as far as the source has come, and closes what is open. */
  finish(): void {
    for (let unit = this.#held[0]; unit !== undefined; unit = this.#held[0]) {
      const needed = this.#neededHorizon(unit);
      if (this.#gate === undefined) this.#plan.extend(needed);
      if (this.#gate === undefined || needed < this.#plan.end) this.#segment(unit);
      else this.#shift(unit);
    }
    this.feed.finish();
  }

  #isSilent(msn: number): boolean {
    const behind = msn - this.feed.msn;
    if (this.#resting) return behind >= 1;
    if (behind < MAX_SEGMENTS_BEHIND) return false;
    const { horizon, timescale } = this.#plan;
    const delay = (horizon - (this.#plan.startOf(this.feed.msn + 1) ?? horizon)) / timescale;
    return this.#gate !== undefined || delay >= MAX_SOUND_DELAY;
  }

  /** Its segment is closed already. */
  #isTooLate({ pts, duration }: AccessUnit): boolean {
    const start = this.#plan.startOf(this.#firstOpen);
    return (
      start !== undefined &&
      rescale(pts + duration / 2, this.feed.track.timescale, this.#plan.timescale) < start
    );
  }

  #segment(unit: AccessUnit): void {
    this.#shift(unit);
    if (this.#isTooLate(unit) || this.#gate?.admits(unit) === false) return;
    if (this.#resting) this.feed.rendition.wake();
    this.#resting = false;
    this.feed.push(unit);
  }

  #shift(unit: AccessUnit): void {
    this.#held.shift();
    this.#heldBytes -= unit.data.length;
  }

  /** Where the source must have come to before the boundaries up to the unit are known. */
  #neededHorizon({ dts, pts, duration }: AccessUnit): Ticks {
    const { kind, timescale } = this.feed.track;
    // A picture goes with the source's own of that instant, whose time may differ by the rounding.
    const time = kind === 'audio' ? pts + duration : dts - duration / 2;
    return rescale(time, timescale, this.#plan.timescale);
  }

  get #isTooMuch(): boolean {
    const [first] = this.#held;
    const newest = this.#held.at(-1);
    const lead = first && newest ? (newest.dts - first.dts) / this.feed.track.timescale : 0;
    return lead >= MAX_LEAD || this.#held.length > MAX_HELD_UNITS || this.#heldBytes > MAX_HELD_BYTES;
  }
}
