import type { BitReader } from './bit-reader.js';
import type { Rational } from './time.js';
import type { Colour } from './track.js';

// Parts of the video usability information that H.264 and H.265 write alike (annex E of both).

/** Frames per second as the VUI states them. */
export interface VuiTiming extends Rational {
  readonly fixed: boolean;
}

/** A sample aspect ratio beyond this, either way, is taken for a mistake and ignored. */
export const MAX_SAMPLE_ASPECT = 16;

export const SQUARE: Rational = { num: 1, den: 1 };

/** Table E-1, aspect_ratio_idc 1 to 16. */
const SAMPLE_ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

/** From aspect_ratio_idc on; 1:1 for a ratio that makes no sense. */
export function parseSampleAspectRatio(bits: BitReader): Rational {
  const idc = bits.bits(8);
  const [num, den] =
    idc === EXTENDED_SAR ? [bits.bits(16), bits.bits(16)] : (SAMPLE_ASPECT_RATIOS[idc - 1] ?? [1, 1]);
  const usable = num > 0 && den > 0 && num <= den * MAX_SAMPLE_ASPECT && den <= num * MAX_SAMPLE_ASPECT;
  return usable ? { num, den } : SQUARE;
}

/** From video_format on; undefined without a colour description. */
export function parseColour(bits: BitReader): Colour | undefined {
  bits.skip(3); // video_format
  const fullRange = bits.flag();
  if (!bits.flag()) return undefined;
  return { primaries: bits.bits(8), transfer: bits.bits(8), matrix: bits.bits(8), fullRange };
}

/** How large a picture is shown once the sample aspect ratio is applied to its width. */
export const displaySize = (
  width: number,
  height: number,
  { num, den }: Rational,
): { readonly displayWidth: number; readonly displayHeight: number } => ({
  displayWidth: Math.max(1, Math.round((width * num) / den)),
  displayHeight: height,
});
