import { MillraceError } from '../errors.js';

/** nal_unit_type, ITU-T H.264 table 7-1: those that are told apart here. */
export const NAL_TYPE = { slice: 1, idrSlice: 5, sei: 6, sps: 7, pps: 8, accessUnitDelimiter: 9 } as const;

/** How many bytes stand before each NAL unit (lengthSizeMinusOne + 1, ISO/IEC 14496-15 5.3.3.1). */
export type NalLengthSize = 1 | 2 | 4;

const START_CODE = Buffer.from([0, 0, 1]);

export const nalType = (nal: Buffer): number => (nal[0] ?? 0) & 0x1f;

/** What a walk over an access unit's NAL units tells. */
export interface AccessUnitShape {
  readonly nalCount: number;
  /** True when a coded slice of an IDR picture is among them. */
  readonly idr: boolean;
}

/**
 * Walks length-prefixed NAL units without copying. Undefined when the lengths do not add up to exactly the unit's
 * size, or when a NAL unit is empty: players give up on such a sample.
 */
export function inspectAccessUnit(data: Buffer, lengthSize: NalLengthSize): AccessUnitShape | undefined {
  let nalCount = 0;
  let idr = false;
  for (let position = 0; position < data.length;) {
    const end = nalEnd(data, position, lengthSize);
    if (end < 0) return undefined;
    if ((data.readUInt8(position + lengthSize) & 0x1f) === NAL_TYPE.idrSlice) idr = true;
    nalCount++;
    position = end;
  }
  return nalCount === 0 ? undefined : { nalCount, idr };
}

/** Where the NAL unit ends whose length stands at `position`; -1 when it is empty or longer than the data. */
export function nalEnd(data: Buffer, position: number, lengthSize: NalLengthSize): number {
  const start = position + lengthSize;
  if (start >= data.length) return -1;
  const length = data.readUIntBE(position, lengthSize);
  return length === 0 || length > data.length - start ? -1 : start + length;
}

/** Undoes the 00 00 03 escapes of ITU-T H.264 7.4.1 and H.265 7.4.2. */
export function removeEmulationPrevention(payload: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(payload.length);
  let length = 0;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[length++] = byte;
  }
  return plain.subarray(0, length);
}

/** The NAL units of a length-prefixed access unit, as views into it. Throws MEDIA_BAD_UNIT when lengths do not add up. */
export function splitLengthPrefixed(data: Buffer, lengthSize: NalLengthSize): Buffer[] {
  const nals: Buffer[] = [];
  for (let position = 0; position < data.length || nals.length === 0;) {
    const end = nalEnd(data, position, lengthSize);
    if (end < 0) {
      throw new MillraceError('MEDIA_BAD_UNIT', 'the NAL unit lengths do not add up to the access unit');
    }
    nals.push(data.subarray(position + lengthSize, end));
    position = end;
  }
  return nals;
}

/** True for what begins with a start code of 3 or 4 bytes; a length can look the same. */
export const isAnnexB = (data: Buffer): boolean =>
  data.length > 4 && data[0] === 0 && data[1] === 0 && (data[2] === 1 || (data[2] === 0 && data[3] === 1));

/**
 * The NAL units of a byte stream (ITU-T H.264 annex B) with 3- or 4-byte start codes, as views into it.
 * Throws MEDIA_BAD_UNIT when it does not begin with a start code, or holds more than `max`.
 */
export function splitAnnexB(data: Buffer, max = Number.POSITIVE_INFINITY): Buffer[] {
  const nals: Buffer[] = [];
  let code = data.indexOf(START_CODE);
  if (code < 0 || data.subarray(0, code).some((byte) => byte !== 0)) {
    throw new MillraceError('MEDIA_BAD_UNIT', 'the byte stream does not begin with a start code');
  }
  while (code >= 0) {
    const start = code + START_CODE.length;
    code = data.indexOf(START_CODE, start);
    let end = code < 0 ? data.length : code;
    // The zero byte of a longer start code and trailing_zero_8bits belong to no NAL unit: none ends in a zero.
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) nals.push(data.subarray(start, end));
    if (nals.length > max) throw new MillraceError('MEDIA_BAD_UNIT', `more than ${max} NAL units`);
  }
  return nals;
}

/** Puts a big-endian length before each NAL unit. Throws MEDIA_BAD_UNIT when one is too long for `lengthSize`. */
export function joinLengthPrefixed(nals: readonly Buffer[], lengthSize: NalLengthSize = 4): Buffer {
  const joined = Buffer.allocUnsafe(nals.reduce((sum, nal) => sum + lengthSize + nal.length, 0));
  let position = 0;
  for (const nal of nals) {
    if (nal.length >= 256 ** lengthSize) {
      throw new MillraceError(
        'MEDIA_BAD_UNIT',
        `a NAL unit of ${nal.length} bytes needs a longer length field`,
      );
    }
    position = joined.writeUIntBE(nal.length, position, lengthSize);
    position += nal.copy(joined, position);
  }
  return joined;
}

/** Puts a 4-byte start code before each NAL unit. */
export function joinAnnexB(nals: readonly Buffer[]): Buffer {
  const zero = Buffer.alloc(1);
  return Buffer.concat(nals.flatMap((nal) => [zero, START_CODE, nal]));
}

export const annexBToLengthPrefixed = (data: Buffer, lengthSize: NalLengthSize = 4): Buffer =>
  joinLengthPrefixed(splitAnnexB(data), lengthSize);

export const lengthPrefixedToAnnexB = (data: Buffer, lengthSize: NalLengthSize): Buffer =>
  joinAnnexB(splitLengthPrefixed(data, lengthSize));
