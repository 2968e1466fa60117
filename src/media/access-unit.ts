import type { Ticks } from './time.js';

/** One coded picture or one audio frame, placed on its track's timeline. */
export interface AccessUnit {
  /** Decode and presentation time in the track's timescale; 0 is the presentation start of the epoch. */
  readonly dts: Ticks;
  readonly pts: Ticks;
  /** Nominal duration; the true one is the distance to the next unit's dts. */
  readonly duration: Ticks;
  /** An IDR picture for video; always true for audio. */
  readonly keyframe: boolean;
  /** Video: length-prefixed NAL units (length size as in the track's record). Audio: one raw AAC frame. */
  readonly data: Buffer;
  /** When its last byte arrived from the publisher, in ms since the Unix epoch. */
  readonly arrival: number;
}
