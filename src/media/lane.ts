import { MillraceError } from '../errors.js';
import { inspectAudioUnit, parseAudioConfig, type AudioConfig } from './audio-config.js';
import { sameConfig, type AudioCodec, type CodecConfig, type TrackId, type VideoCodec } from './codec.js';
import { describeAudioTrack, describeVideoTrack } from './describe-track.js';
import { frameRateFromNumber } from './frame-rate.js';
import type { TrackKind } from './raw-unit.js';
import type { Rational, Ticks } from './time.js';
import { TokenBucket } from './token-bucket.js';
import type { AudioTrack, StatedColour, VideoTrack } from './track.js';
import { parseVideoConfig, type VideoConfig } from './video-config.js';

/** Pictures larger than this, lying or standing, are refused: no decoder here is asked for more. */
export const MAX_PICTURE = { long: 4096, short: 2304 };

/** A configuration longer than this is refused unread. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** How often a lane may end an epoch by appearing: so many times at once, then once in so many ms. */
const JOINS = { burst: 3, interval: 60_000 };

/** What a lane is decoded with. Two of them are one when a decoder and a playlist need nothing new for the other. */
export interface KnownConfig {
  readonly codec: VideoCodec | AudioCodec;
  equals(other: KnownConfig): boolean;
}

class KnownVideo implements KnownConfig {
  constructor(
    readonly source: Omit<CodecConfig<VideoCodec>, 'track'>,
    readonly parsed: VideoConfig,
    readonly colour: StatedColour | undefined,
  ) {}

  get codec(): VideoCodec {
    return this.source.codec;
  }

  equals(other: KnownConfig): boolean {
    return (
      other === this ||
      (other instanceof KnownVideo &&
        sameConfig(this.source, other.source) &&
        sameColour(this.colour, other.colour))
    );
  }
}

class KnownAudio implements KnownConfig {
  constructor(
    readonly source: Omit<CodecConfig<AudioCodec>, 'track'>,
    readonly parsed: AudioConfig,
  ) {}

  get codec(): AudioCodec {
    return this.source.codec;
  }

  equals(other: KnownConfig): boolean {
    return other === this || (other instanceof KnownAudio && sameConfig(this.source, other.source));
  }
}

/** What is known of one of a publisher's video tracks, over all epochs. */
export class VideoLane {
  readonly kind = 'video';
  readonly id: TrackId;
  readonly joins = new TokenBucket(JOINS.burst, JOINS.interval);
  /** A picture is missing: what refers to it would break in every viewer's decoder. */
  awaitsKeyframe = false;
  #known: KnownVideo | undefined;
  #refused: Omit<CodecConfig<VideoCodec>, 'track'> | undefined;
  #colour: StatedColour | undefined;

  constructor(id: TrackId) {
    this.id = id;
  }

  get known(): KnownVideo | undefined {
    return this.#known;
  }

  /**
   * Takes a configuration; `known` is another object where it differs. A malformed one leaves the one before in place,
   * one that asks for too much takes it away.
   * @throws MillraceError MEDIA_BAD_CONFIG, MEDIA_UNSUPPORTED
   */
  configure({ codec, record, size }: CodecConfig<VideoCodec>): void {
    const source = { codec, record, ...(size && { size }) };
    if (this.#known !== undefined && sameConfig(this.#known.source, source)) return;
    if (this.#refused !== undefined && sameConfig(this.#refused, source)) return;
    checkLength(record);
    const parsed = parseVideoConfig(codec, record, size);
    const { width, height } = parsed;
    if (Math.max(width, height) > MAX_PICTURE.long || Math.min(width, height) > MAX_PICTURE.short) {
      this.refuse(source);
      throw unsupported(
        `a picture of ${width}x${height}; at most ${MAX_PICTURE.long}x${MAX_PICTURE.short} is carried`,
      );
    }
    this.#refused = undefined;
    this.#known = new KnownVideo(source, parsed, this.#colour);
  }

  /** Takes the colour stated beside the bitstream; undefined takes it back. */
  stateColour(colour: StatedColour | undefined): void {
    if (sameColour(this.#colour, colour)) return;
    this.#colour = colour;
    if (this.#known) this.#known = new KnownVideo(this.#known.source, this.#known.parsed, colour);
  }

  /** Nothing of this configuration, by default the present one, is carried. */
  refuse(source: Omit<CodecConfig<VideoCodec>, 'track'> | undefined = this.#known?.source): void {
    this.#refused = source;
    this.#known = undefined;
  }

  /** The track as it is now. Only where a configuration is known. */
  describe(frameRate: Rational, compositionShift: Ticks): VideoTrack | undefined {
    if (this.#known === undefined) return undefined;
    const { parsed, colour } = this.#known;
    return describeVideoTrack(parsed, { frameRate, compositionShift, statedColour: colour });
  }

  /** Frame rates that the configuration hints at, the likely one first. */
  get frameRateHints(): { readonly likely: Rational | undefined; readonly double: Rational | undefined } {
    const timing = this.#known?.parsed.timing;
    if (timing === undefined) return { likely: undefined, double: undefined };
    const rate = timing.num / timing.den;
    // Encoders that take num_units_in_tick for a frame state half their rate; fields sent one by one look the same.
    return { likely: frameRateFromNumber(rate), double: frameRateFromNumber(rate * 2) };
  }
}

/** What is known of one of a publisher's audio tracks, over all epochs. */
export class AudioLane {
  readonly kind = 'audio';
  readonly id: TrackId;
  readonly joins = new TokenBucket(JOINS.burst, JOINS.interval);
  #known: KnownAudio | undefined;

  constructor(id: TrackId) {
    this.id = id;
  }

  get known(): KnownAudio | undefined {
    return this.#known;
  }

  /** As `VideoLane.configure`. */
  configure({ codec, record }: CodecConfig<AudioCodec>): void {
    const source = { codec, record };
    if (this.#known !== undefined && sameConfig(this.#known.source, source)) return;
    checkLength(record);
    this.#known = new KnownAudio(source, parseAudioConfig(codec, record));
  }

  /** Samples of one frame; undefined when it is damaged. */
  samplesOf(data: Buffer): Ticks | undefined {
    return this.#known && inspectAudioUnit(this.#known.parsed, data);
  }

  /** The track as it is now. `frameSamples`: of its first frame. Only where a configuration is known. */
  describe(frameSamples: Ticks): AudioTrack | undefined {
    return this.#known && describeAudioTrack(this.#known.parsed, frameSamples);
  }
}

export type Lane = VideoLane | AudioLane;

/** Tracks of one kind beyond so many are refused. */
export const MAX_TRACKS = 8;

/** All the lanes of a publisher, by kind and id. */
export class Lanes {
  readonly #video = new Map<TrackId, VideoLane>();
  readonly #audio = new Map<TrackId, AudioLane>();

  video(id: TrackId): VideoLane | undefined {
    return this.#video.get(id);
  }

  audio(id: TrackId): AudioLane | undefined {
    return this.#audio.get(id);
  }

  /** @throws MillraceError MEDIA_UNSUPPORTED when it is one too many */
  addVideo(id: TrackId): VideoLane {
    return this.#video.get(id) ?? add(this.#video, new VideoLane(id));
  }

  /** As `addVideo`. */
  addAudio(id: TrackId): AudioLane {
    return this.#audio.get(id) ?? add(this.#audio, new AudioLane(id));
  }

  of(kind: TrackKind, id: TrackId): Lane | undefined {
    return kind === 'video' ? this.#video.get(id) : this.#audio.get(id);
  }

  /** Those whose configuration is known. */
  announced(kind: TrackKind): Lane[] {
    const lanes: Lane[] = kind === 'video' ? [...this.#video.values()] : [...this.#audio.values()];
    return lanes.filter((lane) => lane.known !== undefined);
  }
}

function add<Added extends Lane>(lanes: Map<TrackId, Added>, lane: Added): Added {
  if (lanes.size >= MAX_TRACKS) throw unsupported(`more than ${MAX_TRACKS} ${lane.kind} tracks`);
  lanes.set(lane.id, lane);
  return lane;
}

function checkLength(record: Buffer): void {
  if (record.length > MAX_CONFIG_BYTES)
    throw new MillraceError('MEDIA_BAD_CONFIG', `a configuration of ${record.length} bytes`);
}

const sameColour = (a: StatedColour | undefined, b: StatedColour | undefined): boolean =>
  a?.primaries === b?.primaries && a?.transfer === b?.transfer && a?.matrix === b?.matrix;

const unsupported = (message: string): MillraceError => new MillraceError('MEDIA_UNSUPPORTED', message);
