import { MillraceError } from '../errors.js';
import { ac3Channels, readAc3Frame, type Ac3Frame } from './ac3-frame.js';
import { BitReader } from './bit-reader.js';

/** The content of `dac3` or `dec3` (ETSI TS 102 366 F.4 and F.6). */
export interface Ac3Config {
  readonly codecString: 'ac-3' | 'ec-3';
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples in every access unit; undefined for E-AC-3, whose frames say it. */
  readonly frameSamples: number | undefined;
}

const SAMPLE_RATES = [48_000, 44_100, 32_000];
const AC3_SAMPLES = 1536;
/** Of an access unit: one programme with as many as eight substreams that add channels. */
const MAX_SYNCFRAMES = 9;
const DAC3_BYTES = 3;

/** The chanmap bits (E.1.3.1.8) behind chan_loc, from its highest bit down; true for those that stand for two channels. */
const ADDED_CHANNELS: readonly (readonly [bit: number, isPair: boolean])[] = [
  [5, true], // Lc/Rc
  [6, true], // Lrs/Rrs
  [7, false], // Cs
  [8, false], // Ts
  [9, true], // Lsd/Rsd
  [10, true], // Lw/Rw
  [11, true], // Lvh/Rvh
  [12, false], // Cvh
  [14, false], // LFE2
];

/** Parses the content of `dac3`. Throws MEDIA_BAD_CONFIG when it is malformed. */
export function parseAc3Config(record: Buffer): Ac3Config {
  const bits = new BitReader(record);
  const sampleRate = SAMPLE_RATES[bits.bits(2)];
  bits.skip(5 + 3); // bsid, bsmod
  const channels = ac3Channels({ acmod: bits.bits(3), lfe: bits.flag() });
  if (sampleRate === undefined) throw bad('an AC-3 sample rate code that is reserved');
  return { codecString: 'ac-3', sampleRate, channels, frameSamples: AC3_SAMPLES };
}

/** Parses the content of `dec3`. Throws MEDIA_BAD_CONFIG when it is malformed. */
export function parseEac3Config(record: Buffer): Ac3Config {
  const bits = new BitReader(record);
  bits.skip(13 + 3); // data_rate, num_ind_sub
  const sampleRate = SAMPLE_RATES[bits.bits(2)];
  if (sampleRate === undefined)
    throw new MillraceError('MEDIA_UNSUPPORTED', 'E-AC-3 at half a sample rate is not carried');
  bits.skip(5 + 1 + 1 + 3); // bsid, reserved, asvc, bsmod
  const main = ac3Channels({ acmod: bits.bits(3), lfe: bits.flag() });
  bits.skip(3); // reserved
  const added = bits.bits(4) > 0 ? channelsIn(bits.bits(9)) : 0;
  return { codecString: 'ec-3', sampleRate, channels: main + added, frameSamples: undefined };
}

/**
 * The syncframes that make one access unit, the first programme's first; undefined when they do not add up to exactly the
 * data.
 */
export function readAc3Unit(data: Buffer): Ac3Frame[] | undefined {
  const frames: Ac3Frame[] = [];
  for (let position = 0; position < data.length;) {
    const frame = readAc3Frame(data, position);
    if (frame === undefined || frames.length === MAX_SYNCFRAMES) return undefined;
    frames.push(frame);
    position += frame.bytes;
  }
  const [first] = frames;
  return first === undefined || first.dependent || first.substream !== 0 ? undefined : frames;
}

/** How many samples an access unit lasts; undefined when it is damaged or of the other of the two codecs. */
export function ac3UnitSamples(data: Buffer, enhanced: boolean): number | undefined {
  const frames = readAc3Unit(data);
  if (frames?.every((frame) => frame.enhanced === enhanced) !== true) return undefined;
  return samplesOf(frames);
}

/** Of the first programme, whose substreams that add channels last as long as it. */
const samplesOf = (frames: readonly Ac3Frame[]): number =>
  frames.reduce(
    (sum, { dependent, substream, samples }) => sum + (dependent || substream !== 0 ? 0 : samples),
    0,
  );

/** The content of `dac3` for a stream with this access unit; undefined when it is not AC-3. */
export function buildAc3Config(unit: Buffer): Buffer | undefined {
  const [frame] = readAc3Unit(unit) ?? [];
  if (frame === undefined || frame.enhanced) return undefined;
  const { fscod, bsid, bsmod, acmod, lfe, bitRateCode } = frame;
  const bits =
    (fscod << 22) | (bsid << 17) | (bsmod << 14) | (acmod << 11) | ((lfe ? 1 : 0) << 10) | (bitRateCode << 5);
  const record = Buffer.alloc(DAC3_BYTES);
  record.writeUIntBE(bits, 0, DAC3_BYTES);
  return record;
}

/** The content of `dec3` for a stream with this access unit, which holds one programme; undefined when it is not E-AC-3. */
export function buildEac3Config(unit: Buffer): Buffer | undefined {
  const frames = readAc3Unit(unit);
  const main = frames?.[0];
  if (frames === undefined || main?.enhanced !== true) return undefined;
  const { fscod, bsid, bsmod, acmod, lfe, sampleRate } = main;
  const dependents = frames.filter(({ dependent }) => dependent);
  const kilobits = Math.min(0x1fff, Math.round((unit.length * 8 * sampleRate) / samplesOf(frames) / 1000));
  const substream = (fscod << 14) | (bsid << 9) | (bsmod << 4) | (acmod << 1) | (lfe ? 1 : 0);
  const record = Buffer.alloc(dependents.length > 0 ? 6 : 5);
  record.writeUInt16BE(kilobits << 3, 0); // num_ind_sub 0: one
  record.writeUInt16BE(substream, 2);
  if (dependents.length > 0) {
    const location = dependents.reduce((all, { channelMap }) => all | channelLocation(channelMap), 0);
    record.writeUInt16BE((dependents.length << 9) | location, 4);
  }
  return record;
}

/** chan_loc (F.6.2.3) from chanmap, whose bit 0 is its highest. */
const channelLocation = (channelMap: number): number =>
  ADDED_CHANNELS.reduce(
    (location, [bit], index) => location | (((channelMap >> (15 - bit)) & 1) << index),
    0,
  );

const channelsIn = (location: number): number =>
  ADDED_CHANNELS.reduce((sum, [, isPair], index) => sum + ((location >> index) & 1) * (isPair ? 2 : 1), 0);

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
