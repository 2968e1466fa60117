import type { Rational, Ticks } from './time.js';

/** What a decoder and a playlist need to know of a video track. Fixed for the life of an epoch. */
export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: 'avc';
  /** RFC 6381, taken from the record itself: `avc1.64001f`. */
  readonly codecString: string;
  /** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), byte for byte as the encoder sent it. */
  readonly decoderConfig: Buffer;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pixels after the sample aspect ratio is applied: what RESOLUTION states. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly frameRate: Rational;
  /**
   * How far presentation may run ahead of decoding, because of B-frames. Files raise every composition offset by it, so
   * that none is negative, and take it off again in an edit list: the form that every player reads right.
   */
  readonly compositionShift: Ticks;
  /** Always 90000. */
  readonly timescale: number;
}

/** What a decoder and a playlist need to know of an audio track. Fixed for the life of an epoch. */
export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: 'aac';
  /** RFC 6381: `mp4a.40.2`. */
  readonly codecString: string;
  /** AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), byte for byte as the encoder sent it. */
  readonly decoderConfig: Buffer;
  readonly sampleRate: number;
  readonly channels: number;
  /** Ticks of one access unit: 1024 (960 where the configuration says so). */
  readonly frameSamples: number;
  /** Always the sample rate. */
  readonly timescale: number;
}

export type Track = VideoTrack | AudioTrack;
