import type { AccessUnit } from './access-unit.js';
import { AudioClock } from './audio-clock.js';
import type { TrackId } from './codec.js';
import type { KnownConfig } from './lane.js';
import type { StampedUnit, TrackKind } from './raw-unit.js';
import type { TimelineUnit } from './timeline-events.js';
import { BACKWARD_JUMP_MS, isJump, type Milliseconds } from './timestamp.js';
import type { Track } from './track.js';
import { VideoClock } from './video-clock.js';

/** Tracks further apart than this are not on one clock. */
export const MAX_TRACK_SKEW_MS = 10_000;

/** Sound this near to the newest picture is on the same clock, however long it was away (ms). */
const MAX_SOUND_OFFSET_MS = 1000;

/** One track of an epoch, and what it is decoded with. */
export interface PlannedTrack {
  readonly id: TrackId;
  /** The first of its kind: it decides what is a jump, and of video where segments begin. */
  readonly leads: boolean;
  readonly track: Track;
  readonly config: KnownConfig;
}

/** The tracks of an epoch and where its media time begins. */
export interface EpochPlan {
  readonly tracks: readonly PlannedTrack[];
  /** The unwrapped presentation timestamp that becomes media time 0. */
  readonly zero: Milliseconds;
}

/** A planned track, its clock and how far it has come. */
interface Runner {
  readonly planned: PlannedTrack;
  readonly clock: VideoClock | AudioClock;
  last: Milliseconds | undefined;
}

/** Places units on the tracks of one epoch, whose tracks and clock do not change. */
export class Epoch {
  readonly #zero: Milliseconds;
  readonly #runners: readonly Runner[];

  constructor({ tracks, zero }: EpochPlan) {
    this.#zero = zero;
    this.#runners = tracks.map((planned) => ({
      planned,
      clock:
        planned.track.kind === 'video'
          ? new VideoClock(planned.track.frameRate)
          : new AudioClock(planned.track.sampleRate),
      last: undefined,
    }));
  }

  /** The unwrapped timestamp that is media time 0. */
  get zero(): Milliseconds {
    return this.#zero;
  }

  /** The track with this id; undefined when the epoch has none. */
  track(kind: TrackKind, id: TrackId): PlannedTrack | undefined {
    return this.#runner(kind, id)?.planned;
  }

  /** The track of a kind that leads; undefined when the epoch has none of the kind. */
  lead(kind: TrackKind): PlannedTrack | undefined {
    return this.#lead(kind)?.planned;
  }

  /** The unwrapped time of the newest unit placed on the leading track of a kind. */
  newest(kind: TrackKind): Milliseconds | undefined {
    return this.#lead(kind)?.last;
  }

  /** How far the unit is ahead of the leading track of its kind, in ms. */
  ahead(unit: StampedUnit): Milliseconds {
    return unit.time - (this.newest(unit.kind) ?? unit.time);
  }

  /** True when the time of a unit of a leading track cannot be on this epoch's timeline. */
  jumps(unit: StampedUnit): boolean {
    const last = this.#runner(unit.kind, unit.track)?.last;
    return last !== undefined && isJump(last, unit.time) && !this.#isHoleInSound(unit);
  }

  /** True when a unit of an alternate fits beside the leading track of its kind; where it was away, it leaves a hole. */
  fits(unit: StampedUnit): boolean {
    const last = this.#runner(unit.kind, unit.track)?.last ?? unit.time;
    return unit.time >= last - BACKWARD_JUMP_MS && Math.abs(this.ahead(unit)) <= MAX_TRACK_SKEW_MS;
  }

  /** True when the track of the unit has come without a break up to it. */
  goesOn(unit: StampedUnit): boolean {
    const last = this.#runner(unit.kind, unit.track)?.last;
    return last !== undefined && !isJump(last, unit.time);
  }

  /** The unit on its track's timeline; undefined for one that must be dropped. The unit's track must exist. */
  place(unit: StampedUnit): TimelineUnit | undefined {
    const runner = this.#runner(unit.kind, unit.track);
    if (runner === undefined) return undefined;
    runner.last = unit.time;
    const placed = this.#placed(runner.clock, unit);
    if (placed === undefined) return undefined;
    const { kind, track } = unit;
    return runner.planned.leads
      ? { type: 'unit', kind, unit: placed }
      : { type: 'unit', kind, alternate: track, unit: placed };
  }

  #placed(clock: VideoClock | AudioClock, unit: StampedUnit): AccessUnit | undefined {
    const { keyframe, samples, data, arrival } = unit;
    if (clock instanceof VideoClock) {
      const place = clock.place(unit, this.#zero);
      if (place === undefined) return undefined;
      const { dts, pts, duration } = place;
      return { dts, pts, duration, keyframe, data, arrival };
    }
    const start = clock.place(unit.time - this.#zero, samples);
    return start === undefined
      ? undefined
      : { dts: start, pts: start, duration: samples, keyframe, data, arrival };
  }

  /** Sound that was away and comes back where the picture is: its own clock leaves the hole. */
  #isHoleInSound(unit: StampedUnit): boolean {
    const picture = this.newest('video');
    return (
      unit.kind === 'audio' && picture !== undefined && Math.abs(unit.time - picture) <= MAX_SOUND_OFFSET_MS
    );
  }

  #runner(kind: TrackKind, id: TrackId): Runner | undefined {
    return this.#runners.find(({ planned }) => planned.id === id && planned.track.kind === kind);
  }

  #lead(kind: TrackKind): Runner | undefined {
    return this.#runners.find(({ planned }) => planned.leads && planned.track.kind === kind);
  }
}
