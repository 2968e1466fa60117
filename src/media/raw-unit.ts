import type { Milliseconds, WireTimestamp } from './timestamp.js';

/** One video message's payload as the publisher sent it. */
export interface RawVideo {
  /** Decode time as on the wire: unsigned 32-bit ms. */
  readonly timestamp: WireTimestamp;
  /** Presentation minus decode time, signed ms (FLV E.4.3.1 CompositionTime). */
  readonly compositionTime: Milliseconds;
  /** The publisher's claim. What counts is whether the data holds an IDR picture. */
  readonly keyframe: boolean;
  /** Length-prefixed NAL units. */
  readonly data: Buffer;
  /** When its last byte arrived, ms since the Unix epoch. */
  readonly arrival: number;
}

/** One audio message's payload: a raw AAC frame. */
export interface RawAudio {
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
