import { OBS_STREAMING } from '../advice.js';
import { CODEC_NAMES } from '../codec-format.js';
import { AT_ONCE, type Rule } from '../rule.js';

/** What plays where, for the codecs that do not play everywhere. */
const VIDEO_SUPPORT = {
  hevc: 'Safari and, with the right hardware, Chrome and Edge',
  av1: 'Chrome, Firefox, Edge and the newest Apple devices',
  vp9: 'Chrome, Firefox and Edge',
} as const;

export const videoCodecRare: Rule = {
  code: 'VIDEO_CODEC_RARE',
  ...AT_ONCE,
  look({ video }) {
    if (video === undefined || video.codec === 'avc') return undefined;
    return {
      severity: 'warning',
      message: `${CODEC_NAMES[video.codec]} plays in ${VIDEO_SUPPORT[video.codec]} only`,
      remedy: {
        what: 'send H.264 to reach everybody',
        obs: `${OBS_STREAMING}, Video Encoder: x264 or a hardware H.264 encoder`,
        ffmpeg: '-c:v libx264',
      },
    };
  },
};

export const pixelFormat: Rule = {
  code: 'PIXEL_FORMAT',
  ...AT_ONCE,
  look({ video, format }) {
    if (video === undefined || format === undefined) return undefined;
    const { chroma = '4:2:0', bitDepth = 8, profile } = format;
    const plain = chroma === '4:2:0' || chroma === '4:0:0';
    // Ten bits are at home in the newer codecs; in H.264 next to no browser has them.
    if (plain && (bitDepth === 8 || (bitDepth === 10 && video.codec !== 'avc'))) return undefined;
    const coding =
      profile?.includes(chroma) === true ? profile : [profile, chroma].filter(Boolean).join(', ');
    return {
      severity: 'problem',
      message: `Most browsers cannot play ${CODEC_NAMES[video.codec]} in this form: ${coding}, ${bitDepth} bits`,
      remedy: {
        what: 'send 8 bits with 4:2:0 chroma',
        obs: 'Settings > Advanced, Color Format: NV12',
        ffmpeg: '-pix_fmt yuv420p',
      },
    };
  },
};

export const interlaced: Rule = {
  code: 'INTERLACED',
  ...AT_ONCE,
  look({ format }) {
    if (format?.scan !== 'interlaced') return undefined;
    return {
      severity: 'warning',
      message: 'The picture is interlaced; moving edges look like combs on screens',
      remedy: {
        what: 'send it progressive',
        obs: "the source's context menu, Deinterlacing",
        ffmpeg: '-vf bwdif, without -flags +ildct',
      },
    };
  },
};

export const sizeUneven: Rule = {
  code: 'SIZE_UNEVEN',
  ...AT_ONCE,
  look({ video }) {
    if (video === undefined) return undefined;
    const { width, height } = video;
    if (width % 2 === 0 && height % 2 === 0) return undefined;
    return {
      severity: 'warning',
      value: width % 2 === 0 ? height : width,
      unit: 'pixels',
      message: `Picture size is ${width}x${height}; some decoders and encoders refuse uneven sizes`,
      remedy: {
        what: `send ${width - (width % 2)}x${height - (height % 2)} or a standard size`,
        obs: 'Settings > Video, Output (Scaled) Resolution',
        ffmpeg: '-vf scale=trunc(iw/2)*2:trunc(ih/2)*2',
      },
    };
  },
};

export const hdr: Rule = {
  code: 'HDR',
  ...AT_ONCE,
  look({ video }) {
    if (video === undefined || video.videoRange === 'SDR') return undefined;
    return {
      severity: 'info',
      message: `The picture is HDR (${video.videoRange}); on screens without HDR its colours may look pale`,
      remedy: {
        what: 'send SDR if most viewers have no HDR screen',
        obs: 'Settings > Advanced, Color Space: Rec. 709',
      },
    };
  },
};
