import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { NAL_TYPE, nalType, removeEmulationPrevention } from './nal.js';
import { checkPictureSize } from './picture-size.js';
import type { Rational } from './time.js';
import type { Colour } from './track.js';
import { parseColour, parseSampleAspectRatio, SQUARE, type VuiTiming } from './vui.js';

/** What is used of a sequence parameter set (ITU-T H.264 7.3.2.1.1 and annex E). */
export interface AvcSps {
  readonly profile: number;
  readonly constraints: number;
  readonly level: number;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** False when pictures may be coded as two fields: interlaced video. */
  readonly framesOnly: boolean;
  /** 1:1 when unspecified. */
  readonly sampleAspectRatio: Rational;
  readonly timing: VuiTiming | undefined;
  readonly colour: Colour | undefined;
}

/** profile_idc values whose SPS carries the chroma and scaling syntax, ITU-T H.264 7.3.2.1.1. */
const HIGH_PROFILES: ReadonlySet<number> = new Set([
  44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244,
]);

/**
 * Parses a sequence parameter set, NAL header included. Anything malformed is MEDIA_BAD_CONFIG.
 * Reading stops after the VUI's timing information: nothing behind it is used.
 */
export function parseSps(nal: Buffer): AvcSps {
  if (nalType(nal) !== NAL_TYPE.sps)
    throw new MillraceError('MEDIA_BAD_CONFIG', 'not a sequence parameter set');
  const bits = new BitReader(removeEmulationPrevention(nal.subarray(1)));
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  bits.unsignedGolomb(31); // seq_parameter_set_id

  const format = HIGH_PROFILES.has(profile) ? parseHighProfileFormat(bits) : BASIC_FORMAT;

  bits.unsignedGolomb(12); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.unsignedGolomb(16); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag

  const size = parsePictureSize(bits, format);
  const vui = bits.flag()
    ? parseVui(bits)
    : { sampleAspectRatio: SQUARE, timing: undefined, colour: undefined };
  return {
    profile,
    constraints,
    level,
    chromaFormat: format.chromaFormat,
    bitDepthLuma: format.bitDepthLuma,
    bitDepthChroma: format.bitDepthChroma,
    ...size,
    ...vui,
  };
}

interface SampleFormat {
  readonly chromaFormat: number;
  readonly separatePlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
}

const BASIC_FORMAT: SampleFormat = {
  chromaFormat: 1,
  separatePlanes: false,
  bitDepthLuma: 8,
  bitDepthChroma: 8,
};

function parseHighProfileFormat(bits: BitReader): SampleFormat {
  const chromaFormat = bits.unsignedGolomb(3);
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const bitDepthLuma = 8 + bits.unsignedGolomb(6);
  const bitDepthChroma = 8 + bits.unsignedGolomb(6);
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) skipScalingMatrix(bits, chromaFormat);
  return { chromaFormat, separatePlanes, bitDepthLuma, bitDepthChroma };
}

function skipScalingMatrix(bits: BitReader, chromaFormat: number): void {
  const lists = chromaFormat === 3 ? 12 : 8;
  for (let list = 0; list < lists; list++) {
    if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  }
}

/** scaling_list(), ITU-T H.264 7.3.2.1.1.1: deltas are present until a scale of 0 repeats the last for the rest. */
function skipScalingList(bits: BitReader, size: number): void {
  let scale = 8;
  for (let i = 0; i < size && scale !== 0; i++) {
    scale = (((scale + bits.signedGolomb()) % 256) + 256) % 256;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.unsignedGolomb(2);
  if (type === 0) {
    bits.unsignedGolomb(12); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.skip(1); // delta_pic_order_always_zero_flag
    bits.signedGolomb(); // offset_for_non_ref_pic
    bits.signedGolomb(); // offset_for_top_to_bottom_field
    const cycle = bits.unsignedGolomb(255);
    for (let i = 0; i < cycle; i++) bits.signedGolomb();
  }
}

function parsePictureSize(
  bits: BitReader,
  format: SampleFormat,
): Pick<AvcSps, 'width' | 'height' | 'framesOnly'> {
  const widthInMacroblocks = bits.unsignedGolomb(0xffff) + 1;
  const heightInMapUnits = bits.unsignedGolomb(0xffff) + 1;
  const framesOnly = bits.flag();
  if (!framesOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag

  const fieldFactor = framesOnly ? 1 : 2;
  let width = widthInMacroblocks * 16;
  let height = heightInMapUnits * 16 * fieldFactor;
  if (bits.flag()) {
    // Cropping counts chroma samples, and frame rows in pairs when fields may be coded: ITU-T H.264 (7-19) to (7-22).
    const subsampled = format.separatePlanes ? 0 : format.chromaFormat;
    const unitX = subsampled === 1 || subsampled === 2 ? 2 : 1;
    const unitY = (subsampled === 1 ? 2 : 1) * fieldFactor;
    const left = bits.unsignedGolomb(0xffff);
    const right = bits.unsignedGolomb(0xffff);
    const top = bits.unsignedGolomb(0xffff);
    const bottom = bits.unsignedGolomb(0xffff);
    width -= (left + right) * unitX;
    height -= (top + bottom) * unitY;
  }
  return { ...checkPictureSize(width, height), framesOnly };
}

function parseVui(bits: BitReader): Pick<AvcSps, 'sampleAspectRatio' | 'timing' | 'colour'> {
  const sampleAspectRatio = bits.flag() ? parseSampleAspectRatio(bits) : SQUARE;
  if (bits.flag()) bits.skip(1); // overscan_appropriate_flag
  const colour = bits.flag() ? parseColour(bits) : undefined;
  if (bits.flag()) {
    bits.unsignedGolomb(5); // chroma_sample_loc_type_top_field
    bits.unsignedGolomb(5); // chroma_sample_loc_type_bottom_field
  }
  const timing = bits.flag() ? parseTiming(bits) : undefined;
  return { sampleAspectRatio, timing, colour };
}

/** A tick is a field: a frame lasts two of them also in progressive video (ITU-T H.264 E.2.1, num_units_in_tick). */
function parseTiming(bits: BitReader): VuiTiming | undefined {
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  const fixed = bits.flag();
  return unitsInTick > 0 && timeScale > 0 ? { num: timeScale, den: unitsInTick * 2, fixed } : undefined;
}
