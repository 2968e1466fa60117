import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';

/** What is used of a syncframe of AC-3 or E-AC-3 (ETSI TS 102 366 4.3 and E.1.2). */
export interface Ac3Frame {
  readonly enhanced: boolean;
  /** An E-AC-3 substream that adds channels to the independent one before it. */
  readonly dependent: boolean;
  /** Tells independent programmes apart; 0 for the first, and for AC-3. */
  readonly substream: number;
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly fscod: number;
  readonly bsid: number;
  /** 0 for E-AC-3, where it stands too deep to be worth reading. */
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfe: boolean;
  /** AC-3 only. */
  readonly bitRateCode: number;
  /** E-AC-3, of a dependent substream: the channels that it adds, as `chanmap`. */
  readonly channelMap: number;
}

const SYNC_WORD = 0x0b77;
/** A header is read within so many bytes. */
const HEADER_BYTES = 16;
const LAST_AC3_BSID = 8;
const FIRST_EAC3_BSID = 11;
const LAST_EAC3_BSID = 16;

const SAMPLE_RATES = [48_000, 44_100, 32_000];
const BLOCKS = [1, 2, 3, 6];
const SAMPLES_IN_BLOCK = 256;
const AC3_SAMPLES = 6 * SAMPLES_IN_BLOCK;
/** Table 4.13: kbit/s by half of frmsizecod. */
const BIT_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
/** Table 4.3: full bandwidth channels by acmod. */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];

/** Full bandwidth channels and the one for low frequencies. */
export const ac3Channels = ({ acmod, lfe }: Pick<Ac3Frame, 'acmod' | 'lfe'>): number =>
  (CHANNELS[acmod] ?? 0) + (lfe ? 1 : 0);

/** The syncframe that begins at `position`; undefined when there is none or it is cut off. */
export function readAc3Frame(data: Buffer, position: number): Ac3Frame | undefined {
  const header = data.subarray(position, position + HEADER_BYTES);
  if (header.length < 6 || header.readUInt16BE(0) !== SYNC_WORD) return undefined;
  const bsid = header.readUInt8(5) >> 3;
  try {
    const bits = new BitReader(header);
    const frame =
      bsid <= LAST_AC3_BSID
        ? readAc3(bits)
        : bsid >= FIRST_EAC3_BSID && bsid <= LAST_EAC3_BSID
          ? readEac3(bits)
          : undefined;
    return frame !== undefined && frame.bytes <= data.length - position ? frame : undefined;
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}

/** syncinfo() and bsi(), 4.3.1 and 4.3.2. */
function readAc3(bits: BitReader): Ac3Frame | undefined {
  bits.skip(16 + 16); // syncword, crc1
  const fscod = bits.bits(2);
  const frmsizecod = bits.bits(6);
  const bsid = bits.bits(5);
  const bsmod = bits.bits(3);
  const acmod = bits.bits(3);
  if ((acmod & 1) !== 0 && acmod !== 1) bits.skip(2); // cmixlev
  if ((acmod & 4) !== 0) bits.skip(2); // surmixlev
  if (acmod === 2) bits.skip(2); // dsurmod
  const lfe = bits.flag();
  const bitRateCode = frmsizecod >> 1;
  const sampleRate = SAMPLE_RATES[fscod];
  const bitRate = BIT_RATES[bitRateCode];
  if (sampleRate === undefined || bitRate === undefined) return undefined;
  // Table 4.13: at 44.1 kHz every other frame has a word of padding.
  const words =
    Math.floor((bitRate * 1000 * AC3_SAMPLES) / 16 / sampleRate) + (fscod === 1 ? frmsizecod & 1 : 0);
  return {
    enhanced: false,
    dependent: false,
    substream: 0,
    bytes: 2 * words,
    samples: AC3_SAMPLES,
    sampleRate,
    fscod,
    bsid,
    bsmod,
    acmod,
    lfe,
    bitRateCode,
    channelMap: 0,
  };
}

/** syncinfo() and the start of bsi(), E.1.2.1 and E.1.2.2. */
function readEac3(bits: BitReader): Ac3Frame | undefined {
  bits.skip(16); // syncword
  const type = bits.bits(2);
  if (type === 3) return undefined;
  const substream = bits.bits(3);
  const bytes = 2 * (bits.bits(11) + 1);
  const fscod = bits.bits(2);
  const code = bits.bits(2); // numblkscod, or fscod2 at half the rates
  const sampleRate = fscod === 3 ? (SAMPLE_RATES[code] ?? 0) / 2 : SAMPLE_RATES[fscod];
  const blocks = fscod === 3 ? 6 : (BLOCKS[code] ?? 0);
  const acmod = bits.bits(3);
  const lfe = bits.flag();
  const bsid = bits.bits(5);
  const channelMap = type === 1 ? readChannelMap(bits, acmod) : 0;
  if (sampleRate === undefined || sampleRate === 0) return undefined;
  return {
    enhanced: true,
    dependent: type === 1,
    substream,
    bytes,
    samples: blocks * SAMPLES_IN_BLOCK,
    sampleRate,
    fscod,
    bsid,
    bsmod: 0,
    acmod,
    lfe,
    bitRateCode: 0,
    channelMap,
  };
}

function readChannelMap(bits: BitReader, acmod: number): number {
  for (let programme = acmod === 0 ? 2 : 1; programme > 0; programme--) {
    bits.skip(5); // dialnorm
    if (bits.flag()) bits.skip(8); // compr
  }
  return bits.flag() ? bits.bits(16) : 0;
}
