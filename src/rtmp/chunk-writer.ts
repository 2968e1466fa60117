import { MillraceError } from '../errors.js';
import { setChunkSizeMessage } from './messages/control.js';
import type { RtmpMessage } from './messages/message.js';

/** Chunk size of both directions until Set Chunk Size says otherwise (RTMP 1.0 5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

/** Value of the 24-bit timestamp field that announces an extended timestamp (RTMP 1.0 5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;

/** The length field of a message header has 24 bits. */
const MAX_PAYLOAD_LENGTH = 0xffffff;

/** Below this many bytes a chunk's payload costs less to copy than to hand on by itself. */
const MIN_REFERENCED = 1024;

/** Where chunks are smaller than this, cutting a message into references costs more than copying it. */
const MIN_REFERENCED_CHUNK = 16 * 1024;

const EXTENDED_LENGTH = 4;
/** Message header lengths of chunk types 0 to 3 (RTMP 1.0 5.3.1.2). */
export const MESSAGE_HEADER_LENGTHS = [11, 7, 3, 0] as const;

type Format = 0 | 1 | 2 | 3;

/** What is remembered of one chunk stream: the header last written on it. */
class WriterStream {
  readonly #id: number;
  #timestamp = 0;
  /** Undefined before the first and after a type 0 header, where a repeated delta is read differently by different receivers. */
  #delta: number | undefined;
  #length = 0;
  #typeId = 0;
  #streamId: number | undefined;
  #format: Format = 0;
  /** Timestamp or delta of the last header, as its type has it. */
  #time = 0;

  constructor(id: number) {
    this.#id = id;
  }

  /** Decides on the header of the next message: the shortest type that says all that has changed (RTMP 1.0 5.3.1.2). */
  begin(message: RtmpMessage): void {
    const timestamp = message.timestamp >>> 0;
    const delta = (timestamp - this.#timestamp) >>> 0;
    // A step backwards is a huge delta in serial arithmetic: it gets an absolute timestamp, like a new stream id.
    if (this.#streamId !== message.streamId || delta >= EXTENDED_TIMESTAMP) this.#format = 0;
    else if (this.#length !== message.payload.length || this.#typeId !== message.typeId) this.#format = 1;
    else this.#format = this.#delta === delta ? 3 : 2;
    this.#timestamp = timestamp;
    this.#delta = this.#format === 0 ? undefined : delta;
    this.#length = message.payload.length;
    this.#typeId = message.typeId;
    this.#streamId = message.streamId;
    this.#time = this.#format === 0 ? timestamp : delta;
  }

  get headerLength(): number {
    return MESSAGE_HEADER_LENGTHS[this.#format] + this.continuationLength;
  }

  /** Length of a type 3 header, which repeats the extended timestamp. */
  get continuationLength(): number {
    const basic = this.#id < 64 ? 1 : this.#id < 320 ? 2 : 3;
    return this.#time < EXTENDED_TIMESTAMP ? basic : basic + EXTENDED_LENGTH;
  }

  /** Writes the header of the message's first chunk and returns where it ends. */
  putHeader(bytes: Buffer, start: number): number {
    let position = this.#putBasicHeader(bytes, start, this.#format);
    if (this.#format <= 2) bytes.writeUIntBE(Math.min(this.#time, EXTENDED_TIMESTAMP), position, 3);
    if (this.#format <= 1) {
      bytes.writeUIntBE(this.#length, position + 3, 3);
      bytes[position + 6] = this.#typeId;
    }
    if (this.#format === 0) bytes.writeUInt32LE(this.#streamId!, position + 7);
    position += MESSAGE_HEADER_LENGTHS[this.#format];
    return this.#putExtended(bytes, position);
  }

  putContinuation(bytes: Buffer, start: number): number {
    return this.#putExtended(bytes, this.#putBasicHeader(bytes, start, 3));
  }

  #putBasicHeader(bytes: Buffer, position: number, format: Format): number {
    const id = this.#id;
    if (id < 64) return bytes.writeUInt8((format << 6) | id, position);
    if (id < 320) return bytes.writeUInt16BE((format << 14) | (id - 64), position);
    bytes[position] = (format << 6) | 1;
    return bytes.writeUInt16LE(id - 64, position + 1);
  }

  #putExtended(bytes: Buffer, position: number): number {
    return this.#time < EXTENDED_TIMESTAMP ? position : bytes.writeUInt32BE(this.#time, position);
  }
}

/** Cuts messages into chunks (RTMP 1.0 5.3), with the shortest header that every receiver reads alike. */
export class ChunkWriter {
  #chunkSize = DEFAULT_CHUNK_SIZE;
  readonly #streams = new Map<number, WriterStream>();

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
    const { payload } = message;
    const stream = this.#begin(message);
    const continuations = Math.max(0, Math.ceil(payload.length / this.#chunkSize) - 1);
    const bytes = Buffer.allocUnsafe(
      stream.headerLength + continuations * stream.continuationLength + payload.length,
    );
    let position = stream.putHeader(bytes, 0);
    let sent = Math.min(this.#chunkSize, payload.length);
    position += payload.copy(bytes, position, 0, sent);
    while (sent < payload.length) {
      position = stream.putContinuation(bytes, position);
      const end = Math.min(sent + this.#chunkSize, payload.length);
      position += payload.copy(bytes, position, sent, end);
      sent = end;
    }
    return bytes;
  }

  /**
   * All chunks of one message, for payloads that are sent to many: large ones go by reference, not copied, so they must
   * not change until they are sent.
   * @throws MillraceError RTMP_MESSAGE_TOO_LONG when the payload does not fit a 24-bit length.
   */
  writePieces(message: RtmpMessage): Buffer[] {
    const { payload } = message;
    const size = this.#chunkSize;
    const whole = payload.length <= size;
    if (whole ? payload.length < MIN_REFERENCED : size < MIN_REFERENCED_CHUNK) return [this.write(message)];
    const stream = this.#begin(message);
    const header = Buffer.allocUnsafe(stream.headerLength);
    stream.putHeader(header, 0);
    if (whole) return [header, payload];
    const pieces = [header, payload.subarray(0, size)];
    const continuation = Buffer.allocUnsafe(stream.continuationLength);
    stream.putContinuation(continuation, 0);
    for (let sent = size; sent < payload.length; sent += size)
      pieces.push(continuation, payload.subarray(sent, sent + size));
    return pieces;
  }

  #begin(message: RtmpMessage): WriterStream {
    const { payload, chunkStreamId } = message;
    if (payload.length > MAX_PAYLOAD_LENGTH) {
      throw new MillraceError(
        'RTMP_MESSAGE_TOO_LONG',
        `payload of ${payload.length} bytes, limit ${MAX_PAYLOAD_LENGTH}`,
      );
    }
    let stream = this.#streams.get(chunkStreamId);
    if (stream === undefined) {
      stream = new WriterStream(chunkStreamId);
      this.#streams.set(chunkStreamId, stream);
    }
    stream.begin(message);
    return stream;
  }
}
