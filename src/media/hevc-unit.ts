import { nalEnd, type NalLengthSize } from './nal.js';
import type { VideoUnitShape } from './video-unit.js';

/** nal_unit_type, ITU-T H.265 table 7-1: those that are told apart here. */
export const HEVC_NAL_TYPE = {
  raslN: 8,
  raslR: 9,
  firstIrap: 16,
  lastIrap: 23,
  firstNonVcl: 32,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  prefixSei: 39,
} as const;

export const hevcNalType = (nal: Buffer): number => hevcTypeOf(nal[0] ?? 0);

/** From the first byte of the NAL header. */
const hevcTypeOf = (header: number): number => (header >> 1) & 0x3f;

/**
 * Walks length-prefixed NAL units without copying. Undefined when the lengths do not add up to exactly the unit's size,
 * or when a NAL unit is empty: players give up on such a sample.
 */
export function inspectHevcUnit(data: Buffer, lengthSize: NalLengthSize): VideoUnitShape | undefined {
  if (data.length === 0) return undefined;
  let keyframe = false;
  let skippedAtStart = false;
  for (let position = 0; position < data.length;) {
    const end = nalEnd(data, position, lengthSize);
    if (end < 0) return undefined;
    const type = hevcTypeOf(data.readUInt8(position + lengthSize));
    keyframe ||= type >= HEVC_NAL_TYPE.firstIrap && type <= HEVC_NAL_TYPE.lastIrap;
    skippedAtStart ||= type === HEVC_NAL_TYPE.raslN || type === HEVC_NAL_TYPE.raslR;
    position = end;
  }
  return { keyframe, skippedAtStart };
}
