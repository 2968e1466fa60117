import { MillraceError } from '../errors.js';
import type { TrackId } from './codec.js';
import { MAX_TRACK_SKEW_MS, type EpochPlan, type PlannedTrack } from './epoch.js';
import { compositionShift } from './frame-grid.js';
import { confirmFrameRate, decideFrameRate, MAX_FRAME_RATE, meanFrameRate } from './frame-rate.js';
import type { AudioLane, Lane, Lanes, VideoLane } from './lane.js';
import type { StampedUnit, TrackKind } from './raw-unit.js';
import type { Rational } from './time.js';
import { isJump, type Milliseconds } from './timestamp.js';
import { mayBegin } from './video-clock.js';

/** What is known of the stream from outside the units. */
export interface StreamKnowledge {
  readonly lanes: Lanes;
  /** For a video track, best first. */
  readonly frameRateHints: (lane: VideoLane) => readonly Rational[];
}

/** The outcome of probing: the epoch, its wall clock, and every unit held meanwhile in order of arrival. */
export interface ProbeResult {
  readonly plan: EpochPlan;
  readonly wallClockZero: number;
  readonly held: readonly StampedUnit[];
}

/** How long one kind waits for the other to show up, in media time. */
export const MAX_OTHER_TRACK_WAIT_MS = 1000;
/** And this long for sound, and for any track beside the first of its kind, that its configuration has announced. */
export const MAX_ANNOUNCED_TRACK_WAIT_MS = 3000;
/** Probing ends at the latest after this much media time: a video track may announce itself and send no keyframe. */
export const MAX_PROBE_MS = 10_000;
/** Probing ends at the latest with this many units held. */
export const MAX_PROBE_UNITS = 2048;
/** Probing ends at the latest with this many bytes held. */
export const MAX_PROBE_BYTES = 32 * 1024 * 1024;

/** Frames that decide the frame rate by themselves, with no hint. */
const FRAMES_TO_DECIDE = 15;
/** Frames that decide it when a second keyframe has come or a second has passed. */
const FEW_FRAMES = 5;
/** Frames that confirm a hint. */
const FRAMES_TO_CONFIRM = 3;
const SLOW_VIDEO_MS = 1000;
const FAST_TOLERANCE = 1.05;

/** The units of one track that are held, in order. */
class Held {
  readonly kind: TrackKind;
  readonly id: TrackId;
  readonly units: StampedUnit[] = [];
  keyframes = 0;
  /** Of the newest unit. */
  last: Milliseconds | undefined;

  constructor(kind: TrackKind, id: TrackId) {
    this.kind = kind;
    this.id = id;
  }
}

/** Holds the first units of an epoch until its tracks are known. Bounded in count, bytes and media time. */
export class Probe {
  #held: StampedUnit[] = [];
  #heldBytes = 0;
  #dropped = 0;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;
  /** By kind and id; as many as there are lanes. */
  readonly #tracks: Held[] = [];

  /** Units refused or let go so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Holds a unit whose configuration is known, or drops it: video before a keyframe, times that fit nothing. */
  add(unit: StampedUnit): void {
    const track = this.#trackOf(unit);
    const jumped = track.last !== undefined && isJump(track.last, unit.time);
    if (jumped) this.#forget(track);
    const far = this.#tracks.filter((other) => other !== track && isFar(other, unit));
    if (far.length > 0) {
      // A leading track that jumps shows that the clock was set anew; one that has just come is a late unit of an older
      // clock, and one beside the leading one follows it.
      if (!jumped || !this.#leads(track)) {
        this.#dropped++;
        return;
      }
      for (const other of far) this.#forget(other);
    }
    if (unit.kind === 'video' && !unit.keyframe && track.units.length === 0) {
      this.#dropped++;
      return;
    }
    track.last = unit.time;
    track.units.push(unit);
    if (unit.keyframe) track.keyframes++;
    this.#hold(unit);
  }

  /** Lets go of what is held of one track: its configuration changed. */
  forget(kind: TrackKind, id: TrackId): void {
    const track = this.#tracks.find((each) => each.kind === kind && each.id === id);
    if (track) this.#forget(track);
  }

  /**
   * The result when the tracks are known, or when `last` says that nothing more comes; otherwise undefined.
   * @throws MillraceError MEDIA_UNSUPPORTED when there are more pictures a second than are carried; their lane is
   * refused then, and the rest goes on.
   */
  conclude(known: StreamKnowledge, last = false): ProbeResult | undefined {
    const videos = this.#holding('video');
    const audios = this.#holding('audio');
    if (videos.length === 0 && audios.length === 0) return undefined;

    const elapsed = this.#latest - this.#earliest;
    const full =
      elapsed >= MAX_PROBE_MS || this.#held.length >= MAX_PROBE_UNITS || this.#heldBytes >= MAX_PROBE_BYTES;
    const forced = last || full;
    const expectsVideo = known.lanes.announced('video').length > 0;
    if (!forced && videos.length === 0 && (expectsVideo || elapsed < MAX_OTHER_TRACK_WAIT_MS))
      return undefined;
    if (!forced && audios.length === 0 && elapsed < MAX_OTHER_TRACK_WAIT_MS) return undefined;
    const patient = !forced && elapsed < MAX_ANNOUNCED_TRACK_WAIT_MS;
    if (patient && this.#awaitsAnnounced(known.lanes)) return undefined;

    const rates = new Map<Held, Rational>();
    for (const video of videos) {
      const isLead = video === videos[0];
      const rate = this.#frameRate(video, known, isLead ? forced : !patient);
      if (rate === undefined) return undefined;
      if (!last && isTooFast(video)) {
        // A burst at the start may be stamped more closely than what follows it.
        if (!full && video.units.length <= MAX_FRAME_RATE) return undefined;
        this.#refuse(video, known.lanes);
      }
      rates.set(video, rate);
    }
    return this.#result(known.lanes, rates, audios);
  }

  #hold(unit: StampedUnit): void {
    this.#held.push(unit);
    this.#heldBytes += unit.data.length;
    this.#earliest = Math.min(this.#earliest, unit.time);
    this.#latest = Math.max(this.#latest, unit.time);
  }

  #forget(track: Held): void {
    const { kind, id } = track;
    const kept = this.#held.filter((unit) => unit.kind !== kind || unit.track !== id);
    this.#dropped += this.#held.length - kept.length;
    track.units.length = 0;
    track.keyframes = 0;
    track.last = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#latest = Number.NEGATIVE_INFINITY;
    for (const unit of kept) this.#hold(unit);
  }

  #trackOf({ kind, track }: StampedUnit): Held {
    const found = this.#tracks.find((each) => each.kind === kind && each.id === track);
    if (found) return found;
    const added = new Held(kind, track);
    this.#tracks.push(added);
    this.#tracks.sort((a, b) => a.id - b.id);
    return added;
  }

  /** The tracks of a kind that there are units of; the one that leads is the first. */
  #holding(kind: TrackKind): Held[] {
    return this.#tracks.filter((track) => track.kind === kind && track.units.length > 0);
  }

  #leads(track: Held): boolean {
    return !this.#holding(track.kind).some((other) => other.id < track.id);
  }

  /** Something has been announced that there is nothing of yet. */
  #awaitsAnnounced(lanes: Lanes): boolean {
    const missing = (lane: Lane): boolean => !this.#holding(lane.kind).some((track) => track.id === lane.id);
    return lanes.announced('audio').some(missing) || lanes.announced('video').some(missing);
  }

  #frameRate(track: Held, known: StreamKnowledge, forced: boolean): Rational | undefined {
    const lane = known.lanes.video(track.id);
    const hints = lane === undefined ? [] : known.frameRateHints(lane);
    const dts = track.units.map((unit) => unit.time);
    if (dts.length >= FRAMES_TO_CONFIRM) {
      const confirmed = confirmFrameRate(dts.slice(0, FRAMES_TO_DECIDE), hints);
      if (confirmed !== undefined) return confirmed;
    }
    const span = (dts.at(-1) ?? 0) - (dts[0] ?? 0);
    const decidable =
      dts.length >= FRAMES_TO_DECIDE ||
      (dts.length >= FEW_FRAMES && track.keyframes >= 2) ||
      (dts.length >= 2 && span >= SLOW_VIDEO_MS);
    return decidable || forced ? decideFrameRate(dts, hints) : undefined;
  }

  #refuse(track: Held, lanes: Lanes): never {
    lanes.video(track.id)?.refuse();
    this.#forget(track);
    const message = `more than ${MAX_FRAME_RATE} pictures a second are not carried`;
    throw new MillraceError('MEDIA_UNSUPPORTED', message);
  }

  #result(lanes: Lanes, rates: ReadonlyMap<Held, Rational>, audios: readonly Held[]): ProbeResult {
    const start = [...rates.keys()][0]?.units[0] ?? this.#held[0];
    const zero = (start?.time ?? 0) + (start?.compositionTime ?? 0);
    const tracks: PlannedTrack[] = [];
    for (const [held, rate] of rates) {
      const planned = plannedVideo(lanes.video(held.id), held, rate, zero, tracks.length === 0);
      if (planned) tracks.push(planned);
    }
    audios.forEach((held, index) => {
      const planned = plannedAudio(lanes.audio(held.id), held, index === 0);
      if (planned) tracks.push(planned);
    });
    const earliest = (least: number, unit: StampedUnit): number =>
      Math.min(least, unit.arrival - (unit.time + unit.compositionTime - zero));
    return {
      plan: { tracks, zero },
      wallClockZero: this.#held.reduce(earliest, Number.POSITIVE_INFINITY),
      held: this.#held,
    };
  }
}

const isFar = (track: Held, unit: StampedUnit): boolean =>
  track.last !== undefined && Math.abs(unit.time - track.last) > MAX_TRACK_SKEW_MS;

/** Timestamps were rounded: 120 frames a second may seem to be a few more. */
const isTooFast = ({ units }: Held): boolean =>
  units.length >= FRAMES_TO_DECIDE &&
  meanFrameRate(units.map((unit) => unit.time)) > MAX_FRAME_RATE * FAST_TOLERANCE;

/** Undefined when no picture is held that it may begin with. */
function plannedVideo(
  lane: VideoLane | undefined,
  held: Held,
  rate: Rational,
  zero: Milliseconds,
  leads: boolean,
): PlannedTrack | undefined {
  const first = held.units.find((unit) => unit.keyframe && mayBegin(unit, rate, zero));
  const track = first && lane?.describe(rate, compositionShift(first.compositionTime, rate));
  return track && lane?.known && { id: held.id, leads, track, config: lane.known };
}

function plannedAudio(lane: AudioLane | undefined, held: Held, leads: boolean): PlannedTrack | undefined {
  const [first] = held.units;
  const track = first && lane?.describe(first.samples);
  return track && lane?.known && { id: held.id, leads, track, config: lane.known };
}
