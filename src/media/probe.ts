import type { AacConfig } from './aac-config.js';
import type { AvcConfig } from './avc-config.js';
import { describeAudioTrack, describeVideoTrack } from './describe-track.js';
import type { EpochPlan } from './epoch.js';
import { compositionShift } from './frame-grid.js';
import { confirmFrameRate, decideFrameRate } from './frame-rate.js';
import { otherKind, type StampedUnit, type TrackKind } from './raw-unit.js';
import type { Rational } from './time.js';
import { isJump, type Milliseconds } from './timestamp.js';

/** A parsed configuration beside the bytes it was read from. */
export interface KnownConfig<Config> {
  readonly record: Buffer;
  readonly config: Config;
}

/** What is known of the stream from outside the units. */
export interface StreamKnowledge {
  readonly video: KnownConfig<AvcConfig> | undefined;
  readonly audio: KnownConfig<AacConfig> | undefined;
  /** Best first. */
  readonly frameRateHints: readonly Rational[];
}

/** The outcome of probing: the epoch, its wall clock, and every unit held meanwhile in order of arrival. */
export interface ProbeResult {
  readonly plan: EpochPlan;
  readonly wallClockZero: number;
  readonly held: readonly StampedUnit[];
}

/** How long one kind waits for the other to show up, in media time. */
export const MAX_OTHER_TRACK_WAIT_MS = 1000;
/** And this long for sound that has been announced by its configuration. */
export const MAX_ANNOUNCED_TRACK_WAIT_MS = 3000;
/** Probing ends at the latest after this much media time: a video track may announce itself and send no keyframe. */
export const MAX_PROBE_MS = 10_000;
/** Probing ends at the latest with this many units held. */
export const MAX_PROBE_UNITS = 2048;
/** Probing ends at the latest with this many bytes held. */
export const MAX_PROBE_BYTES = 32 * 1024 * 1024;
/** Tracks further apart than this are not on one clock; the second to show up is left out. */
export const MAX_TRACK_SKEW_MS = 10_000;

/** Frames that decide the frame rate by themselves, with no hint. */
const FRAMES_TO_DECIDE = 15;
/** Frames that decide it when a second keyframe has come or a second has passed. */
const FEW_FRAMES = 5;
/** Frames that confirm a hint. */
const FRAMES_TO_CONFIRM = 3;
const SLOW_VIDEO_MS = 1000;

/** Holds the first units of an epoch until its tracks are known. Bounded in count, bytes and media time. */
export class Probe {
  #held: StampedUnit[] = [];
  #heldBytes = 0;
  #dropped = 0;
  #videoSeen = false;
  readonly #last = new Map<TrackKind, Milliseconds>();

  /** Units refused or let go so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Holds a unit whose configuration is known, or drops it: video before a keyframe, times that fit nothing. */
  add(unit: StampedUnit): void {
    const last = this.#last.get(unit.kind);
    const jumped = last !== undefined && isJump(last, unit.time);
    if (jumped) this.forget(unit.kind);
    const other = this.#last.get(otherKind(unit.kind));
    if (other !== undefined && Math.abs(unit.time - other) > MAX_TRACK_SKEW_MS) {
      // A track that jumps shows that the clock was set anew; one that has just come is a late unit of an older clock.
      if (!jumped) {
        this.#dropped++;
        return;
      }
      this.forget(otherKind(unit.kind));
    }
    if (unit.kind === 'video') {
      this.#videoSeen = true;
      if (!unit.keyframe && !this.#holds('video')) {
        this.#dropped++;
        return;
      }
    }
    this.#last.set(unit.kind, unit.time);
    this.#held.push(unit);
    this.#heldBytes += unit.data.length;
  }

  /** Lets go of what is held of one kind: its configuration changed or its clock jumped. */
  forget(kind: TrackKind): void {
    const kept = this.#held.filter((unit) => unit.kind !== kind);
    this.#dropped += this.#held.length - kept.length;
    this.#held = kept;
    this.#heldBytes = kept.reduce((sum, unit) => sum + unit.data.length, 0);
    this.#last.delete(kind);
  }

  /** The result when the tracks are known, or when `last` says that nothing more comes; otherwise undefined. */
  conclude(known: StreamKnowledge, last = false): ProbeResult | undefined {
    const hasVideo = this.#holds('video');
    const hasAudio = this.#holds('audio');
    if (!hasVideo && !hasAudio) return undefined;

    const elapsed = this.#elapsed();
    const full =
      elapsed >= MAX_PROBE_MS || this.#held.length >= MAX_PROBE_UNITS || this.#heldBytes >= MAX_PROBE_BYTES;
    const waitedForOther = elapsed >= MAX_OTHER_TRACK_WAIT_MS;
    if (!hasVideo) {
      const expectsVideo = this.#videoSeen || known.video !== undefined;
      return last || full || (waitedForOther && !expectsVideo) ? this.#result(known, undefined) : undefined;
    }
    const forced = last || full;
    const audioWait = known.audio === undefined ? MAX_OTHER_TRACK_WAIT_MS : MAX_ANNOUNCED_TRACK_WAIT_MS;
    if (!forced && !hasAudio && elapsed < audioWait) return undefined;
    const frameRate = this.#frameRate(known.frameRateHints, forced);
    return frameRate && this.#result(known, frameRate);
  }

  #frameRate(hints: readonly Rational[], forced: boolean): Rational | undefined {
    const frames = this.#held.filter((unit) => unit.kind === 'video');
    const dts = frames.map((unit) => unit.time);
    if (frames.length >= FRAMES_TO_CONFIRM) {
      const confirmed = confirmFrameRate(dts.slice(0, FRAMES_TO_DECIDE), hints);
      if (confirmed !== undefined) return confirmed;
    }
    const keyframes = frames.filter((unit) => unit.keyframe).length;
    const span = (dts.at(-1) ?? 0) - (dts[0] ?? 0);
    const decidable =
      frames.length >= FRAMES_TO_DECIDE ||
      (frames.length >= FEW_FRAMES && keyframes >= 2) ||
      (frames.length >= 2 && span >= SLOW_VIDEO_MS);
    return decidable || forced ? decideFrameRate(dts, hints) : undefined;
  }

  #result(known: StreamKnowledge, frameRate: Rational | undefined): ProbeResult {
    const keyframe = this.#held.find((unit) => unit.kind === 'video');
    const start = keyframe ?? this.#held[0];
    const firstDecode = start?.time ?? 0;
    const zero = firstDecode + (start?.compositionTime ?? 0);
    const audible = this.#holds('audio') ? known.audio : undefined;
    const visible = frameRate && known.video;
    return {
      plan: {
        video:
          visible &&
          describeVideoTrack(
            visible.record,
            frameRate,
            visible.config,
            compositionShift(zero - firstDecode, frameRate),
          ),
        audio: audible && describeAudioTrack(audible.record, audible.config),
        zero,
        firstDecode,
      },
      wallClockZero: Math.min(
        ...this.#held.map((unit) => unit.arrival - (unit.time + unit.compositionTime - zero)),
      ),
      held: this.#held,
    };
  }

  #holds(kind: TrackKind): boolean {
    return this.#held.some((unit) => unit.kind === kind);
  }

  #elapsed(): Milliseconds {
    const times = this.#held.map((unit) => unit.time);
    return Math.max(...times) - Math.min(...times);
  }
}
