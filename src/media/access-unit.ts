import type { Ticks } from './time.js';

/** One coded picture or one audio frame, placed on its track's timeline. */
export interface AccessUnit {
  /** Decode and presentation time in the track's timescale; 0 is the presentation start of the epoch. */
  readonly dts: Ticks;
  readonly pts: Ticks;
  /** Nominal duration; the true one is the distance to the next unit's dts. */
  readonly duration: Ticks;
  /** Decoding may begin here: see `VideoUnitShape`. Always true for audio. */
  readonly keyframe: boolean;
  /** Video: as `RawVideo.data`, lengths as in the track's record. Audio: one frame of the codec. */
  readonly data: Buffer;
  /** When its last byte arrived from the publisher, in ms since the Unix epoch. */
  readonly arrival: number;
}
