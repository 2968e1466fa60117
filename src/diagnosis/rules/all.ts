import type { Rule } from '../rule.js';
import {
  arrivesInBursts,
  arrivesLate,
  arrivesTooFast,
  pictureStopped,
  soundStopped,
  tracksApart,
} from './arrival.js';
import { bitrateDips, bitrateHigh } from './bit-rate.js';
import { framesMissing, frameRateUnusual, frameRateVariable } from './frame-rate.js';
import { bFrames, keyframesFrequent, keyframesIrregular, keyframesRare } from './keyframes.js';
import { metadataWrong } from './metadata.js';
import { hdr, interlaced, pixelFormat, sizeUneven, videoCodecRare } from './picture.js';
import { audioCodecRare, channelsMany, noPicture, noSound, sampleRateUnusual, soundHoles } from './sound.js';
import { formatChanges, mediaUnsupported, messagesIgnored, timestampsJump } from './trouble.js';

/** One for each finding code. */
export const RULES: readonly Rule[] = [
  keyframesRare,
  keyframesIrregular,
  keyframesFrequent,
  frameRateVariable,
  frameRateUnusual,
  framesMissing,
  bFrames,
  videoCodecRare,
  pixelFormat,
  interlaced,
  sizeUneven,
  hdr,
  noSound,
  noPicture,
  audioCodecRare,
  sampleRateUnusual,
  channelsMany,
  soundHoles,
  bitrateHigh,
  bitrateDips,
  arrivesLate,
  arrivesInBursts,
  arrivesTooFast,
  pictureStopped,
  soundStopped,
  tracksApart,
  timestampsJump,
  formatChanges,
  metadataWrong,
  mediaUnsupported,
  messagesIgnored,
];
