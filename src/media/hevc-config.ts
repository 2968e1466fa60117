import { MillraceError } from '../errors.js';
import { parseHevcSps, type HevcSps } from './hevc-sps.js';
import { HEVC_NAL_TYPE, hevcNalType } from './hevc-unit.js';
import type { NalLengthSize } from './nal.js';
import { displaySize } from './vui.js';

/** An HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1), read together with its first SPS. */
export interface HevcConfig extends HevcSps {
  /** RFC 6381 by ISO/IEC 14496-15 annex E, from the record's own bytes: `hvc1.1.6.L93.B0`. */
  readonly codecString: string;
  readonly nalLengthSize: NalLengthSize;
  /** Parameter sets as NAL units, header included. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
  /** Pixels after the sample aspect ratio is applied to the width. */
  readonly displayWidth: number;
  readonly displayHeight: number;
}

/** A record longer than this is refused unread. */
export const MAX_HEVC_CONFIG_BYTES = 64 * 1024;

/** Bytes of the record before its arrays of NAL units. */
const FIXED_BYTES = 23;
const PROFILE_TIER_LEVEL = { start: 1, end: 13 } as const;
const PROFILE_SPACES = ['', 'A', 'B', 'C'];

/** Parses a record. Throws MEDIA_BAD_CONFIG when anything in it is malformed or it lacks an SPS or PPS. */
export function parseHevcConfig(record: Buffer): HevcConfig {
  const { nalLengthSize, vps, sps, pps } = readRecord(record);
  const [first] = sps;
  if (first === undefined || pps.length === 0) throw bad('the record has no parameter sets');
  const parsed = parseHevcSps(first);
  return {
    ...parsed,
    codecString: hevcCodecString(record.subarray(PROFILE_TIER_LEVEL.start, PROFILE_TIER_LEVEL.end)),
    nalLengthSize,
    vps,
    sps,
    pps,
    ...displaySize(parsed.width, parsed.height, parsed.sampleAspectRatio),
  };
}

/**
 * True for a record of HEVC that some encoders send under AVC's codec id. Both begin with version 1; what follows is
 * the one or the other.
 */
export function isHevcRecord(record: Buffer): boolean {
  try {
    return readRecord(record).sps.length > 0;
  } catch {
    return false;
  }
}

/** Makes a record from parameter sets. Throws MEDIA_BAD_CONFIG when they are malformed. */
export function buildHevcConfig(
  vps: readonly Buffer[],
  sps: readonly Buffer[],
  pps: readonly Buffer[],
  nalLengthSize: NalLengthSize = 4,
): Buffer {
  const [first] = sps;
  if (first === undefined || pps.length === 0) throw bad('parameter sets are missing');
  const parsed = parseHevcSps(first);
  const { temporalLayers, temporalIdNested } = parsed;
  return Buffer.concat([
    Buffer.of(1),
    parsed.profileTierLevel,
    Buffer.of(
      0xf0, // min_spatial_segmentation_idc: unknown
      0x00,
      0xfc, // parallelismType: unknown
      0xfc | parsed.chromaFormat,
      0xf8 | (parsed.bitDepthLuma - 8),
      0xf8 | (parsed.bitDepthChroma - 8),
      0, // avgFrameRate: unspecified
      0,
      (temporalLayers << 3) | (temporalIdNested ? 4 : 0) | (nalLengthSize - 1),
    ),
    ...arrays([vps, sps, pps]),
  ]);
}

interface RecordParts {
  readonly nalLengthSize: NalLengthSize;
  readonly vps: Buffer[];
  readonly sps: Buffer[];
  readonly pps: Buffer[];
}

function readRecord(record: Buffer): RecordParts {
  if (record.length < FIXED_BYTES || record[0] !== 1)
    throw bad('not an HEVC configuration record of version 1');
  if (record.length > MAX_HEVC_CONFIG_BYTES)
    throw bad(`an HEVC configuration record of ${record.length} bytes`);
  const lengthSize = (record.readUInt8(21) & 3) + 1;
  if (lengthSize === 3) throw bad('NAL unit lengths of 3 bytes are not allowed');
  const parts: RecordParts = { nalLengthSize: lengthSize as NalLengthSize, vps: [], sps: [], pps: [] };
  let position = FIXED_BYTES;
  for (let array = record.readUInt8(22); array > 0; array--) {
    if (position + 3 > record.length) throw bad('the record ends within its parameter sets');
    const type = record.readUInt8(position) & 0x3f;
    const count = record.readUInt16BE(position + 1);
    position += 3;
    for (let i = 0; i < count; i++) {
      if (position + 2 > record.length) throw bad('the record ends within its parameter sets');
      const start = position + 2;
      position = start + record.readUInt16BE(position);
      if (position > record.length) throw bad('a parameter set is longer than the record');
      const nal = record.subarray(start, position);
      if (nal.length === 0 || hevcNalType(nal) !== type)
        throw bad(`NAL unit type ${hevcNalType(nal)} where ${type} is expected`);
      if (type === HEVC_NAL_TYPE.vps) parts.vps.push(nal);
      else if (type === HEVC_NAL_TYPE.sps) parts.sps.push(nal);
      else if (type === HEVC_NAL_TYPE.pps) parts.pps.push(nal);
    }
  }
  return parts;
}

/** ISO/IEC 14496-15 E.3 from the twelve bytes of general profile, tier and level. */
function hevcCodecString(general: Buffer): string {
  const first = general.readUInt8(0);
  const space = PROFILE_SPACES[first >> 6] ?? '';
  const tier = (first & 0x20) !== 0 ? 'H' : 'L';
  const constraints = [...general.subarray(5, 11)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    'hvc1',
    `${space}${first & 0x1f}`,
    reverseBits(general.readUInt32BE(1)).toString(16).toUpperCase(),
    `${tier}${general.readUInt8(11)}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((word >>> bit) & 1);
  return reversed;
}

/** numOfArrays, then each kind that is there; the arrays are complete. */
function arrays(kinds: readonly (readonly Buffer[])[]): Buffer[] {
  const present = kinds.filter((nals) => nals.length > 0);
  return [
    Buffer.of(present.length),
    ...present.flatMap((nals) => {
      const header = Buffer.of(0x80 | hevcNalType(nals[0] ?? Buffer.alloc(0)), 0, 0);
      header.writeUInt16BE(nals.length, 1);
      return [header, ...nals.map(withLength)];
    }),
  ];
}

function withLength(nal: Buffer): Buffer {
  if (nal.length > 0xffff) throw bad(`a parameter set of ${nal.length} bytes`);
  const prefixed = Buffer.allocUnsafe(2 + nal.length);
  prefixed.writeUInt16BE(nal.length);
  nal.copy(prefixed, 2);
  return prefixed;
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
