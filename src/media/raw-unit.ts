import type { AudioCodec, TrackId, VideoCodec } from './codec.js';
import type { Milliseconds, WireTimestamp } from './timestamp.js';

/** One video message's payload as the publisher sent it. */
export interface RawVideo {
  readonly track: TrackId;
  readonly codec: VideoCodec;
  /** Decode time as on the wire: unsigned 32-bit ms. */
  readonly timestamp: WireTimestamp;
  /** Presentation minus decode time, signed ms (FLV E.4.3.1 CompositionTime). */
  readonly compositionTime: Milliseconds;
  /** The publisher's claim. What counts is whether the data holds an IDR picture. */
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
  readonly time: Milliseconds;
  /** 0 for audio. */
  readonly compositionTime: Milliseconds;
  /** An IDR picture; true for audio. */
  readonly keyframe: boolean;
  readonly data: Buffer;
  readonly arrival: number;
}

export const otherKind = (kind: TrackKind): TrackKind => (kind === 'video' ? 'audio' : 'video');
