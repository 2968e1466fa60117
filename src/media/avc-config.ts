import { MillraceError } from '../errors.js';
import { parseSps, type AvcSps } from './avc-sps.js';
import { NAL_TYPE, nalType, type NalLengthSize } from './nal.js';
import { displaySize } from './vui.js';

/** An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), read together with its first SPS. */
export interface AvcConfig extends AvcSps {
  /** RFC 6381, from the record's own three bytes: `avc1.64001f`. */
  readonly codecString: string;
  readonly nalLengthSize: NalLengthSize;
  /** Parameter sets as NAL units, header included. */
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
  /** Pixels after the sample aspect ratio is applied to the width. */
  readonly displayWidth: number;
  readonly displayHeight: number;
}

/** A record longer than this is refused unread. */
export const MAX_AVC_CONFIG_BYTES = 64 * 1024;

/** Profiles whose record ends in chroma format and bit depths. */
const PROFILES_WITH_FORMAT: ReadonlySet<number> = new Set([100, 110, 122, 144]);

/** Parses a record. Throws MEDIA_BAD_CONFIG when anything in it is malformed or it lacks an SPS or PPS. */
export function parseAvcConfig(record: Buffer): AvcConfig {
  if (record.length < 7 || record[0] !== 1) throw bad('not an AVC configuration record of version 1');
  if (record.length > MAX_AVC_CONFIG_BYTES)
    throw bad(`an AVC configuration record of ${record.length} bytes`);
  const lengthSize = (record.readUInt8(4) & 3) + 1;
  if (lengthSize === 3) throw bad('NAL unit lengths of 3 bytes are not allowed');

  const sps = readParameterSets(record, 5, record.readUInt8(5) & 0x1f, NAL_TYPE.sps);
  if (sps.end >= record.length) throw bad('the record ends before its picture parameter sets');
  const pps = readParameterSets(record, sps.end, record.readUInt8(sps.end), NAL_TYPE.pps);
  const [first] = sps.nals;
  if (first === undefined || pps.nals.length === 0) throw bad('the record has no parameter sets');

  const parsed = parseSps(first);
  return {
    ...parsed,
    codecString: `avc1.${record.toString('hex', 1, 4)}`,
    nalLengthSize: lengthSize as NalLengthSize,
    sps: sps.nals,
    pps: pps.nals,
    ...displaySize(parsed.width, parsed.height, parsed.sampleAspectRatio),
  };
}

/** Makes a record from parameter sets. Throws MEDIA_BAD_CONFIG when they are malformed. */
export function buildAvcConfig(
  sps: readonly Buffer[],
  pps: readonly Buffer[],
  nalLengthSize: NalLengthSize = 4,
): Buffer {
  const [first] = sps;
  if (first === undefined || pps.length === 0) throw bad('parameter sets are missing');
  if (sps.length > 31 || pps.length > 255) throw bad('too many parameter sets');
  const { profile, constraints, level, chromaFormat, bitDepthLuma, bitDepthChroma } = parseSps(first);
  const format = PROFILES_WITH_FORMAT.has(profile)
    ? [0xfc | chromaFormat, 0xf8 | (bitDepthLuma - 8), 0xf8 | (bitDepthChroma - 8), 0]
    : [];
  return Buffer.concat([
    Buffer.from([1, profile, constraints, level, 0xfc | (nalLengthSize - 1), 0xe0 | sps.length]),
    ...sps.map(withLength),
    Buffer.from([pps.length]),
    ...pps.map(withLength),
    Buffer.from(format),
  ]);
}

function readParameterSets(record: Buffer, countAt: number, count: number, type: number) {
  const nals: Buffer[] = [];
  let position = countAt + 1;
  for (let i = 0; i < count; i++) {
    if (position + 2 > record.length) throw bad('the record ends within its parameter sets');
    const start = position + 2;
    position = start + record.readUInt16BE(position);
    if (position > record.length) throw bad('a parameter set is longer than the record');
    const nal = record.subarray(start, position);
    if (nalType(nal) !== type) throw bad(`NAL unit type ${nalType(nal)} where ${type} is expected`);
    nals.push(nal);
  }
  return { nals, end: position };
}

function withLength(nal: Buffer): Buffer {
  if (nal.length > 0xffff) throw bad(`a parameter set of ${nal.length} bytes`);
  const prefixed = Buffer.allocUnsafe(2 + nal.length);
  prefixed.writeUInt16BE(nal.length);
  nal.copy(prefixed, 2);
  return prefixed;
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
