import { parseAudioSpecificConfig, type AacConfig } from './aac-config.js';
import { parseAvcConfig, type AvcConfig } from './avc-config.js';
import { VIDEO_TIMESCALE, type Rational, type Ticks } from './time.js';
import { videoRangeOf } from './video-range.js';
import type { AudioTrack, VideoTrack } from './track.js';

/**
 * The track of an AVCDecoderConfigurationRecord whose composition offsets are as low as -`compositionShift`. Throws MEDIA_BAD_CONFIG unless an already `parsed` one is
 * given.
 */
export function describeVideoTrack(
  record: Buffer,
  frameRate: Rational,
  parsed: AvcConfig = parseAvcConfig(record),
  compositionShift: Ticks = 0,
): VideoTrack {
  const { codecString, width, height, displayWidth, displayHeight, sampleAspectRatio, colour } = parsed;
  return {
    kind: 'video',
    codec: 'avc',
    codecString,
    decoderConfig: record,
    width,
    height,
    displayWidth,
    displayHeight,
    sampleAspectRatio,
    frameRate,
    colour,
    videoRange: videoRangeOf(colour),
    compositionShift,
    timescale: VIDEO_TIMESCALE,
  };
}

/** The track of an AudioSpecificConfig. Throws MEDIA_BAD_CONFIG or MEDIA_UNSUPPORTED unless a `parsed` one is given. */
export function describeAudioTrack(
  asc: Buffer,
  parsed: AacConfig = parseAudioSpecificConfig(asc),
): AudioTrack {
  const { codecString, sampleRate, channels, frameSamples } = parsed;
  return {
    kind: 'audio',
    codec: 'aac',
    codecString,
    decoderConfig: asc,
    sampleRate,
    channels,
    frameSamples,
    timescale: sampleRate,
  };
}
