import { OBS_STREAMING } from '../advice.js';
import { AT_ONCE, exceeds, STEADILY, type Rule, type StreamFacts } from '../rule.js';
import { seconds } from '../words.js';

/** What is asked for, whatever longer segments would allow (s): how fast viewers join and change quality. */
const RECOMMENDED = 2;
/** The keyframe interval is too long at so many segments, and a problem at so many seconds. */
const LONG_SEGMENTS = 1.5;
const VERY_LONG = 5;
/** Shorter than this costs bit rate for nothing (s). */
const SHORT = 0.45;
/** Distances that differ by more than this (s), and by this share of the longest, are irregular. */
const IRREGULAR = 0.5;
const IRREGULAR_SHARE = 0.25;

const recommended = ({ segmentTarget }: StreamFacts): number => Math.min(RECOMMENDED, segmentTarget);

function frames({ video }: StreamFacts, interval: number): string {
  const rate = video === undefined ? 30 : video.frameRate.num / video.frameRate.den;
  return String(Math.max(1, Math.round(rate * interval)));
}

const remedy = (facts: StreamFacts) => ({
  what: `set it to ${seconds(recommended(facts))}`,
  obs: `${OBS_STREAMING}, Keyframe Interval`,
  ffmpeg: `-g ${frames(facts, recommended(facts))}`,
});

export const keyframesRare: Rule = {
  code: 'KEYFRAMES_RARE',
  appearsAfter: 1,
  goesAfter: 10,
  look(facts, found) {
    const { keyframes, sinceKeyframe, segmentTarget, video } = facts;
    if (video === undefined) return undefined;
    const longest = Math.max(keyframes?.longest ?? 0, sinceKeyframe);
    if (!exceeds(longest, segmentTarget * LONG_SEGMENTS, found)) return undefined;
    const known = keyframes !== undefined && keyframes.longest >= sinceKeyframe;
    return {
      severity: longest > Math.max(VERY_LONG, segmentTarget * LONG_SEGMENTS) ? 'problem' : 'warning',
      value: longest,
      unit: 's',
      message: known
        ? `Keyframe interval is ${isEven(facts) ? '' : 'up to '}${seconds(longest)}`
        : `No keyframe for ${seconds(longest)}`,
      remedy: known
        ? remedy(facts)
        : { ...remedy(facts), what: `set the interval to ${seconds(recommended(facts))}` },
    };
  },
};

export const keyframesIrregular: Rule = {
  code: 'KEYFRAMES_IRREGULAR',
  appearsAfter: 3,
  goesAfter: 10,
  look(facts, found) {
    const { keyframes } = facts;
    if (keyframes === undefined || isEven(facts) || keyframesRare.look(facts, found) !== undefined)
      return undefined;
    const { shortest, longest } = keyframes;
    return {
      severity: 'info',
      value: longest - shortest,
      unit: 's',
      message: `Keyframes are between ${seconds(shortest)} and ${seconds(longest)} apart`,
      remedy: {
        what: 'turn off keyframes at scene cuts',
        obs: `${OBS_STREAMING}, x264 Options: scenecut=0`,
        ffmpeg: '-sc_threshold 0',
      },
    };
  },
};

export const keyframesFrequent: Rule = {
  code: 'KEYFRAMES_FREQUENT',
  ...STEADILY,
  look(facts, found) {
    const { keyframes } = facts;
    if (keyframes === undefined || !exceeds(1 / keyframes.mean, 1 / SHORT, found)) return undefined;
    return {
      severity: 'info',
      value: keyframes.mean,
      unit: 's',
      message: `Keyframe interval is ${seconds(keyframes.mean)}, which costs bit rate for nothing`,
      remedy: remedy(facts),
    };
  },
};

export const bFrames: Rule = {
  code: 'B_FRAMES',
  ...AT_ONCE,
  goesAfter: 10,
  look({ figures, video }) {
    if (video === undefined || figures.bFrames === 0) return undefined;
    // The first of them is sent behind the frame that is shown after the last.
    const delay = (figures.bFrames * video.frameRate.den) / video.frameRate.num;
    return {
      severity: 'info',
      value: figures.bFrames,
      unit: 'frames',
      message: `${figures.bFrames === 1 ? 'A B-frame' : `${figures.bFrames} B-frames`} in a row cost ${milliseconds(delay)} of latency`,
      remedy: {
        what: 'for the lowest delay turn them off',
        obs: `${OBS_STREAMING}, Max B-frames: 0, or Tune: zerolatency`,
        ffmpeg: '-bf 0, or -tune zerolatency',
      },
    };
  },
};

const milliseconds = (value: number): string => `${Math.round(value * 1000)} ms`;

function isEven({ keyframes }: StreamFacts): boolean {
  if (keyframes === undefined) return true;
  const { shortest, longest } = keyframes;
  return longest - shortest <= Math.max(IRREGULAR, longest * IRREGULAR_SHARE);
}
