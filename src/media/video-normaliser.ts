import type { CodecConfig, VideoCodec } from './codec.js';

/** A configuration without its track. */
export type NewVideoConfig = Pick<CodecConfig<VideoCodec>, 'record' | 'size'>;

/** What becomes of one message's payload. */
export interface NormalUnit {
  /** The configuration that this unit and what follows it go by, where that is a new one. */
  readonly config: NewVideoConfig | undefined;
  /** The unit as its configuration promises it, the very same bytes where they were right; undefined for none. */
  readonly data: Buffer | undefined;
}

/**
 * Brings what an encoder sends on one track into the form that files need, whatever liberties it takes: start codes for
 * lengths, parameter sets in its frames only, temporal delimiters, a size that stands nowhere but in keyframes.
 */
export interface VideoNormaliser {
  /**
   * Takes a record in. The configuration to go by from here on; undefined when nothing changes, or while a frame has to
   * complete it.
   * @throws MillraceError MEDIA_BAD_CONFIG, and then goes on with the one before
   */
  config(record: Buffer): NewVideoConfig | undefined;
  unit(data: Buffer): NormalUnit;
}
