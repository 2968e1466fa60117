/** What the encoder says of its stream in its metadata; shown and compared with the stream, never relied on. */
export interface EncoderClaims {
  readonly encoder?: string | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Frames per second. */
  readonly frameRate?: number | undefined;
  readonly audioSampleRate?: number | undefined;
  readonly audioChannels?: number | undefined;
  /** An FLV codec id, or a FourCC as text. */
  readonly videoCodec?: number | string | undefined;
  readonly audioCodec?: number | string | undefined;
}
