import { MillraceError } from '../errors.js';
import type { PictureSize } from './codec.js';
import { checkPictureSize } from './picture-size.js';
import type { Colour } from './track.js';

/** A VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding 1.0), with the size from a keyframe. */
export interface Vp9Config {
  /** RFC 6381: `vp09.00.31.08`, with what follows where it is not the default. */
  readonly codecString: string;
  /** The record without the version and flags that some encoders send before it. */
  readonly decoderConfig: Buffer;
  readonly width: number;
  readonly height: number;
  readonly colour: Colour | undefined;
}

/** profile, level, bit depth with chroma subsampling and range, three code points, and an empty length. */
const RECORD_BYTES = 8;
/** Version 1 and no flags: the start of the box `vpcC`, sent along by some. */
const BOX_START = Buffer.of(1, 0, 0, 0);
const HIGHEST_PROFILE = 3;
const UNSPECIFIED = 2;

/** Level times ten by the largest picture that it allows (VP9 levels): for records that leave it out. */
const LEVELS: readonly (readonly [number, number])[] = [
  [36_864, 10],
  [73_728, 11],
  [122_880, 20],
  [245_760, 21],
  [552_960, 30],
  [983_040, 31],
  [2_228_224, 40],
  [8_912_896, 50],
  [35_651_584, 60],
];

/** Parses a record. Throws MEDIA_BAD_CONFIG when it is malformed or the size is missing. */
export function parseVp9Config(sent: Buffer, size: PictureSize | undefined): Vp9Config {
  const record = vp9Record(sent);
  const profile = record.readUInt8(0);
  const bitDepth = record.readUInt8(2) >> 4;
  if (profile > HIGHEST_PROFILE || (bitDepth !== 8 && bitDepth !== 10 && bitDepth !== 12))
    throw bad(`VP9 profile ${profile} with ${bitDepth} bits`);
  if (size === undefined) throw bad('no keyframe has told the size of the picture');
  checkPictureSize(size.width, size.height);

  const chroma = (record.readUInt8(2) >> 1) & 7;
  const fullRange = (record.readUInt8(2) & 1) === 1;
  const [primaries, transfer, matrix] = [record.readUInt8(3), record.readUInt8(4), record.readUInt8(5)];
  const isSpecified = [primaries, transfer, matrix].some((point) => point !== UNSPECIFIED && point !== 0);
  const colour = isSpecified ? { primaries, transfer, matrix, fullRange } : undefined;
  const level = record.readUInt8(1) || levelOf(size);
  return {
    codecString: codecString([profile, level, bitDepth], chroma, colour),
    decoderConfig: record,
    ...size,
    colour,
  };
}

/** The record itself. Throws MEDIA_BAD_CONFIG when it is cut off. */
function vp9Record(sent: Buffer): Buffer {
  const isBox = sent.subarray(0, BOX_START.length).equals(BOX_START);
  const record = isBox ? sent.subarray(BOX_START.length) : sent;
  if (record.length < RECORD_BYTES) throw bad(`a VP9 configuration record of ${record.length} bytes`);
  return record.subarray(0, RECORD_BYTES);
}

function codecString(start: readonly number[], chroma: number, colour: Colour | undefined): string {
  const short = `vp09.${start.map(twoDigits).join('.')}`;
  // 4:2:0 of either sample position with BT.709 in limited range is the default.
  const { primaries, transfer, matrix, fullRange } = colour ?? {
    primaries: 1,
    transfer: 1,
    matrix: 1,
    fullRange: false,
  };
  const rest = [chroma, primaries, transfer, matrix, fullRange ? 1 : 0];
  const isDefault = chroma <= 1 && rest.slice(1, 4).every((point) => point === 1) && !fullRange;
  return isDefault ? short : `${short}.${rest.map(twoDigits).join('.')}`;
}

const levelOf = ({ width, height }: PictureSize): number =>
  LEVELS.find(([samples]) => width * height <= samples)?.[1] ?? 62;

const twoDigits = (value: number): string => value.toString().padStart(2, '0');

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
