import { parseAudioSpecificConfig, type AacConfig } from './aac-config.js';
import { parseAvcConfig, type AvcConfig } from './avc-config.js';
import type { AudioCodec, CodecConfig, VideoCodec } from './codec.js';
import { Epoch } from './epoch.js';
import { frameRateFromNumber } from './frame-rate.js';
import { inspectAccessUnit } from './nal.js';
import { MAX_TRACK_SKEW_MS, Probe, type KnownConfig, type StreamKnowledge } from './probe.js';
import { otherKind, type RawAudio, type RawVideo, type StampedUnit } from './raw-unit.js';
import type { Rational } from './time.js';
import type { TimelineEvent } from './timeline-events.js';
import { TimestampUnwrapper } from './timestamp.js';

export type { RawAudio, RawVideo } from './raw-unit.js';

export interface TimelineOptions {
  /** Believed before what the stream says of itself, if the timestamps agree. */
  readonly frameRateHint?: Rational;
}

/** Sound this near to the newest picture is on the same clock, however long it was away (ms). */
const MAX_SOUND_OFFSET_MS = 1000;

/** Either the tracks are still being found out, or units are being placed. */
type Stage =
  { readonly type: 'probing'; readonly probe: Probe } | { readonly type: 'running'; readonly epoch: Epoch };

/**
 * Turns a publisher's raw units, stamped with wrapping milliseconds, into access units in ticks on one audio and video
 * timeline. Units are held until the tracks are known (`start`), then come out at once, each once, in order of arrival
 * and with its data untouched. A changed configuration, a jump of the clock or a track that appears late ends the epoch
 * (`discontinuity`) and probing begins anew.
 *
 * Media time 0 is the presentation of the first video keyframe, or the first audio frame when there is no video; audio
 * before it is dropped. Video before the first keyframe is dropped, and so is a unit whose NAL unit lengths do not add
 * up, with all that follows it until the next keyframe.
 */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #unwrapper = new TimestampUnwrapper();
  #videoConfig: KnownConfig<AvcConfig> | undefined;
  #audioConfig: KnownConfig<AacConfig> | undefined;
  #metadataFrameRate: Rational | undefined;
  #stage: Stage = { type: 'probing', probe: new Probe() };
  #awaitKeyframe = false;
  /** Sound has appeared and waits for a keyframe to begin with. */
  #joining = false;
  #droppedBefore = 0;

  constructor(options: TimelineOptions = {}) {
    this.#options = options;
  }

  /** Units that did not come out: damaged, before the start, without a configuration, or off the clock. */
  get droppedUnits(): number {
    return this.#droppedBefore + (this.#stage.type === 'probing' ? this.#stage.probe.dropped : 0);
  }

  /**
   * A video decoder configuration. A repeated one is ignored, a changed one takes effect with the next video unit.
   * Throws MEDIA_BAD_CONFIG and then goes on with the one before.
   */
  videoConfig({ record }: CodecConfig<VideoCodec>): TimelineEvent[] {
    if (this.#videoConfig?.record.equals(record) !== true) {
      this.#videoConfig = { record, config: parseAvcConfig(record) };
      if (this.#stage.type === 'probing') this.#stage.probe.forget('video');
    }
    return [];
  }

  /** As {@link videoConfig}, of an AudioSpecificConfig. Throws MEDIA_BAD_CONFIG or MEDIA_UNSUPPORTED. */
  audioConfig({ record }: CodecConfig<AudioCodec>): TimelineEvent[] {
    if (this.#audioConfig?.record.equals(record) !== true) {
      this.#audioConfig = { record, config: parseAudioSpecificConfig(record) };
      if (this.#stage.type === 'probing') this.#stage.probe.forget('audio');
    }
    return [];
  }

  /** What onMetaData says. Only a hint: encoders often get it wrong. */
  metadata(hint: { readonly frameRate?: number }): void {
    this.#metadataFrameRate = frameRateFromNumber(hint.frameRate ?? 0) ?? this.#metadataFrameRate;
  }

  video(raw: RawVideo): TimelineEvent[] {
    if (raw.data.length === 0) return [];
    const time = this.#unwrapper.unwrap(raw.timestamp);
    if (this.#videoConfig === undefined) return this.#drop();
    const shape = inspectAccessUnit(raw.data, this.#videoConfig.config.nalLengthSize);
    if (shape === undefined) {
      // What refers to the lost picture would break in every viewer's decoder.
      this.#awaitKeyframe = true;
      return this.#drop();
    }
    if (this.#awaitKeyframe && !shape.idr) return this.#drop();
    this.#awaitKeyframe = false;
    const { compositionTime, data, arrival } = raw;
    return this.#accept({ kind: 'video', time, compositionTime, keyframe: shape.idr, data, arrival });
  }

  audio(raw: RawAudio): TimelineEvent[] {
    if (raw.data.length === 0) return [];
    const time = this.#unwrapper.unwrap(raw.timestamp);
    if (this.#audioConfig === undefined) return this.#drop();
    const { data, arrival } = raw;
    return this.#accept({ kind: 'audio', time, compositionTime: 0, keyframe: true, data, arrival });
  }

  /** Nothing more comes: what is still held comes out, if it makes a track. */
  finish(): TimelineEvent[] {
    return this.#stage.type === 'probing' ? this.#conclude(this.#stage.probe, true) : [];
  }

  #accept(unit: StampedUnit): TimelineEvent[] {
    if (this.#stage.type === 'probing') return this.#hold(this.#stage.probe, unit);

    const { epoch } = this.#stage;
    const config = unit.kind === 'video' ? this.#videoConfig : this.#audioConfig;
    const track = epoch[unit.kind];
    if (track === undefined) return this.#join(epoch, unit);
    if (this.#joining && unit.kind === 'video' && unit.keyframe) return this.#restart('audio appeared', unit);
    if (config !== undefined && !track.decoderConfig.equals(config.record)) {
      return this.#restart(`the ${unit.kind} configuration changed`, unit);
    }
    if (epoch.jumps(unit) && !this.#isHoleInSound(epoch, unit))
      return this.#restart(`the ${unit.kind} timestamps jumped`, unit);
    return this.#place(epoch, unit);
  }

  /** A track that shows up late: picture at its keyframe, sound at the picture's next keyframe, so that no frame is lost. */
  #join(epoch: Epoch, unit: StampedUnit): TimelineEvent[] {
    const other = epoch.newest(otherKind(unit.kind)) ?? unit.time;
    const isNear = unit.keyframe && Math.abs(unit.time - other) <= MAX_TRACK_SKEW_MS;
    if (isNear && unit.kind === 'video') return this.#restart('video appeared', unit);
    this.#joining = isNear;
    return this.#drop();
  }

  /** Sound that was away and comes back where the picture is: its own clock leaves the hole. */
  #isHoleInSound(epoch: Epoch, unit: StampedUnit): boolean {
    const picture = epoch.newest('video');
    return (
      unit.kind === 'audio' && picture !== undefined && Math.abs(unit.time - picture) <= MAX_SOUND_OFFSET_MS
    );
  }

  #restart(reason: string, unit: StampedUnit): TimelineEvent[] {
    const probe = new Probe();
    this.#stage = { type: 'probing', probe };
    this.#joining = false;
    return [{ type: 'discontinuity', reason }, ...this.#hold(probe, unit)];
  }

  #hold(probe: Probe, unit: StampedUnit): TimelineEvent[] {
    probe.add(unit);
    return this.#conclude(probe, false);
  }

  #conclude(probe: Probe, last: boolean): TimelineEvent[] {
    const result = probe.conclude(this.#knowledge(), last);
    if (result === undefined) return [];
    const { plan, wallClockZero, held } = result;
    const epoch = new Epoch(plan);
    this.#droppedBefore += probe.dropped;
    this.#stage = { type: 'running', epoch };
    const start: TimelineEvent = {
      type: 'start',
      video: plan.video,
      audio: plan.audio,
      alternates: [],
      wallClockZero,
    };
    return [start, ...held.flatMap((unit) => this.#place(epoch, unit))];
  }

  #place(epoch: Epoch, unit: StampedUnit): TimelineEvent[] {
    const placed = epoch.place(unit);
    return placed === undefined ? this.#drop() : [placed];
  }

  #drop(): TimelineEvent[] {
    this.#droppedBefore++;
    return [];
  }

  #knowledge(): StreamKnowledge {
    return { video: this.#videoConfig, audio: this.#audioConfig, frameRateHints: this.#frameRateHints() };
  }

  #frameRateHints(): Rational[] {
    const timing = this.#videoConfig?.config.timing;
    const vui = timing === undefined ? undefined : timing.num / timing.den;
    return [
      this.#options.frameRateHint,
      vui === undefined ? undefined : frameRateFromNumber(vui),
      this.#metadataFrameRate,
      // Encoders that take num_units_in_tick for a frame state half their rate; fields sent one by one look the same.
      vui === undefined ? undefined : frameRateFromNumber(vui * 2),
    ].filter((rate) => rate !== undefined);
  }
}
