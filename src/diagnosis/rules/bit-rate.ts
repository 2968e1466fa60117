import type { VideoTrack } from '../../media/track.js';
import { OBS_STREAMING } from '../advice.js';
import { exceeds, STEADILY, type Rule } from '../rule.js';
import { bitsPerSecond } from '../words.js';

/** Bits per pixel with which busy pictures look right: 6.2 Mb/s at 1920x1080 and 30 fps. */
const ENOUGH = { avc: 0.1, hevc: 0.065, av1: 0.055, vp9: 0.065 } as const;
/** So many times what is enough is too much, unless it is below what any line carries (b/s). */
const TOO_MUCH = 2.5;
const HARMLESS = 4_000_000;
/** Below this share of what it was the bit rate has dipped. */
const DIPPED = 0.35;
/** Too little of the window to know what it was, in seconds. */
const SHORTEST_WINDOW = 15;

export const bitrateHigh: Rule = {
  code: 'BITRATE_HIGH',
  ...STEADILY,
  look({ video, figures: { videoBitrate, frameRate } }, found) {
    if (video === undefined || frameRate === undefined) return undefined;
    const enough = enoughFor(video, frameRate);
    if (!exceeds(videoBitrate, Math.max(HARMLESS, enough * TOO_MUCH), found)) return undefined;
    const rounded = Math.ceil(enough / 500_000) * 500;
    return {
      severity: 'warning',
      value: videoBitrate,
      unit: 'b/s',
      message: `Video bit rate is ${bitsPerSecond(videoBitrate)}, far more than ${video.width}x${video.height} needs; viewers with slower lines cannot watch the source`,
      remedy: {
        what: `set it to about ${rounded} kb/s`,
        obs: `${OBS_STREAMING}, Bitrate`,
        ffmpeg: `-b:v ${rounded}k -maxrate ${rounded}k -bufsize ${rounded}k`,
      },
    };
  },
};

export const bitrateDips: Rule = {
  code: 'BITRATE_DIPS',
  ...STEADILY,
  look({ video, keyframes, sinceKeyframe, figures }, found) {
    const { recentVideoBitrate, videoBitrate, seconds } = figures;
    if (video === undefined || seconds < SHORTEST_WINDOW) return undefined;
    // Between keyframes that are far apart the bit rate is low in a still picture, and that is right.
    if (Math.max(keyframes?.longest ?? Infinity, sinceKeyframe) > 4) return undefined;
    if (!exceeds(videoBitrate / recentVideoBitrate, 1 / DIPPED, found)) return undefined;
    return {
      severity: 'info',
      value: recentVideoBitrate,
      unit: 'b/s',
      message: `Video bit rate has fallen from ${bitsPerSecond(videoBitrate)} to ${bitsPerSecond(recentVideoBitrate)}`,
      remedy: {
        what: 'fine for a still picture; else the encoder has lowered it for a slow uplink, or its rate control is not constant',
        obs: `${OBS_STREAMING}, Rate Control: CBR, and Settings > Advanced, Dynamically change bitrate`,
        ffmpeg: '-maxrate and -bufsize beside -b:v',
      },
    };
  },
};

const enoughFor = ({ width, height, codec }: VideoTrack, frameRate: number): number =>
  width * height * Math.min(frameRate, 60) * ENOUGH[codec];
