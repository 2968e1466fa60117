import { MillraceError } from '../../errors.js';
import type { RtmpMessage } from './message.js';

const SUB_HEADER_LENGTH = 11;
const BACK_POINTER_LENGTH = 4;

/** Messages inside one aggregate. */
const MAX_SUB_MESSAGES = 4096;

/**
 * Splits an aggregate message (RTMP 1.0 7.1.6) into the messages inside it, each laid out like an FLV tag with a back
 * pointer. The aggregate's stream id holds for all, and its timestamp places the first; the others keep their distance.
 * Each comes out with a payload of its own, so that a small one that is kept does not keep the whole aggregate.
 * @throws MillraceError RTMP_BAD_COMMAND when a message inside is cut off, RTMP_LIMIT when there are too many.
 */
export function* splitAggregate(message: RtmpMessage): Generator<RtmpMessage, void, undefined> {
  const { payload } = message;
  let offset: number | undefined;
  let position = 0;
  let count = 0;
  while (position < payload.length) {
    if (++count > MAX_SUB_MESSAGES) {
      throw new MillraceError('RTMP_LIMIT', `more than ${MAX_SUB_MESSAGES} messages in an aggregate`);
    }
    const start = position + SUB_HEADER_LENGTH;
    const length = start <= payload.length ? payload.readUIntBE(position + 1, 3) : 0;
    if (start + length > payload.length) {
      throw new MillraceError('RTMP_BAD_COMMAND', `aggregate message cut off at byte ${position}`);
    }
    const timestamp = (payload.readUInt8(position + 7) << 24) | payload.readUIntBE(position + 4, 3);
    offset ??= message.timestamp - timestamp;
    yield {
      chunkStreamId: message.chunkStreamId,
      typeId: payload.readUInt8(position),
      streamId: message.streamId,
      timestamp: (timestamp + offset) >>> 0,
      payload: Buffer.from(payload.subarray(start, start + length)),
    };
    position = start + length + BACK_POINTER_LENGTH;
  }
}
