import { AT_ONCE, type Rule } from '../rule.js';
import { times } from '../words.js';

/** So many jumps within the window are more than an accident. */
const MANY_JUMPS = 3;

export const timestampsJump: Rule = {
  code: 'TIMESTAMPS_JUMP',
  ...AT_ONCE,
  look({ figures, troubles: { jumps } }) {
    if (figures.jumps === 0) return undefined;
    return {
      severity: figures.jumps >= MANY_JUMPS ? 'problem' : 'warning',
      value: jumps,
      unit: 'count',
      message: `Timestamps have jumped ${times(jumps)} since the stream began; viewers see a break each time`,
      remedy: {
        what: 'check for sources that restart or loop, and that the computer does not fall asleep or set its clock',
        ffmpeg: '-fflags +genpts, -use_wallclock_as_timestamps 1 for a live input',
      },
    };
  },
};

export const formatChanges: Rule = {
  code: 'FORMAT_CHANGES',
  ...AT_ONCE,
  look({ figures, troubles }) {
    if (figures.formatChanges === 0) return undefined;
    return {
      severity: 'info',
      value: troubles.formatChanges,
      unit: 'count',
      message: `The tracks or their format have changed ${times(troubles.formatChanges)} since the stream began`,
      remedy: {
        what: 'keep size, codecs and sample rate as they are while live, and send sound from the start',
      },
    };
  },
};

export const mediaUnsupported: Rule = {
  code: 'MEDIA_UNSUPPORTED',
  ...AT_ONCE,
  look({ figures, troubles: { unsupported } }) {
    if (figures.unsupported === 0) return undefined;
    return {
      severity: 'problem',
      message: `Part of the stream is left out: ${unsupported}`,
      remedy: {
        what: 'send H.264 and AAC',
        obs: 'Settings > Output, Video Encoder and Audio Encoder',
        ffmpeg: '-c:v libx264 -c:a aac',
      },
    };
  },
};

export const messagesIgnored: Rule = {
  code: 'MESSAGES_IGNORED',
  ...AT_ONCE,
  look({ figures, troubles: { ignored, ignoredFor } }) {
    if (figures.ignored === 0) return undefined;
    return {
      severity: 'warning',
      value: ignored,
      unit: 'count',
      message: `Messages could not be used, ${times(ignored)} since the stream began: ${ignoredFor}`,
      remedy: { what: 'update the encoder; if it goes on, its output or the line to the server is damaged' },
    };
  },
};
