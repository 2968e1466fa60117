import { MillraceError } from '../errors.js';

/** One tag of an FLV file; `body` is what an RTMP message of that type carries. */
export interface FlvTag {
  readonly type: 'audio' | 'video' | 'script';
  /** Milliseconds, uint32. */
  readonly timestamp: number;
  /** A view over the file's bytes. */
  readonly body: Buffer;
}

const TAG_HEADER_LENGTH = 11;
const BACK_POINTER_LENGTH = 4;
const FILE_HEADER_LENGTH = 9;
const TYPE_BITS = 0x1f;

const TAG_TYPES: Readonly<Record<number, FlvTag['type']>> = { 8: 'audio', 9: 'video', 18: 'script' };

/**
 * Walks the tags of a whole FLV file (FLV 10.1 E.2 to E.4). Tags of other types are passed over; a last tag that is cut
 * off, as in a recording that was interrupted, ends the walk.
 * @throws MillraceError FLV_MALFORMED when the signature is missing.
 */
export function* readFlv(bytes: Buffer): Generator<FlvTag, void, undefined> {
  if (bytes.length < FILE_HEADER_LENGTH || bytes.toString('latin1', 0, 3) !== 'FLV') {
    throw new MillraceError('FLV_MALFORMED', 'not an FLV file');
  }
  let position = bytes.readUInt32BE(5) + BACK_POINTER_LENGTH;
  while (position + TAG_HEADER_LENGTH <= bytes.length) {
    const length = bytes.readUIntBE(position + 1, 3);
    const start = position + TAG_HEADER_LENGTH;
    if (start + length > bytes.length) return;
    const type = TAG_TYPES[bytes.readUInt8(position) & TYPE_BITS];
    // The eighth byte extends the 24-bit timestamp upwards.
    const timestamp = ((bytes.readUInt8(position + 7) << 24) | bytes.readUIntBE(position + 4, 3)) >>> 0;
    if (type !== undefined) yield { type, timestamp, body: bytes.subarray(start, start + length) };
    position = start + length + BACK_POINTER_LENGTH;
  }
}
