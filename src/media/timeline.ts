import type { AudioCodec, CodecConfig, TrackId, VideoCodec } from './codec.js';
import { CueHolder, type RawCue } from './cue-holder.js';
import { Epoch, MAX_TRACK_SKEW_MS, type PlannedTrack } from './epoch.js';
import { frameRateFromNumber } from './frame-rate.js';
import { Lanes, type Lane, type VideoLane } from './lane.js';
import { Probe, type StreamKnowledge } from './probe.js';
import { otherKind, type RawAudio, type RawVideo, type StampedUnit } from './raw-unit.js';
import type { Rational } from './time.js';
import type { TimelineEvent, TimelineStart } from './timeline-events.js';
import { TimestampUnwrapper } from './timestamp.js';
import { TokenBucket } from './token-bucket.js';
import type { StatedColour } from './track.js';
import { inspectVideoUnit } from './video-config.js';

export type { RawAudio, RawVideo } from './raw-unit.js';

export interface TimelineOptions {
  /** Believed before what the stream says of itself, if the timestamps agree. */
  readonly frameRateHint?: Rational;
}

/** How many epochs a publisher may begin: so many at once, then one in so many ms. */
const RESTARTS = { burst: 4, interval: 1000 };

/** Either the tracks are still being found out, or units are being placed. */
type Stage =
  { readonly type: 'probing'; readonly probe: Probe } | { readonly type: 'running'; readonly epoch: Epoch };

/**
 * Turns a publisher's raw units, stamped with wrapping milliseconds, into access units in ticks on one timeline. Units
 * are held until the tracks are known (`start`), then come out at once, each once, in order of arrival and with its data
 * untouched. A changed configuration, a jump of the clock or a track that appears late ends the epoch (`discontinuity`)
 * and probing begins anew; both happen once a second at most in the long run, and what comes too soon is dropped.
 *
 * Of several tracks of a kind the one with the lowest id that sends leads: it fixes media time 0 and tells a jump. The
 * others are placed beside it, each on a grid of its own; one that falls silent leaves a hole.
 *
 * Media time 0 is the presentation of the first video keyframe, or the first audio frame when there is no video; audio
 * before it is dropped. Video before the first keyframe is dropped, and so is a unit that is damaged, with all that
 * follows it until the next keyframe.
 */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #unwrapper = new TimestampUnwrapper();
  readonly #lanes = new Lanes();
  readonly #restarts = new TokenBucket(RESTARTS.burst, RESTARTS.interval);
  #metadataFrameRate: Rational | undefined;
  #stage: Stage = { type: 'probing', probe: new Probe() };
  /** Has appeared and waits for a keyframe of the picture to begin with. */
  #joining: Lane | undefined;
  readonly #cues = new CueHolder();
  #droppedBefore = 0;
  readonly #knowledge: StreamKnowledge = {
    lanes: this.#lanes,
    frameRateHints: (lane: VideoLane): Rational[] => {
      const { likely, double } = lane.frameRateHints;
      const hints = [this.#options.frameRateHint, likely, this.#metadataFrameRate, double];
      return hints.filter((rate) => rate !== undefined);
    },
  };

  constructor(options: TimelineOptions = {}) {
    this.#options = options;
  }

  /** Units that did not come out: damaged, before the start, without a configuration, or off the clock. */
  get droppedUnits(): number {
    return this.#droppedBefore + (this.#stage.type === 'probing' ? this.#stage.probe.dropped : 0);
  }

  /**
   * A video decoder configuration. A repeated one is ignored, a changed one takes effect with the next unit of its
   * track. Throws MEDIA_BAD_CONFIG and then goes on with the one before, or MEDIA_UNSUPPORTED.
   */
  videoConfig(config: CodecConfig<VideoCodec>): TimelineEvent[] {
    const lane = this.#lanes.addVideo(config.track);
    return this.#configure(lane, () => lane.configure(config));
  }

  /** As {@link videoConfig}. */
  audioConfig(config: CodecConfig<AudioCodec>): TimelineEvent[] {
    const lane = this.#lanes.addAudio(config.track);
    return this.#configure(lane, () => lane.configure(config));
  }

  /** Colour stated beside the bitstream, which counts before the bitstream's own; undefined takes it back. */
  videoColour(track: TrackId, colour: StatedColour | undefined): TimelineEvent[] {
    this.#lanes.addVideo(track).stateColour(colour);
    return [];
  }

  /** What onMetaData says. Only a hint: encoders often get it wrong. */
  metadata(hint: { readonly frameRate?: number }): void {
    this.#metadataFrameRate = frameRateFromNumber(hint.frameRate ?? 0) ?? this.#metadataFrameRate;
  }

  /** Throws MEDIA_UNSUPPORTED when it shows that the track cannot be carried; the rest goes on. */
  video(raw: RawVideo): TimelineEvent[] {
    if (raw.data.length === 0) return [];
    const time = this.#unwrapper.unwrap(raw.timestamp);
    const lane = this.#lanes.video(raw.track);
    if (lane?.known?.codec !== raw.codec) return this.#drop();
    const shape = inspectVideoUnit(lane.known.parsed, raw.data);
    if (shape === undefined) {
      // What refers to the lost picture would break in every viewer's decoder.
      lane.awaitsKeyframe = true;
      return this.#drop();
    }
    if (lane.awaitsKeyframe && !shape.keyframe) return this.#drop();
    const resumes = lane.awaitsKeyframe;
    lane.awaitsKeyframe = false;
    const { track, compositionTime, data, arrival } = raw;
    const { keyframe, skippedAtStart } = shape;
    // Written out, here and below: to spread objects costs more than all else that is done with a unit.
    return this.#accept(lane, {
      kind: 'video',
      track,
      time,
      compositionTime,
      keyframe,
      skippedAtStart,
      resumes,
      samples: 0,
      data,
      arrival,
    });
  }

  audio(raw: RawAudio): TimelineEvent[] {
    if (raw.data.length === 0) return [];
    const time = this.#unwrapper.unwrap(raw.timestamp);
    const lane = this.#lanes.audio(raw.track);
    if (lane?.known?.codec !== raw.codec) return this.#drop();
    const samples = lane.samplesOf(raw.data);
    if (samples === undefined) return this.#drop();
    const { track, data, arrival } = raw;
    return this.#accept(lane, {
      kind: 'audio',
      track,
      time,
      compositionTime: 0,
      keyframe: true,
      skippedAtStart: false,
      resumes: false,
      samples,
      data,
      arrival,
    });
  }

  /**
   * Places a cue on the media's timeline, once there is one. Throws RTMP_LIMIT when there are more of them than are
   * carried.
   */
  cue(raw: RawCue): TimelineEvent[] {
    this.#cues.add(raw);
    return this.#stage.type === 'running' ? this.#placeCues(this.#stage.epoch) : [];
  }

  /** Nothing more comes: what is still held comes out, if it makes a track. */
  finish(): TimelineEvent[] {
    return this.#stage.type === 'probing' ? this.#conclude(this.#stage.probe, true) : [];
  }

  #configure(lane: Lane, configure: () => void): TimelineEvent[] {
    const before = lane.known;
    try {
      configure();
    } finally {
      if (lane.known !== before && this.#stage.type === 'probing')
        this.#stage.probe.forget(lane.kind, lane.id);
    }
    return [];
  }

  #accept(lane: Lane, unit: StampedUnit): TimelineEvent[] {
    if (this.#stage.type === 'probing') return this.#hold(this.#stage.probe, unit);

    const { epoch } = this.#stage;
    const planned = epoch.track(unit.kind, unit.track);
    if (planned === undefined) return this.#join(epoch, lane, unit);
    if (lane.known?.equals(planned.config) !== true) {
      return this.#restart(`the ${nameOf(lane, planned)} configuration changed`, lane, unit);
    }
    return planned.leads ? this.#lead(epoch, lane, unit) : this.#follow(epoch, lane, unit);
  }

  #lead(epoch: Epoch, lane: Lane, unit: StampedUnit): TimelineEvent[] {
    if (epoch.jumps(unit)) return this.#restart(`the ${unit.kind} timestamps jumped`, lane, unit);
    const joining = this.#joining;
    if (joining !== undefined && unit.kind === 'video' && unit.keyframe) {
      this.#joining = undefined;
      if (joining.joins.take(unit.arrival))
        return this.#restart(`${nameOf(joining, undefined)} appeared`, lane, unit);
    }
    return this.#place(epoch, unit);
  }

  #follow(epoch: Epoch, lane: Lane, unit: StampedUnit): TimelineEvent[] {
    if (epoch.fits(unit)) return this.#place(epoch, unit);
    const leadIsSilent = epoch.ahead(unit) > MAX_TRACK_SKEW_MS && epoch.goesOn(unit);
    if (leadIsSilent && unit.keyframe && lane.joins.take(unit.arrival))
      return this.#restart(`the first ${unit.kind} track is silent`, lane, unit);
    return this.#drop();
  }

  /** A track that shows up late: it is taken up at the picture's next keyframe, so that no frame is lost. */
  #join(epoch: Epoch, lane: Lane, unit: StampedUnit): TimelineEvent[] {
    const other = epoch.newest(unit.kind) ?? epoch.newest(otherKind(unit.kind)) ?? unit.time;
    const isNear = unit.keyframe && Math.abs(unit.time - other) <= MAX_TRACK_SKEW_MS;
    if (isNear && epoch.lead('video') === undefined && lane.joins.take(unit.arrival))
      return this.#restart(`${nameOf(lane, undefined)} appeared`, lane, unit);
    if (isNear) this.#joining = lane;
    else if (this.#joining === lane && unit.keyframe) this.#joining = undefined;
    return this.#drop();
  }

  #restart(reason: string, lane: Lane, unit: StampedUnit): TimelineEvent[] {
    if (!this.#restarts.take(unit.arrival)) {
      if (lane.kind === 'video') lane.awaitsKeyframe = true;
      return this.#drop();
    }
    const probe = new Probe();
    this.#stage = { type: 'probing', probe };
    this.#joining = undefined;
    return [{ type: 'discontinuity', reason }, ...this.#hold(probe, unit)];
  }

  #hold(probe: Probe, unit: StampedUnit): TimelineEvent[] {
    probe.add(unit);
    return this.#conclude(probe, false);
  }

  #conclude(probe: Probe, last: boolean): TimelineEvent[] {
    const result = probe.conclude(this.#knowledge, last);
    if (result === undefined) return [];
    const { plan, wallClockZero, held } = result;
    const epoch = new Epoch(plan);
    this.#droppedBefore += probe.dropped;
    this.#stage = { type: 'running', epoch };
    const start = startOf(plan.tracks, wallClockZero);
    return [start, ...this.#placeCues(epoch), ...held.flatMap((unit) => this.#place(epoch, unit))];
  }

  #placeCues({ zero }: Epoch): TimelineEvent[] {
    return this.#cues.release(this.#unwrapper, zero);
  }

  #place(epoch: Epoch, unit: StampedUnit): TimelineEvent[] {
    const placed = epoch.place(unit);
    return placed === undefined ? this.#drop() : [placed];
  }

  #drop(): TimelineEvent[] {
    this.#droppedBefore++;
    return [];
  }
}

function startOf(tracks: readonly PlannedTrack[], wallClockZero: number): TimelineStart {
  const leads = tracks.filter((planned) => planned.leads).map(({ track }) => track);
  return {
    type: 'start',
    video: leads.find((track) => track.kind === 'video'),
    audio: leads.find((track) => track.kind === 'audio'),
    alternates: tracks.filter(({ leads: leading }) => !leading).map(({ id, track }) => ({ id, track })),
    wallClockZero,
  };
}

/** `video`, or `video track 2`. */
const nameOf = ({ kind, id }: Lane, planned: PlannedTrack | undefined): string =>
  id === 0 || planned?.leads === true ? kind : `${kind} track ${id}`;
