import { parseAvcConfig } from '../media/avc-config.js';
import type { AudioCodec, VideoCodec } from '../media/codec.js';
import type { AudioTrack, VideoTrack } from '../media/track.js';

/** How pictures are coded, as far as the stream says it. */
export interface PictureFormat {
  /** Such as `High`, `Main 10`; undefined when it is none that has a name. */
  readonly profile: string | undefined;
  /** Such as `3.1`. */
  readonly level: string | undefined;
  /** `4:2:0`, `4:2:2`, `4:4:4` or `4:0:0`. */
  readonly chroma: string | undefined;
  readonly bitDepth: number | undefined;
  readonly scan: 'progressive' | 'interlaced' | undefined;
}

export const CODEC_NAMES: Readonly<Record<VideoCodec | AudioCodec, string>> = {
  avc: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  aac: 'AAC',
  opus: 'Opus',
  flac: 'FLAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  mp3: 'MP3',
};

const CHROMA = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'];

/** ITU-T H.264 annex A.2, by profile_idc. */
const AVC_PROFILES: Readonly<Record<number, string>> = {
  44: 'CAVLC 4:4:4 Intra',
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
};

/** ITU-T H.265 annex A.3, by general_profile_idc; the format range extensions (4) leave chroma and depth open. */
const HEVC_PROFILES: readonly (readonly [name: string, chroma?: string, bitDepth?: number] | undefined)[] = [
  undefined,
  ['Main', '4:2:0', 8],
  ['Main 10', '4:2:0', 10],
  ['Main Still Picture', '4:2:0', 8],
  ['Range Extensions'],
];

const AV1_PROFILES: Readonly<Record<string, string>> = { 0: 'Main', 1: 'High', 2: 'Professional' };

const UNKNOWN: PictureFormat = {
  profile: undefined,
  level: undefined,
  chroma: undefined,
  bitDepth: undefined,
  scan: undefined,
};

/** Reads what the codec string (RFC 6381) says, and for H.264 the configuration record as well. */
export function pictureFormat({ codec, codecString, decoderConfig }: VideoTrack): PictureFormat {
  const fields = codecString.split('.').slice(1);
  switch (codec) {
    case 'avc':
      return avcFormat(fields[0] ?? '', decoderConfig);
    case 'hevc':
      return hevcFormat(fields);
    case 'av1':
      return av1Format(fields);
    case 'vp9':
      return vp9Format(fields);
  }
}

function avcFormat(hex: string, record: Buffer): PictureFormat {
  const [profile = 0, constraints = 0, level = 0] = Buffer.from(hex, 'hex');
  const constrained = profile === 66 && (constraints & 0x40) !== 0;
  const named = AVC_PROFILES[profile];
  return {
    ...sampleFormat(record),
    profile: constrained ? 'Constrained Baseline' : named,
    level: level === 0 ? undefined : (level / 10).toFixed(1),
  };
}

/** What only the sequence parameter set says; a record that does not parse says nothing. */
function sampleFormat(record: Buffer): Pick<PictureFormat, 'chroma' | 'bitDepth' | 'scan'> {
  try {
    const { chromaFormat, bitDepthLuma, bitDepthChroma, framesOnly } = parseAvcConfig(record);
    return {
      chroma: CHROMA[chromaFormat],
      bitDepth: Math.max(bitDepthLuma, bitDepthChroma),
      scan: framesOnly ? 'progressive' : 'interlaced',
    };
  } catch {
    return UNKNOWN;
  }
}

/** `hvc1.1.6.L93.B0`: profile, compatibility, tier and level times 30 (ISO/IEC 14496-15 annex E.3). */
function hevcFormat([profile = '', , level = '']: readonly string[]): PictureFormat {
  const [name, chroma, bitDepth] = HEVC_PROFILES[Number(profile)] ?? [];
  const times30 = Number(level.slice(1));
  return {
    ...UNKNOWN,
    profile: name,
    chroma,
    bitDepth,
    level: times30 > 0 ? (times30 / 30).toFixed(1) : undefined,
  };
}

/** `av01.0.04M.08`: profile, level index and tier, bit depth (AV1 in ISOBMFF 5). */
function av1Format([profile = '', level = '', depth = '']: readonly string[]): PictureFormat {
  const index = Number.parseInt(level, 10);
  return {
    ...UNKNOWN,
    profile: AV1_PROFILES[profile],
    level: index >= 0 && index < 24 ? `${2 + (index >> 2)}.${index & 3}` : undefined,
    chroma: profile === '0' ? '4:2:0' : profile === '1' ? '4:4:4' : undefined,
    bitDepth: positive(depth),
  };
}

/** `vp09.00.31.08`: profile, level times 10, bit depth (VP in ISOBMFF). */
function vp9Format([profile = '', level = '', depth = '']: readonly string[]): PictureFormat {
  const times10 = positive(level);
  return {
    ...UNKNOWN,
    profile: profile === '' ? undefined : `Profile ${Number(profile)}`,
    level: times10 === undefined ? undefined : (times10 / 10).toFixed(1),
    chroma: profile === '00' || profile === '02' ? '4:2:0' : undefined,
    bitDepth: positive(depth),
  };
}

function positive(text: string): number | undefined {
  const value = Number.parseInt(text, 10);
  return value > 0 ? value : undefined;
}

/** Spectral band replication doubles the rate of the core coder, which is what the track runs by. */
export function heardSampleRate({ codecString, sampleRate }: AudioTrack): number {
  const replicates = codecString === 'mp4a.40.5' || codecString === 'mp4a.40.29';
  return replicates && sampleRate <= 24_000 ? sampleRate * 2 : sampleRate;
}
