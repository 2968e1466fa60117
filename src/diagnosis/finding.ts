/**
 * Everything that can be found wrong with a publisher's stream, each under a stable code; match on the code, never on the
 * message. `docs/diagnosis.md` lists them all and a test keeps that list complete.
 */
export const FINDING_CODES = {
  // keyframes and frames
  KEYFRAMES_RARE: 'the keyframe interval is too long',
  KEYFRAMES_IRREGULAR: 'the distance between keyframes varies',
  KEYFRAMES_FREQUENT: 'the keyframe interval is wastefully short',
  FRAME_RATE_VARIABLE: 'frames do not come at a steady rate',
  FRAME_RATE_UNUSUAL: 'the frame rate is not a standard one',
  FRAMES_MISSING: 'frames are left out',
  B_FRAMES: 'B-frames cost latency',
  // format of the picture
  VIDEO_CODEC_RARE: 'many browsers cannot play the video codec',
  PIXEL_FORMAT: 'most browsers cannot play the chroma format or bit depth',
  INTERLACED: 'the picture is interlaced',
  SIZE_UNEVEN: 'the width or height is not an even number',
  HDR: 'the picture is HDR',
  // sound
  NO_SOUND: 'there is no sound',
  NO_PICTURE: 'there is no picture',
  AUDIO_CODEC_RARE: 'many browsers cannot play the audio codec',
  SAMPLE_RATE_UNUSUAL: 'the sample rate is neither 44.1 nor 48 kHz',
  CHANNELS_MANY: 'there are more than two audio channels',
  SOUND_HOLES: 'pieces of the sound are missing',
  // bit rate
  BITRATE_HIGH: 'the bit rate is far above what the picture size needs',
  BITRATE_DIPS: 'the bit rate has fallen far below what it was',
  // time
  ARRIVES_LATE: 'the uplink does not keep up',
  ARRIVES_IN_BURSTS: 'the stream arrives in bursts',
  ARRIVES_TOO_FAST: 'the stream is sent faster than it plays',
  PICTURE_STOPPED: 'the sound goes on without a picture',
  SOUND_STOPPED: 'the picture goes on without sound',
  TRACKS_APART: 'sound and picture of the same instant arrive far apart',
  TIMESTAMPS_JUMP: 'the timestamps jump or run backward',
  FORMAT_CHANGES: 'the tracks or their format change during the stream',
  // what is said and what is sent
  METADATA_WRONG: 'the metadata contradict the stream',
  MEDIA_UNSUPPORTED: 'something in a format that cannot be carried is sent',
  MESSAGES_IGNORED: 'messages could not be used',
} as const;

export type FindingCode = keyof typeof FINDING_CODES;

/** `problem`: viewers notice. `warning`: some viewers do, or soon will. `info`: works, and could be better. */
export type Severity = 'info' | 'warning' | 'problem';

/** Something that is wrong with the stream now, in words that a streamer understands. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What was measured, in `unit`; undefined where there is nothing to measure. */
  readonly value: number | undefined;
  readonly unit: Unit | undefined;
  /** One sentence that names the measured value. */
  readonly message: string;
  /** What to do about it, in terms of the encoder's settings. */
  readonly advice: string;
  /** When it appeared, ms since the Unix epoch. */
  readonly since: number;
}

export type Unit = 's' | 'fps' | 'b/s' | 'Hz' | 'frames' | 'count' | 'pixels';
