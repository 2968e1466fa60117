import type { AudioConfig } from './audio-config.js';
import { VIDEO_TIMESCALE, type Rational, type Ticks } from './time.js';
import type { AudioTrack, StatedColour, VideoTrack } from './track.js';
import type { VideoConfig } from './video-config.js';
import { videoRangeOf } from './video-range.js';

/** What a video configuration does not say of its track. */
export interface VideoTrackFacts {
  readonly frameRate: Rational;
  /** Composition offsets are as low as minus this; 0 where nothing is said. */
  readonly compositionShift?: Ticks;
  /** Colour stated beside the bitstream, which goes before the bitstream's own; the range stays the bitstream's. */
  readonly statedColour?: StatedColour | undefined;
}

/** The track of a video configuration. */
export function describeVideoTrack(config: VideoConfig, facts: VideoTrackFacts): VideoTrack {
  const { codec, codecString, decoderConfig, width, height, displayWidth, displayHeight } = config;
  const { frameRate, compositionShift = 0, statedColour } = facts;
  const colour =
    statedColour === undefined
      ? config.colour
      : { ...statedColour, fullRange: config.colour?.fullRange ?? false };
  return {
    kind: 'video',
    codec,
    codecString,
    decoderConfig,
    width,
    height,
    displayWidth,
    displayHeight,
    sampleAspectRatio: config.sampleAspectRatio,
    frameRate,
    colour,
    videoRange: videoRangeOf(colour),
    compositionShift,
    timescale: VIDEO_TIMESCALE,
  };
}

/** The track of an audio configuration. `frameSamples`: ticks of one access unit, see `inspectAudioUnit`. */
export function describeAudioTrack(config: AudioConfig, frameSamples: number): AudioTrack {
  const { codec, codecString, decoderConfig, sampleRate, channels } = config;
  return {
    kind: 'audio',
    codec,
    codecString,
    decoderConfig,
    sampleRate,
    channels,
    frameSamples,
    timescale: sampleRate,
  };
}
