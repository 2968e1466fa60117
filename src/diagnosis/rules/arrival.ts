import { OBS_STREAMING } from '../advice.js';
import { exceeds, STEADILY, type Rule } from '../rule.js';
import { seconds } from '../words.js';

/** Seconds by which the newest units are later than the quickest of the window. */
const LATE = 1;
const VERY_LATE = 4;
/** Seconds by which media runs ahead of its time. */
const AHEAD = 2;
/** Seconds of the window that came in bursts, at least and as a share. */
const BURSTS = 2;
const BURST_SHARE = 0.2;
/** Seconds between the arrivals of sound and picture of the same instant. */
const APART = 0.7;
const FAR_APART = 3;
/** Seconds without a unit after which a track has stopped. */
const STOPPED = 3;

/** Not at the first look, which a track that has just come has behind it. */
const SOON = { appearsAfter: 2, goesAfter: 2 };

export const arrivesLate: Rule = {
  code: 'ARRIVES_LATE',
  ...STEADILY,
  look({ figures: { delay } }, found) {
    if (!exceeds(delay, LATE, found)) return undefined;
    return {
      severity: delay > VERY_LATE ? 'problem' : 'warning',
      value: delay,
      unit: 's',
      message: `The stream has fallen ${seconds(delay)} behind: the uplink does not keep up`,
      remedy: {
        what: 'lower the bit rate to three quarters of what the uplink measures, and use a cable instead of Wi-Fi',
        obs: `${OBS_STREAMING}, Bitrate`,
        ffmpeg: '-b:v and -maxrate',
      },
    };
  },
};

export const arrivesInBursts: Rule = {
  code: 'ARRIVES_IN_BURSTS',
  ...STEADILY,
  look(facts, found) {
    const { burstySeconds, widestBurst, seconds: window } = facts.figures;
    // A line that is too slow, or a sender that is too fast, spreads the arrivals of every second.
    if (arrivesLate.look(facts, found) ?? arrivesTooFast.look(facts, found)) return undefined;
    if (!exceeds(burstySeconds, Math.max(BURSTS, window * BURST_SHARE), found)) return undefined;
    return {
      severity: 'warning',
      value: widestBurst,
      unit: 's',
      message: `Frames arrive in bursts, up to ${seconds(widestBurst)} at once`,
      remedy: {
        what: 'use a cable instead of Wi-Fi, lower the bit rate, and let the encoder send every frame at once',
        obs: 'Settings > Advanced, Network: Enable network optimizations',
        ffmpeg: '-re in front of a file, -flush_packets 1',
      },
    };
  },
};

export const arrivesTooFast: Rule = {
  code: 'ARRIVES_TOO_FAST',
  ...STEADILY,
  look({ figures: { ahead } }, found) {
    if (!exceeds(ahead, AHEAD, found)) return undefined;
    return {
      severity: 'problem',
      value: ahead,
      unit: 's',
      message: 'The stream is sent faster than it plays; viewers cannot follow',
      remedy: { what: 'send in real time', ffmpeg: '-re in front of the -i of a file' },
    };
  },
};

export const tracksApart: Rule = {
  code: 'TRACKS_APART',
  ...STEADILY,
  look({ figures: { skew = 0 } }, found) {
    const apart = Math.abs(skew);
    if (!exceeds(apart, APART, found)) return undefined;
    const [late, early] = skew > 0 ? ['Sound', 'its picture'] : ['The picture', 'its sound'];
    return {
      severity: apart > FAR_APART ? 'problem' : 'warning',
      value: apart,
      unit: 's',
      message: `${late} arrives ${seconds(apart)} after ${early}; viewers wait for the later of the two`,
      remedy: {
        what: 'look for a delay that is set on one of them',
        obs: 'Advanced Audio Properties, Sync Offset',
        ffmpeg: '-max_interleave_delta, or the -itsoffset of an input',
      },
    };
  },
};

export const soundStopped: Rule = {
  code: 'SOUND_STOPPED',
  ...SOON,
  look({ audio, figures: { soundPause } }) {
    if (audio === undefined || soundPause < STOPPED) return undefined;
    return {
      severity: 'problem',
      value: soundPause,
      unit: 's',
      message: `No sound has come for ${seconds(soundPause)} while the picture goes on`,
      remedy: { what: 'check the audio device', obs: 'Settings > Audio, and look at the Audio Mixer' },
    };
  },
};

export const pictureStopped: Rule = {
  code: 'PICTURE_STOPPED',
  ...SOON,
  look({ video, figures: { picturePause } }) {
    if (video === undefined || picturePause < STOPPED) return undefined;
    return {
      severity: 'problem',
      value: picturePause,
      unit: 's',
      message: `No picture has come for ${seconds(picturePause)} while the sound goes on`,
      remedy: { what: 'check the camera, the capture and the video encoder', obs: 'View > Stats' },
    };
  },
};
