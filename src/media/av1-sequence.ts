import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { checkPictureSize } from './picture-size.js';
import type { Colour } from './track.js';
import type { VuiTiming } from './vui.js';

/** What is used of a sequence header (AV1 bitstream specification 5.5). */
export interface Av1Sequence {
  readonly profile: number;
  /** Of the first operating point. */
  readonly level: number;
  readonly tier: 0 | 1;
  readonly bitDepth: 8 | 10 | 12;
  readonly monochrome: boolean;
  readonly subsamplingX: 0 | 1;
  readonly subsamplingY: 0 | 1;
  readonly chromaSamplePosition: number;
  readonly width: number;
  readonly height: number;
  /** Undefined where the header describes none. */
  readonly colour: Colour | undefined;
  /** Undefined unless pictures follow at equal distances. */
  readonly timing: VuiTiming | undefined;
}

const PROFILE_PROFESSIONAL = 2;
/** Levels from here on state a tier (AV1 5.5.1, seq_level_idx greater than 7). */
const FIRST_LEVEL_WITH_TIER = 8;
/** seq_choose_screen_content_tools and seq_choose_integer_mv. */
const SELECTED_PER_FRAME = 2;
/** Code points of AV1 6.4.2 that mean RGB. */
const SRGB = { primaries: 1, transfer: 13, matrix: 0 } as const;

/** Parses the payload of a sequence header OBU. Anything malformed is MEDIA_BAD_CONFIG. */
export function parseAv1Sequence(payload: Buffer): Av1Sequence {
  const bits = new BitReader(payload);
  const profile = bits.bits(3);
  if (profile > PROFILE_PROFESSIONAL) throw bad(`AV1 profile ${profile} is reserved`);
  bits.skip(1); // still_picture
  if (bits.flag())
    throw new MillraceError('MEDIA_UNSUPPORTED', 'a single still picture in AV1 is not carried');

  const { level, tier, timing } = parseOperatingPoints(bits);
  const size = parseFrameSize(bits);
  skipTools(bits);
  return { profile, level, tier, timing, ...size, ...parseColourConfig(bits, profile) };
}

/** Timing and operating points, up to the picture's size. */
function parseOperatingPoints(bits: BitReader): Pick<Av1Sequence, 'level' | 'tier' | 'timing'> {
  let timing: VuiTiming | undefined;
  let decoderModel = false;
  let delayBits = 0;
  if (bits.flag()) {
    timing = parseTiming(bits);
    decoderModel = bits.flag();
    if (decoderModel) {
      delayBits = bits.bits(5) + 1; // buffer_delay_length_minus_1
      bits.skip(32 + 5 + 5); // num_units_in_decoding_tick and two lengths
    }
  }
  const displayDelay = bits.flag();
  const points = bits.bits(5) + 1;
  let level = 0;
  let tier: 0 | 1 = 0;
  for (let point = 0; point < points; point++) {
    bits.skip(12); // operating_point_idc
    const pointLevel = bits.bits(5);
    const pointTier = pointLevel >= FIRST_LEVEL_WITH_TIER && bits.flag() ? 1 : 0;
    if (decoderModel && bits.flag()) bits.skip(2 * delayBits + 1); // decoder and encoder delay, low_delay_mode_flag
    if (displayDelay && bits.flag()) bits.skip(4); // initial_display_delay_minus_1
    if (point === 0) [level, tier] = [pointLevel, pointTier];
  }
  return { level, tier, timing };
}

/** timing_info(), AV1 5.5.3. */
function parseTiming(bits: BitReader): VuiTiming | undefined {
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  if (!bits.flag()) return undefined; // equal_picture_interval
  const ticksPerPicture = readUvlc(bits) + 1;
  const den = unitsInTick * ticksPerPicture;
  return den > 0 && timeScale > 0 && Number.isSafeInteger(den)
    ? { num: timeScale, den, fixed: true }
    : undefined;
}

/** uvlc(), AV1 4.10.3: an Exp-Golomb code; 32 or more leading zeros stand for the highest value. */
function readUvlc(bits: BitReader): number {
  let zeros = 0;
  while (!bits.flag()) zeros++;
  return zeros >= 32 ? 0xffff_ffff : 2 ** zeros - 1 + bits.bits(zeros);
}

function parseFrameSize(bits: BitReader): { width: number; height: number } {
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  return checkPictureSize(bits.bits(widthBits) + 1, bits.bits(heightBits) + 1);
}

/** From frame_id_numbers_present_flag to enable_restoration. */
function skipTools(bits: BitReader): void {
  if (bits.flag()) bits.skip(4 + 3); // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  bits.skip(4); // interintra, masked compound, warped motion, dual filter
  const orderHint = bits.flag();
  if (orderHint) bits.skip(2); // enable_jnt_comp, enable_ref_frame_mvs
  const screenContent = bits.flag() ? SELECTED_PER_FRAME : bits.bits(1);
  if (screenContent > 0 && !bits.flag()) bits.skip(1); // seq_force_integer_mv
  if (orderHint) bits.skip(3); // order_hint_bits_minus_1
  bits.skip(3); // enable_superres, enable_cdef, enable_restoration
}

type ColourConfig = Pick<
  Av1Sequence,
  'bitDepth' | 'monochrome' | 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition' | 'colour'
>;

/** color_config(), AV1 5.5.2. */
function parseColourConfig(bits: BitReader, profile: number): ColourConfig {
  const high = bits.flag();
  const twelve = profile === PROFILE_PROFESSIONAL && high && bits.flag();
  const bitDepth = twelve ? 12 : high ? 10 : 8;
  const monochrome = profile !== 1 && bits.flag();
  const points = bits.flag()
    ? { primaries: bits.bits(8), transfer: bits.bits(8), matrix: bits.bits(8) }
    : undefined;
  const isRgb =
    points?.primaries === SRGB.primaries &&
    points.transfer === SRGB.transfer &&
    points.matrix === SRGB.matrix;
  const fullRange = (isRgb && !monochrome) || bits.flag();
  const colour = points && { ...points, fullRange };
  const common = { bitDepth, monochrome, colour } as const;
  if (monochrome) return { ...common, subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 };
  if (isRgb || profile === 1) return { ...common, subsamplingX: 0, subsamplingY: 0, chromaSamplePosition: 0 };
  const subsamplingX = profile === 0 || bitDepth < 12 || bits.flag() ? 1 : 0;
  const subsamplingY = profile === 0 || (bitDepth === 12 && subsamplingX === 1 && bits.flag()) ? 1 : 0;
  const chromaSamplePosition = subsamplingX === 1 && subsamplingY === 1 ? bits.bits(2) : 0;
  return { ...common, subsamplingX, subsamplingY, chromaSamplePosition };
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
