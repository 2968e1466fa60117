import type { VideoUnitShape } from './video-unit.js';

/** obu_type, AV1 bitstream specification 6.2.2: those that are told apart here. */
export const OBU_TYPE = { sequenceHeader: 1, temporalDelimiter: 2, frameHeader: 3, frame: 6 } as const;

/** One open bitstream unit, as a place in the data that holds it. */
export interface Obu {
  readonly type: number;
  /** Where its header begins. */
  readonly start: number;
  /** Where its payload begins. */
  readonly payload: number;
  /** Where the next unit begins. */
  readonly end: number;
}

/** leb128 values of more bytes are not allowed (AV1 4.10.5). */
const MAX_LEB128_BYTES = 8;

/**
 * The unit that begins at `position` (AV1 5.3); the last of the data may leave its size out. Undefined when it is
 * malformed or longer than the data.
 */
export function readObu(data: Buffer, position: number): Obu | undefined {
  const header = data[position];
  if (header === undefined || (header & 0x80) !== 0) return undefined;
  const type = (header >> 3) & 0x0f;
  let payload = position + ((header & 0x04) !== 0 ? 2 : 1);
  if (payload > data.length) return undefined;
  if ((header & 0x02) === 0) return { type, start: position, payload, end: data.length };

  let size = 0;
  for (let i = 0; ; i++) {
    const byte = data[payload];
    if (byte === undefined || i === MAX_LEB128_BYTES) return undefined;
    payload++;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) break;
  }
  return size > data.length - payload ? undefined : { type, start: position, payload, end: payload + size };
}

/** The first sequence header among the units, header and size included; undefined when there is none. */
export function findSequenceHeader(data: Buffer): Obu | undefined {
  for (let position = 0; position < data.length;) {
    const obu = readObu(data, position);
    if (obu === undefined || obu.type === OBU_TYPE.sequenceHeader) return obu;
    position = obu.end;
  }
  return undefined;
}

/** The temporal unit without the delimiter in front, which has no place in a file (AV1 in ISOBMFF 2.4); a view. */
export function withoutTemporalDelimiter(data: Buffer): Buffer {
  const first = readObu(data, 0);
  return first?.type === OBU_TYPE.temporalDelimiter ? data.subarray(first.end) : data;
}

/**
 * Walks the units of a temporal unit without copying: a keyframe is one whose first frame is a shown key frame. Undefined
 * when the sizes do not add up to exactly the data, or there is no frame in it.
 */
export function inspectAv1Unit(data: Buffer): VideoUnitShape | undefined {
  let keyframe: boolean | undefined;
  for (let position = 0; position < data.length;) {
    const obu = readObu(data, position);
    if (obu === undefined) return undefined;
    if (keyframe === undefined && (obu.type === OBU_TYPE.frame || obu.type === OBU_TYPE.frameHeader)) {
      if (obu.payload === obu.end) return undefined;
      // show_existing_frame 0, frame_type KEY_FRAME 00, show_frame 1 (AV1 5.9.2)
      keyframe = data.readUInt8(obu.payload) >> 4 === 0b0001;
    }
    position = obu.end;
  }
  return keyframe === undefined ? undefined : { keyframe, skippedAtStart: false };
}
