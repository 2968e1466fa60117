import { AudioClock } from './audio-clock.js';
import { FrameGrid } from './frame-grid.js';
import type { StampedUnit, TrackKind } from './raw-unit.js';
import type { TimelineUnit } from './timeline-events.js';
import { isJump, type Milliseconds } from './timestamp.js';
import type { AudioTrack, VideoTrack } from './track.js';

/** The tracks of an epoch and where its media time begins. */
export interface EpochPlan {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  /** The unwrapped presentation timestamp that becomes media time 0. */
  readonly zero: Milliseconds;
  /** The first keyframe's decode time; every decode time is counted from here. */
  readonly firstDecode: Milliseconds;
}

/** Places units on the two tracks of one epoch, whose tracks and clock do not change. */
export class Epoch {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  readonly #plan: EpochPlan;
  readonly #grid: FrameGrid | undefined;
  readonly #clock: AudioClock | undefined;
  readonly #last = new Map<TrackKind, Milliseconds>();

  constructor(plan: EpochPlan) {
    this.#plan = plan;
    this.video = plan.video;
    this.audio = plan.audio;
    this.#grid = plan.video && new FrameGrid(plan.video.frameRate);
    this.#clock = plan.audio && new AudioClock(plan.audio.sampleRate, plan.audio.frameSamples);
  }

  /** The unwrapped time of the newest unit placed on a track. */
  newest(kind: TrackKind): Milliseconds | undefined {
    return this.#last.get(kind);
  }

  /** True when the unit's time cannot be on this epoch's timeline. */
  jumps(unit: StampedUnit): boolean {
    const last = this.#last.get(unit.kind);
    return last !== undefined && isJump(last, unit.time);
  }

  /** The unit on its track's timeline; undefined for audio that must be dropped. The unit's track must exist. */
  place(unit: StampedUnit): TimelineUnit | undefined {
    this.#last.set(unit.kind, unit.time);
    const { keyframe, data, arrival } = unit;
    if (unit.kind === 'video') {
      const place = this.#grid?.place(unit.time - this.#plan.firstDecode, unit.compositionTime);
      return place && { type: 'unit', kind: 'video', unit: { ...place, keyframe, data, arrival } };
    }
    const start = this.#clock?.place(unit.time - this.#plan.zero);
    if (start === undefined) return undefined;
    const duration = this.audio?.frameSamples ?? 0;
    return {
      type: 'unit',
      kind: 'audio',
      unit: { dts: start, pts: start, duration, keyframe, data, arrival },
    };
  }
}
