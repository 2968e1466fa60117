/** Codings of pictures that are carried. */
export type VideoCodec = 'avc' | 'hevc' | 'av1' | 'vp9';

/** Codings of sound that are carried. */
export type AudioCodec = 'aac' | 'opus' | 'flac' | 'ac3' | 'eac3' | 'mp3';

/** The number by which an encoder tells its tracks of one kind apart (Enhanced RTMP v2, Multitrack); 0 is the default. */
export type TrackId = number;

/** A decoder configuration as the encoder sent it. */
export interface CodecConfig<Codec extends VideoCodec | AudioCodec> {
  readonly track: TrackId;
  readonly codec: Codec;
  /** The codec's own record; see `decoderConfig` of `VideoTrack` and `AudioTrack`. */
  readonly record: Buffer;
}
