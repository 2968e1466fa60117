import { MillraceError } from '../errors.js';
import { setChunkSizeMessage } from './messages/control.js';
import type { RtmpMessage } from './messages/message.js';

/** Chunk size of both directions until Set Chunk Size says otherwise (RTMP 1.0 5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

/** Value of the 24-bit timestamp field that announces an extended timestamp (RTMP 1.0 5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;

/** The length field of a message header has 24 bits. */
const MAX_PAYLOAD_LENGTH = 0xffffff;

const EXTENDED_LENGTH = 4;
/** Message header lengths of chunk types 0 to 3 (RTMP 1.0 5.3.1.2). */
export const MESSAGE_HEADER_LENGTHS = [11, 7, 3, 0] as const;

/** The header last written on one chunk stream. */
interface LastHeader {
  timestamp: number;
  /** Undefined after a type 0 header, where a repeated delta is read differently by different receivers. */
  delta: number | undefined;
  length: number;
  typeId: number;
  streamId: number;
}

function basicHeader(format: number, chunkStreamId: number): Buffer {
  if (chunkStreamId < 64) return Buffer.of((format << 6) | chunkStreamId);
  const id = chunkStreamId - 64;
  if (id < 256) return Buffer.of(format << 6, id);
  return Buffer.of((format << 6) | 1, id & 0xff, id >> 8);
}

/** The shortest header type that says everything that has changed since the last header (RTMP 1.0 5.3.1.2). */
function headerType(last: LastHeader, next: RtmpMessage, delta: number): 0 | 1 | 2 | 3 {
  // A step backwards is a huge delta in serial arithmetic: it gets an absolute timestamp, like a new stream id.
  if (last.streamId !== next.streamId || delta >= EXTENDED_TIMESTAMP) return 0;
  if (last.length !== next.payload.length || last.typeId !== next.typeId) return 1;
  return last.delta === delta ? 3 : 2;
}

/** Cuts messages into chunks (RTMP 1.0 5.3), with the shortest header that every receiver reads alike. */
export class ChunkWriter {
  #chunkSize = DEFAULT_CHUNK_SIZE;
  readonly #last = new Map<number, LastHeader>();

  /** The bytes that announce a new chunk size; it holds for every later `write`. */
  setChunkSize(size: number): Buffer {
    const bytes = this.write(setChunkSizeMessage(size));
    this.#chunkSize = size;
    return bytes;
  }

  /**
   * All chunks of one message in one buffer.
   * @throws MillraceError RTMP_MESSAGE_TOO_LONG when the payload does not fit a 24-bit length.
   */
  write(message: RtmpMessage): Buffer {
    const { payload, chunkStreamId } = message;
    if (payload.length > MAX_PAYLOAD_LENGTH) {
      throw new MillraceError(
        'RTMP_MESSAGE_TOO_LONG',
        `payload of ${payload.length} bytes, limit ${MAX_PAYLOAD_LENGTH}`,
      );
    }
    const header = this.#messageHeader(message);
    const extended = header.extended === undefined ? 0 : EXTENDED_LENGTH;
    const first = basicHeader(header.format, chunkStreamId);
    const continuation = basicHeader(3, chunkStreamId);
    const continuations = Math.max(0, Math.ceil(payload.length / this.#chunkSize) - 1);
    const bytes = Buffer.allocUnsafe(
      first.length +
        header.fields.length +
        extended +
        continuations * (continuation.length + extended) +
        payload.length,
    );

    let position = first.copy(bytes, 0);
    position += header.fields.copy(bytes, position);
    if (header.extended !== undefined) position = bytes.writeUInt32BE(header.extended, position);
    let sent = Math.min(this.#chunkSize, payload.length);
    position += payload.copy(bytes, position, 0, sent);
    while (sent < payload.length) {
      position += continuation.copy(bytes, position);
      if (header.extended !== undefined) position = bytes.writeUInt32BE(header.extended, position);
      const end = Math.min(sent + this.#chunkSize, payload.length);
      position += payload.copy(bytes, position, sent, end);
      sent = end;
    }
    return bytes;
  }

  /** Chooses the header type, writes its fields and remembers them for the next message on this chunk stream. */
  #messageHeader(message: RtmpMessage): {
    format: number;
    fields: Buffer;
    extended: number | undefined;
  } {
    const { chunkStreamId, typeId, streamId, payload } = message;
    const timestamp = message.timestamp >>> 0;
    const last = this.#last.get(chunkStreamId);
    const delta = last === undefined ? 0 : (timestamp - last.timestamp) >>> 0;
    const format = last === undefined ? 0 : headerType(last, message, delta);
    this.#last.set(chunkStreamId, {
      timestamp,
      delta: format === 0 ? undefined : delta,
      length: payload.length,
      typeId,
      streamId,
    });

    const field = format === 0 ? timestamp : delta;
    const fields = Buffer.alloc(MESSAGE_HEADER_LENGTHS[format]);
    if (format <= 2) fields.writeUIntBE(Math.min(field, EXTENDED_TIMESTAMP), 0, 3);
    if (format <= 1) {
      fields.writeUIntBE(payload.length, 3, 3);
      fields[6] = typeId;
    }
    if (format === 0) fields.writeUInt32LE(streamId, 7);
    return { format, fields, extended: field >= EXTENDED_TIMESTAMP ? field : undefined };
  }
}
