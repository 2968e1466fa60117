import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { HEVC_NAL_TYPE, hevcNalType } from './hevc-unit.js';
import { removeEmulationPrevention } from './nal.js';
import { checkPictureSize } from './picture-size.js';
import type { Rational } from './time.js';
import type { Colour } from './track.js';
import { parseColour, parseSampleAspectRatio, SQUARE, type VuiTiming } from './vui.js';

/** What is used of a sequence parameter set (ITU-T H.265 7.3.2.2 and annex E). */
export interface HevcSps {
  /** general_profile_space to general_level_idc, 12 bytes, laid out as in a configuration record. */
  readonly profileTierLevel: Buffer;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels inside the conformance window. */
  readonly width: number;
  readonly height: number;
  /** 1:1 when unspecified. */
  readonly sampleAspectRatio: Rational;
  readonly timing: VuiTiming | undefined;
  readonly colour: Colour | undefined;
}

/** Bounds of syntax elements, which bound every loop below. */
const MAX_SUB_LAYERS = 7;
const MAX_SHORT_TERM_SETS = 64;
const MAX_PICTURES_IN_SET = 16;
const MAX_LONG_TERM_PICTURES = 32;
const MAX_SIDE_IN_BITSTREAM = 0xffff;

const PROFILE_TIER_LEVEL_BYTES = 12;
const HEADER_BYTES = 2;

/**
 * Parses a sequence parameter set, NAL header included. Anything malformed is MEDIA_BAD_CONFIG. Reading stops after the
 * VUI's timing information: nothing behind it is used.
 */
export function parseHevcSps(nal: Buffer): HevcSps {
  if (nal.length <= HEADER_BYTES || hevcNalType(nal) !== HEVC_NAL_TYPE.sps)
    throw bad('not a sequence parameter set');
  const payload = removeEmulationPrevention(nal.subarray(HEADER_BYTES));
  const bits = new BitReader(payload);
  bits.skip(4); // sps_video_parameter_set_id
  const subLayers = bits.bits(3) + 1;
  if (subLayers > MAX_SUB_LAYERS) throw bad(`${subLayers} temporal sub-layers`);
  const temporalIdNested = bits.flag();
  // The general part is whole bytes, the first of them behind the eight bits just read.
  bits.skip(PROFILE_TIER_LEVEL_BYTES * 8);
  const profileTierLevel = payload.subarray(1, 1 + PROFILE_TIER_LEVEL_BYTES);
  skipSubLayerLevels(bits, subLayers);
  bits.unsignedGolomb(15); // sps_seq_parameter_set_id

  const chromaFormat = bits.unsignedGolomb(3);
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const size = parsePictureSize(bits, separatePlanes ? 0 : chromaFormat);
  const bitDepthLuma = 8 + bits.unsignedGolomb(8);
  const bitDepthChroma = 8 + bits.unsignedGolomb(8);
  skipToVui(bits, subLayers);
  const vui = bits.flag()
    ? parseVui(bits)
    : { sampleAspectRatio: SQUARE, timing: undefined, colour: undefined };
  return {
    profileTierLevel,
    temporalLayers: subLayers,
    temporalIdNested,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    ...size,
    ...vui,
  };
}

/** The sub-layers' part of profile_tier_level(), ITU-T H.265 7.3.3. */
function skipSubLayerLevels(bits: BitReader, subLayers: number): void {
  if (subLayers === 1) return;
  let size = 0;
  for (let layer = 1; layer < subLayers; layer++) {
    if (bits.flag()) size += 88; // sub_layer_profile_present_flag
    if (bits.flag()) size += 8; // sub_layer_level_present_flag
  }
  bits.skip(2 * (9 - subLayers)); // reserved_zero_2bits up to the eighth layer
  bits.skip(size);
}

function parsePictureSize(bits: BitReader, chromaFormat: number): { width: number; height: number } {
  let width = bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM);
  let height = bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM);
  if (bits.flag()) {
    // The conformance window counts chroma samples: SubWidthC and SubHeightC, ITU-T H.265 table 6-1.
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    width -=
      (bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM) + bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM)) * unitX;
    height -=
      (bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM) + bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM)) * unitY;
  }
  return checkPictureSize(width, height);
}

/** From log2_max_pic_order_cnt_lsb_minus4 to strong_intra_smoothing_enabled_flag. */
function skipToVui(bits: BitReader, subLayers: number): void {
  const orderCountBits = bits.unsignedGolomb(12) + 4;
  const layersDescribed = bits.flag() ? subLayers : 1; // sps_sub_layer_ordering_info_present_flag
  for (let layer = 0; layer < layersDescribed; layer++) {
    bits.unsignedGolomb(15); // sps_max_dec_pic_buffering_minus1
    bits.unsignedGolomb(15); // sps_max_num_reorder_pics
    bits.unsignedGolomb(0xffff_fffe); // sps_max_latency_increase_plus1
  }
  for (let i = 0; i < 4; i++) bits.unsignedGolomb(6); // coding and transform block sizes
  bits.unsignedGolomb(4); // max_transform_hierarchy_depth_inter
  bits.unsignedGolomb(4); // max_transform_hierarchy_depth_intra
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
    bits.unsignedGolomb(3); // log2_min_pcm_luma_coding_block_size_minus3
    bits.unsignedGolomb(3); // log2_diff_max_min_pcm_luma_coding_block_size
    bits.skip(1); // pcm_loop_filter_disabled_flag
  }
  skipShortTermSets(bits);
  if (bits.flag()) {
    const count = bits.unsignedGolomb(MAX_LONG_TERM_PICTURES);
    bits.skip(count * (orderCountBits + 1)); // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** scaling_list_data(), ITU-T H.265 7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.unsignedGolomb(5); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) bits.signedGolomb(); // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < coefficients; i++) bits.signedGolomb();
    }
  }
}

/** st_ref_pic_set() of all indices, ITU-T H.265 7.3.7: one may be predicted from the one before, so sizes are kept. */
function skipShortTermSets(bits: BitReader): void {
  const sets = bits.unsignedGolomb(MAX_SHORT_TERM_SETS);
  let pictures = 0;
  for (let set = 0; set < sets; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.unsignedGolomb(0x7fff); // abs_delta_rps_minus1
      let kept = 0;
      for (let i = 0; i <= pictures; i++) {
        const used = bits.flag(); // used_by_curr_pic_flag
        if (used || bits.flag()) kept++; // use_delta_flag
      }
      pictures = kept;
    } else {
      pictures = bits.unsignedGolomb(MAX_PICTURES_IN_SET) + bits.unsignedGolomb(MAX_PICTURES_IN_SET);
      for (let i = 0; i < pictures; i++) {
        bits.unsignedGolomb(0x7fff); // delta_poc_minus1
        bits.skip(1); // used_by_curr_pic_flag
      }
    }
    if (pictures > MAX_PICTURES_IN_SET) throw bad(`${pictures} reference pictures in a set`);
  }
}

function parseVui(bits: BitReader): Pick<HevcSps, 'sampleAspectRatio' | 'timing' | 'colour'> {
  const sampleAspectRatio = bits.flag() ? parseSampleAspectRatio(bits) : SQUARE;
  if (bits.flag()) bits.skip(1); // overscan_appropriate_flag
  const colour = bits.flag() ? parseColour(bits) : undefined;
  if (bits.flag()) {
    bits.unsignedGolomb(5); // chroma_sample_loc_type_top_field
    bits.unsignedGolomb(5); // chroma_sample_loc_type_bottom_field
  }
  bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.unsignedGolomb(MAX_SIDE_IN_BITSTREAM); // default display window
  const timing = bits.flag() ? parseTiming(bits) : undefined;
  return { sampleAspectRatio, timing, colour };
}

/** A tick is a picture, unlike in H.264 (ITU-T H.265 E.3.1, vui_num_units_in_tick). */
function parseTiming(bits: BitReader): VuiTiming | undefined {
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  return unitsInTick > 0 && timeScale > 0 ? { num: timeScale, den: unitsInTick, fixed: false } : undefined;
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
