import type { AudioCodec, TrackId, VideoCodec } from './codec.js';
import type { Rational, Ticks } from './time.js';

/** What VIDEO-RANGE states (RFC 8216bis 4.4.6.2): by the transfer characteristics. */
export type VideoRange = 'SDR' | 'PQ' | 'HLG';

/** Code points of ITU-T H.273, as in a `colr` box of type `nclx`. */
export interface Colour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
}

/** Colour stated beside the bitstream, which says nothing of the range. */
export type StatedColour = Omit<Colour, 'fullRange'>;

/** What a decoder and a playlist need to know of a video track. Fixed for the life of an epoch. */
export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381, taken from the record itself: `avc1.64001f`, `hvc1.1.6.L93.B0`, `av01.0.04M.08`, `vp09.00.31.08`. */
  readonly codecString: string;
  /**
   * Byte for byte as the encoder sent it, or made of what its frames state: AVCDecoderConfigurationRecord
   * (ISO/IEC 14496-15 5.3.3.1), HEVCDecoderConfigurationRecord (8.3.3.1), AV1CodecConfigurationRecord (AV1 in ISOBMFF
   * 2.3.3), or the VPCodecConfigurationRecord (VP in ISOBMFF) that stands in `vpcC` after its version and flags.
   */
  readonly decoderConfig: Buffer;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pixels after the sample aspect ratio is applied: what RESOLUTION states. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly sampleAspectRatio: Rational;
  readonly frameRate: Rational;
  /** Undefined where the stream does not say. */
  readonly colour: Colour | undefined;
  readonly videoRange: VideoRange;
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
  readonly codec: AudioCodec;
  /** RFC 6381: `mp4a.40.2`, `opus`, `fLaC`, `ac-3`, `ec-3`, `mp4a.40.34`. */
  readonly codecString: string;
  /**
   * AAC: AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), Opus: identification header (RFC 7845 5.1), FLAC: STREAMINFO
   * block with its header. AC-3 and E-AC-3: the content of `dac3` or `dec3` (ETSI TS 102 366 annex F), made from the
   * first frame. MP3: empty.
   */
  readonly decoderConfig: Buffer;
  readonly sampleRate: number;
  readonly channels: number;
  /** Ticks of one access unit: 1024 for AAC (960 where the configuration says so), by the first frame for others. */
  readonly frameSamples: number;
  /** Always the sample rate. */
  readonly timescale: number;
}

export type Track = VideoTrack | AudioTrack;

/** A track beside the default one of its kind: another size of the same picture, or another language. */
export interface AlternateTrack {
  readonly id: TrackId;
  readonly track: Track;
}
