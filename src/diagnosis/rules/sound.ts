import { OBS_STREAMING } from '../advice.js';
import { CODEC_NAMES, heardSampleRate } from '../codec-format.js';
import { AT_ONCE, exceeds, STEADILY, type Rule } from '../rule.js';
import { kilohertz, seconds } from '../words.js';

const SAMPLE_RATES: readonly number[] = [44_100, 48_000];
/** Seconds of sound missing in the window. */
const HOLES = 0.2;

/** What plays where, for the codecs that do not play everywhere. */
const AUDIO_SUPPORT = {
  opus: 'not on older Apple devices',
  flac: 'not everywhere',
  ac3: 'in Safari and Edge only',
  eac3: 'in Safari and Edge only',
  mp3: 'not on every device',
} as const;

export const noSound: Rule = {
  code: 'NO_SOUND',
  ...AT_ONCE,
  look({ video, audio, claims }) {
    if (video === undefined || audio !== undefined) return undefined;
    const announced = claims.audioCodec !== undefined;
    return {
      severity: announced ? 'warning' : 'info',
      message: announced ? 'Sound is announced but none comes' : 'No sound is sent',
      remedy: {
        what: 'if there should be sound, add a source of it',
        obs: 'Settings > Audio, and look at the Audio Mixer',
        ffmpeg: '-map 0:a -c:a aac',
      },
    };
  },
};

export const noPicture: Rule = {
  code: 'NO_PICTURE',
  ...AT_ONCE,
  look({ video, audio, claims }) {
    if (audio === undefined || video !== undefined) return undefined;
    const announced = claims.videoCodec !== undefined;
    return {
      severity: announced ? 'problem' : 'info',
      message: announced ? 'A picture is announced but none comes that can be shown' : 'No picture is sent',
      remedy: {
        what: 'if there should be a picture, check the video encoder',
        obs: `${OBS_STREAMING}, Video Encoder`,
        ffmpeg: '-map 0:v -c:v libx264',
      },
    };
  },
};

export const audioCodecRare: Rule = {
  code: 'AUDIO_CODEC_RARE',
  ...AT_ONCE,
  look({ audio }) {
    if (audio === undefined || audio.codec === 'aac') return undefined;
    return {
      severity: audio.codec === 'mp3' || audio.codec === 'opus' ? 'info' : 'warning',
      message: `${CODEC_NAMES[audio.codec]} plays ${AUDIO_SUPPORT[audio.codec]}`,
      remedy: {
        what: 'send AAC to reach everybody',
        obs: `${OBS_STREAMING}, Audio Encoder: AAC`,
        ffmpeg: '-c:a aac',
      },
    };
  },
};

export const sampleRateUnusual: Rule = {
  code: 'SAMPLE_RATE_UNUSUAL',
  ...AT_ONCE,
  look({ audio }) {
    // Opus always runs at 48 kHz; what it states is where it came from.
    if (audio === undefined || audio.codec === 'opus') return undefined;
    const rate = heardSampleRate(audio);
    if (SAMPLE_RATES.includes(rate)) return undefined;
    return {
      severity: 'warning',
      value: rate,
      unit: 'Hz',
      message: `Sample rate is ${kilohertz(rate)}; not every device plays it`,
      remedy: { what: 'set it to 48 kHz', obs: 'Settings > Audio, Sample Rate', ffmpeg: '-ar 48000' },
    };
  },
};

export const channelsMany: Rule = {
  code: 'CHANNELS_MANY',
  ...AT_ONCE,
  look({ audio }) {
    if (audio === undefined || audio.channels <= 2) return undefined;
    return {
      severity: 'info',
      value: audio.channels,
      unit: 'count',
      message: `Sound has ${audio.channels} channels; some devices play the first two only`,
      remedy: { what: 'send stereo to be safe', obs: 'Settings > Audio, Channels: Stereo', ffmpeg: '-ac 2' },
    };
  },
};

export const soundHoles: Rule = {
  code: 'SOUND_HOLES',
  ...STEADILY,
  look({ figures }, found) {
    if (!exceeds(figures.soundHoles, HOLES, found)) return undefined;
    return {
      severity: 'warning',
      value: figures.soundHoles,
      unit: 's',
      message: `${seconds(figures.soundHoles)} of sound were missing in the last ${figures.seconds} s`,
      remedy: {
        what: 'check that the sound card and its sample rate are stable and that the computer keeps up',
        obs: 'Settings > Audio, Sample Rate: the same as in the system',
        ffmpeg: '-af aresample=async=1',
      },
    };
  },
};
