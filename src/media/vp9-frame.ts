import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';
import { checkPictureSize } from './picture-size.js';
import type { PictureSize } from './codec.js';

/** What is used of a frame's uncompressed header (VP9 bitstream specification 6.2). */
export interface Vp9FrameHeader {
  readonly keyframe: boolean;
  /** Stated by keyframes. */
  readonly size: PictureSize | undefined;
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const COLOUR_SPACE_RGB = 7;
/** A frame's header ends within so many bytes, as far as it is read here. */
const HEADER_BYTES = 16;

/** Reads a frame's header. Undefined when it is damaged. */
export function parseVp9Frame(data: Buffer): Vp9FrameHeader | undefined {
  try {
    return parseHeader(new BitReader(data.subarray(0, HEADER_BYTES)));
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}

function parseHeader(bits: BitReader): Vp9FrameHeader | undefined {
  if (bits.bits(2) !== FRAME_MARKER) return undefined;
  const profile = bits.bits(1) + 2 * bits.bits(1);
  if (profile === 3) bits.skip(1); // reserved_zero
  if (bits.flag()) return { keyframe: false, size: undefined }; // show_existing_frame
  const keyframe = !bits.flag(); // frame_type
  bits.skip(2); // show_frame, error_resilient_mode
  if (!keyframe) return { keyframe, size: undefined };
  if (bits.bits(24) !== SYNC_CODE) return undefined;
  skipColourConfig(bits, profile);
  const width = bits.bits(16) + 1;
  const height = bits.bits(16) + 1;
  return { keyframe, size: checkPictureSize(width, height) };
}

/** color_config(), VP9 6.2.2. */
function skipColourConfig(bits: BitReader, profile: number): void {
  if (profile >= 2) bits.skip(1); // ten_or_twelve_bit
  const statesSubsampling = profile === 1 || profile === 3;
  if (bits.bits(3) !== COLOUR_SPACE_RGB) {
    bits.skip(1); // color_range
    if (statesSubsampling) bits.skip(3); // subsampling_x, subsampling_y, reserved_zero
  } else if (statesSubsampling) {
    bits.skip(1); // reserved_zero
  }
}
