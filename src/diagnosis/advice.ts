import type { EncoderFamily } from './encoder.js';

/** What helps, and where that is set. */
export interface Remedy {
  /** An imperative without a full stop: `set it to 2 s`. */
  readonly what: string;
  /** The place in OBS Studio's settings. */
  readonly obs?: string;
  /** ffmpeg's options. */
  readonly ffmpeg?: string;
}

/** Where most of what matters is set in OBS Studio. */
export const OBS_STREAMING = 'Settings > Output > Streaming (Output Mode: Advanced)';

/** The remedy as a sentence in the encoder's own terms, or in OBS Studio's and ffmpeg's where it is another. */
export function adviseOn({ what, obs, ffmpeg }: Remedy, family: EncoderFamily): string {
  const inObs = obs === undefined || family === 'ffmpeg' ? undefined : `in OBS under ${obs}`;
  const inFfmpeg = ffmpeg === undefined || family === 'obs' ? undefined : `with ffmpeg ${ffmpeg}`;
  const places = [inObs, inFfmpeg].filter((place) => place !== undefined);
  const sentence = places.length === 0 ? what : `${what}: ${places.join('; ')}`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
