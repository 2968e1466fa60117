import type { AudioTrack, Colour, VideoRange, VideoTrack } from '../media/track.js';
import { heardSampleRate, type PictureFormat } from './codec-format.js';
import type { Finding } from './finding.js';
import type { KeyframeInterval } from './keyframe-distances.js';
import type { StreamFacts } from './rule.js';

/** What a publisher sends and what is wrong with it, at one instant. Bit rates in bits per second, times in seconds. */
export interface PublisherReport {
  /** What the encoder calls itself; empty where it does not say. Untrusted text. */
  readonly encoder: string;
  readonly video: VideoReport | undefined;
  readonly audio: AudioReport | undefined;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

export interface VideoReport extends PictureFormat {
  readonly codec: VideoTrack['codec'];
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  /** The nominal one, by the frame grid. */
  readonly frameRate: number;
  /** Frames that really came for each second; undefined until it is known. As all that follows where it may be undefined. */
  readonly measuredFrameRate: number | undefined;
  readonly bitrate: number | undefined;
  readonly keyframeInterval: Omit<KeyframeInterval, 'shortest'> | undefined;
  /** In a row; 0 without any. */
  readonly bFrames: number;
  readonly colour: Colour | undefined;
  readonly videoRange: VideoRange;
}

export interface AudioReport {
  readonly codec: AudioTrack['codec'];
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitrate: number | undefined;
}

export function reportOf(facts: StreamFacts, encoder: string, findings: readonly Finding[]): PublisherReport {
  return { encoder, video: videoReport(facts), audio: audioReport(facts), findings };
}

function videoReport({ video, format, figures, keyframes }: StreamFacts): VideoReport | undefined {
  if (video === undefined || format === undefined) return undefined;
  const { codec, codecString, width, height, frameRate, colour, videoRange } = video;
  return {
    ...format,
    codec,
    codecString,
    width,
    height,
    frameRate: frameRate.num / frameRate.den,
    measuredFrameRate: figures.frameRate,
    bitrate: figures.seconds === 0 ? undefined : figures.videoBitrate,
    keyframeInterval: keyframes && {
      last: keyframes.last,
      longest: keyframes.longest,
      mean: keyframes.mean,
    },
    bFrames: figures.bFrames,
    colour,
    videoRange,
  };
}

function audioReport({ audio, figures }: StreamFacts): AudioReport | undefined {
  if (audio === undefined) return undefined;
  const { codec, codecString, channels } = audio;
  const bitrate = figures.seconds === 0 ? undefined : figures.audioBitrate;
  return { codec, codecString, sampleRate: heardSampleRate(audio), channels, bitrate };
}
