import type { AudioCodec, TrackId, VideoCodec } from './codec.js';
import type { Ticks } from './time.js';
import type { Milliseconds, WireTimestamp } from './timestamp.js';

/** One video message's payload as the publisher sent it. */
export interface RawVideo {
  readonly track: TrackId;
  readonly codec: VideoCodec;
  /** Decode time as on the wire: unsigned 32-bit ms. */
  readonly timestamp: WireTimestamp;
  /** Presentation minus decode time, signed ms (FLV E.4.3.1 CompositionTime). */
  readonly compositionTime: Milliseconds;
  /** The publisher's claim. What counts is what the data holds: see `VideoUnitShape`. */
  readonly keyframe: boolean;
  /** AVC and HEVC: length-prefixed NAL units. AV1: a temporal unit without its delimiter. VP9: one frame. */
  readonly data: Buffer;
  /** When its last byte arrived, ms since the Unix epoch. */
  readonly arrival: number;
}

/** One audio message's payload: one frame of its codec. */
export interface RawAudio {
  readonly track: TrackId;
  readonly codec: AudioCodec;
  /** As on the wire: unsigned 32-bit ms. */
  readonly timestamp: WireTimestamp;
  readonly data: Buffer;
  /** When its last byte arrived, ms since the Unix epoch. */
  readonly arrival: number;
}

export type TrackKind = 'video' | 'audio';

/** A raw unit of either kind, its timestamp unwrapped. */
export interface StampedUnit {
  readonly kind: TrackKind;
  readonly track: TrackId;
  readonly time: Milliseconds;
  /** 0 for audio. */
  readonly compositionTime: Milliseconds;
  /** Decoding may begin here; true for audio. */
  readonly keyframe: boolean;
  /** Video: a picture that is lost where decoding begins at the keyframe before it. */
  readonly skippedAtStart: boolean;
  /** Video: a keyframe before which pictures are missing, so that decoding begins here anew. */
  readonly resumes: boolean;
  /** Audio: its length in samples; 0 for video. */
  readonly samples: Ticks;
  readonly data: Buffer;
  readonly arrival: number;
}

export const otherKind = (kind: TrackKind): TrackKind => (kind === 'video' ? 'audio' : 'video');
