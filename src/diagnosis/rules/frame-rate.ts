import { STANDARD_FRAME_RATES } from '../../media/frame-rate.js';
import { AT_ONCE, exceeds, STEADILY, type Rule } from '../rule.js';
import { framesPerSecond, percent } from '../words.js';

/** Share of frames off the grid from which a rate counts as variable. */
const VARIABLE_SHARE = 0.15;
/** Frames left out that are worth a word, and their share of all; and the share that everybody sees. */
const MISSING_LEAST = 5;
const MISSING_SHARE = 0.01;
const MISSING_VISIBLY = 0.1;
/** Screens and browsers that show more than this are few (fps). */
const FASTEST = 60;

export const frameRateVariable: Rule = {
  code: 'FRAME_RATE_VARIABLE',
  ...STEADILY,
  look({ figures }, found) {
    if (figures.frameRate === undefined || !exceeds(figures.strayShare, VARIABLE_SHARE, found))
      return undefined;
    return {
      severity: 'warning',
      value: figures.frameRate,
      unit: 'fps',
      message: `Frame rate is not steady, ${framesPerSecond(figures.frameRate)} on average`,
      remedy: {
        what: 'send a constant frame rate',
        obs: 'Settings > Video, Common FPS Values',
        ffmpeg: '-fps_mode cfr -r 30',
      },
    };
  },
};

export const frameRateUnusual: Rule = {
  code: 'FRAME_RATE_UNUSUAL',
  ...AT_ONCE,
  look({ video }) {
    if (video === undefined) return undefined;
    const { num, den } = video.frameRate;
    const rate = num / den;
    const isStandard = STANDARD_FRAME_RATES.some((standard) => standard.num * den === num * standard.den);
    if (isStandard && rate <= FASTEST) return undefined;
    const nearest = rate > FASTEST ? FASTEST : rate > 40 ? 50 : rate > 27 ? 30 : 25;
    return {
      severity: 'info',
      value: rate,
      unit: 'fps',
      message: `Frame rate is ${framesPerSecond(rate)}, ${rate > FASTEST ? 'more than most screens show' : 'which is not a standard one'}`,
      remedy: {
        what: `set it to ${nearest}`,
        obs: 'Settings > Video, Common FPS Values',
        ffmpeg: `-r ${nearest}`,
      },
    };
  },
};

export const framesMissing: Rule = {
  code: 'FRAMES_MISSING',
  ...STEADILY,
  look(facts, found) {
    const { missingShare, framesMissing: missing, seconds } = facts.figures;
    // Of a rate that is not steady nobody knows how many frames there should be.
    if (frameRateVariable.look(facts, found) !== undefined) return undefined;
    if (missing < MISSING_LEAST || !exceeds(missingShare, MISSING_SHARE, found)) return undefined;
    return {
      severity: missingShare > MISSING_VISIBLY ? 'problem' : 'warning',
      value: missing,
      unit: 'frames',
      message: `${missing} frames (${percent(missingShare)}) were left out in the last ${seconds} s`,
      remedy: {
        what: 'the encoder leaves out frames when its computer or its uplink does not keep up; lower the bit rate, the frame rate or the encoder preset',
        obs: 'Settings > Output, and see View > Stats for which of the two it is',
        ffmpeg: '-preset ultrafast or a smaller -b:v',
      },
    };
  },
};
