/** Codings of pictures that are carried. */
export type VideoCodec = 'avc' | 'hevc' | 'av1' | 'vp9';

/** Codings of sound that are carried. */
export type AudioCodec = 'aac' | 'opus' | 'flac' | 'ac3' | 'eac3' | 'mp3';

/** The number by which an encoder tells its tracks of one kind apart (Enhanced RTMP v2, Multitrack); 0 is the default. */
export type TrackId = number;

/** Width and height in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A decoder configuration as the encoder sent it, or as its frames state it. */
export interface CodecConfig<Codec extends VideoCodec | AudioCodec> {
  readonly track: TrackId;
  readonly codec: Codec;
  /**
   * The codec's own record; see `decoderConfig` of `VideoTrack` and `AudioTrack`. Of AC-3 and E-AC-3 the content of
   * `dac3` or `dec3`, of MP3 a frame header.
   */
  readonly record: Buffer;
  /** VP9 only, whose record does not say: from a keyframe. */
  readonly size?: PictureSize;
}

/** True when a decoder that knows the one needs nothing new for the other. */
export const sameConfig = (
  a: Omit<CodecConfig<VideoCodec | AudioCodec>, 'track'>,
  b: Omit<CodecConfig<VideoCodec | AudioCodec>, 'track'>,
): boolean =>
  a.codec === b.codec &&
  a.record.equals(b.record) &&
  a.size?.width === b.size?.width &&
  a.size?.height === b.size?.height;
