import type { Colour, VideoRange } from './track.js';

/** Transfer characteristics of ITU-T H.273 table 3 that are not standard dynamic range. */
const RANGES: Readonly<Record<number, VideoRange>> = { 16: 'PQ', 18: 'HLG' };

/** SDR where nothing else is said (RFC 8216bis 4.4.6.2). */
export const videoRangeOf = (colour: Colour | undefined): VideoRange =>
  (colour && RANGES[colour.transfer]) ?? 'SDR';
