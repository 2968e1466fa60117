import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { AAC_FRAME_SAMPLES } from './time.js';

/** Spectral band replication as the configuration signals it; an implicit one is not seen here. */
export interface SbrSignalling {
  /** Rate after replication, usually twice the core's. */
  readonly sampleRate: number;
  readonly parametricStereo: boolean;
}

/** An AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). */
export interface AacConfig {
  /** Of the core coder: 2 for AAC-LC, also under SBR. */
  readonly objectType: number;
  /** RFC 6381: `mp4a.40.2`, or `.5` and `.29` where SBR and parametric stereo are signalled. */
  readonly codecString: string;
  /** Of the core coder. */
  readonly sampleRate: number;
  /** As they come out of the decoder. */
  readonly channels: number;
  /** Core samples in one access unit: 1024 or 960. */
  readonly frameSamples: number;
  readonly sbr: SbrSignalling | undefined;
}

/** A longer configuration is refused unread; a full program config element stays below this. */
export const MAX_AUDIO_CONFIG_BYTES = 1024;

const OBJECT_SBR = 5;
const OBJECT_PS = 29;
/** AAC Main, LC, SSR and LTP: the object types whose GASpecificConfig is read here. */
const CORE_OBJECT_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4]);
const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const EXPLICIT_RATE = 15;
const RATE_RANGE = { min: 1000, max: 192_000 };
/** Table 1.19: channels by channelConfiguration; 0 stands in a program config element, the rest is reserved. */
const CHANNELS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 6],
  [7, 8],
  [11, 7],
  [12, 8],
  [13, 24],
  [14, 8],
]);
const SYNC_SBR = 0x2b7;
const SYNC_PS = 0x548;

/**
 * Parses an AudioSpecificConfig. Throws MEDIA_BAD_CONFIG when it is malformed and MEDIA_UNSUPPORTED for object types
 * other than AAC Main, LC, SSR and LTP, each with or without SBR and parametric stereo.
 */
export function parseAudioSpecificConfig(asc: Buffer): AacConfig {
  if (asc.length > MAX_AUDIO_CONFIG_BYTES) throw bad(`an audio configuration of ${asc.length} bytes`);
  const bits = new BitReader(asc);
  const signalled = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channelConfiguration = bits.bits(4);

  let objectType = signalled;
  let sbr: SbrSignalling | undefined;
  if (signalled === OBJECT_SBR || signalled === OBJECT_PS) {
    sbr = { sampleRate: readSampleRate(bits), parametricStereo: signalled === OBJECT_PS };
    objectType = readObjectType(bits);
  }
  if (!CORE_OBJECT_TYPES.has(objectType)) {
    throw new MillraceError('MEDIA_UNSUPPORTED', `audio object type ${objectType} is not supported`);
  }

  // GASpecificConfig, ISO/IEC 14496-3 4.4.1
  const frameSamples = bits.flag() ? 960 : AAC_FRAME_SAMPLES;
  if (bits.flag()) bits.skip(14); // coreCoderDelay
  bits.skip(1); // extensionFlag
  const coreChannels =
    channelConfiguration === 0 ? readProgramConfig(bits) : CHANNELS.get(channelConfiguration);
  if (coreChannels === undefined) throw bad(`channel configuration ${channelConfiguration} is reserved`);

  sbr ??= readSyncExtension(bits);
  const channels = sbr?.parametricStereo === true && coreChannels === 1 ? 2 : coreChannels;
  return { objectType, codecString: codecString(objectType, sbr), sampleRate, channels, frameSamples, sbr };
}

function codecString(objectType: number, sbr: SbrSignalling | undefined): string {
  if (sbr === undefined) return `mp4a.40.${objectType}`;
  return `mp4a.40.${sbr.parametricStereo ? OBJECT_PS : OBJECT_SBR}`;
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === EXPLICIT_RATE ? bits.bits(24) : SAMPLE_RATES[index];
  if (rate === undefined || rate < RATE_RANGE.min || rate > RATE_RANGE.max) {
    throw bad(rate === undefined ? `sample rate index ${index} is reserved` : `a sample rate of ${rate} Hz`);
  }
  return rate;
}

/** program_config_element(), ISO/IEC 14496-3 table 4.2: reads it to its end and returns the number of channels. */
function readProgramConfig(bits: BitReader): number {
  bits.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const speakers = bits.bits(4) + bits.bits(4) + bits.bits(4); // front, side and back elements
  const lowFrequency = bits.bits(2);
  const associatedData = bits.bits(3);
  const coupling = bits.bits(4);
  if (bits.flag()) bits.skip(4); // mono_mixdown_element_number
  if (bits.flag()) bits.skip(4); // stereo_mixdown_element_number
  if (bits.flag()) bits.skip(3); // matrix_mixdown_idx, pseudo_surround_enable
  let channels = lowFrequency;
  for (let i = 0; i < speakers; i++) {
    channels += bits.flag() ? 2 : 1;
    bits.skip(4); // element_tag_select
  }
  bits.skip(4 * lowFrequency + 4 * associatedData + 5 * coupling);
  bits.align();
  bits.skip(8 * bits.bits(8)); // comment_field_data
  if (channels === 0) throw bad('the program config element has no channels');
  return channels;
}

/** The backward compatible signalling behind the core's configuration, ISO/IEC 14496-3 1.6.2.1 and 1.6.5. */
function readSyncExtension(bits: BitReader): SbrSignalling | undefined {
  if (bits.bitsLeft < 16 || bits.bits(11) !== SYNC_SBR) return undefined;
  if (readObjectType(bits) !== OBJECT_SBR || bits.bitsLeft < 1 || !bits.flag()) return undefined;
  const sampleRate = readSampleRate(bits);
  const parametricStereo = bits.bitsLeft >= 12 && bits.bits(11) === SYNC_PS && bits.flag();
  return { sampleRate, parametricStereo };
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
