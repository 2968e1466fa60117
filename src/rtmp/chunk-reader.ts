import { MillraceError } from '../errors.js';
import { ChunkStream, NOT_EXTENDED } from './chunk-stream.js';
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MESSAGE_HEADER_LENGTHS } from './chunk-writer.js';
import { DEFAULT_RTMP_LIMITS } from './limits.js';
import type { RtmpLimits } from './limits.js';
import { parseChunkSize, parseControlNumber } from './messages/control.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';

/** Payload of a chunk that counts as small, in bytes: it costs as much work as one of thousands. */
const SMALL_CHUNK = 64;

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reassembles messages from the chunk stream (RTMP 1.0 5.3), pulled one at a time:
 *
 *     reader.push(bytes);
 *     for (let message = reader.next(); message !== undefined; message = reader.next()) { ... }
 *
 * Pull until `undefined`, or call `hold`: until then the reader has a view over `bytes`. Set Chunk Size and
 * Abort take effect here, at the place where they stand in the stream, and are handed out like any other message.
 */
export class ChunkReader {
  #input = EMPTY;
  #position = 0;
  #chunkSize = DEFAULT_CHUNK_SIZE;
  readonly #streams = new Map<number, ChunkStream>();
  /** The chunk stream whose chunk payload is being read, and what is left of that chunk. */
  #current: ChunkStream | undefined;
  #chunkLeft = 0;
  #partialBytes = 0;
  #partialLimit: number;
  #smallChunks = 0;
  /** Whether the peer repeats extended timestamps in type 3 chunks; undefined until it was seen to do so or not. */
  #repeatsExtended: boolean | undefined;

  constructor(private readonly limits: RtmpLimits = DEFAULT_RTMP_LIMITS) {
    this.#partialLimit = limits.strangerBytes;
  }

  /** Bytes held for incomplete messages; never above `limits.partialBytes`. */
  get heldBytes(): number {
    return this.#partialBytes;
  }

  /** The peer may send media from now on: messages of their size are held. */
  allowMedia(): void {
    this.#partialLimit = this.limits.partialBytes;
  }

  /** Small chunks read since this was last asked. */
  takeSmallChunks(): number {
    const count = this.#smallChunks;
    this.#smallChunks = 0;
    return count;
  }

  push(bytes: Buffer): void {
    const left = this.#input.length - this.#position;
    this.#input = left === 0 ? bytes : Buffer.concat([this.#input.subarray(this.#position), bytes]);
    this.#position = 0;
  }

  /**
   * The next complete message, or undefined when more bytes are needed.
   * @throws MillraceError RTMP_BAD_CHUNK, RTMP_MESSAGE_TOO_LONG or RTMP_LIMIT; framing is lost then, so the connection
   * is to be closed.
   */
  next(): RtmpMessage | undefined {
    for (;;) {
      this.#current ??= this.#readHeader();
      if (this.#current === undefined) {
        // At most a chunk header's worth of bytes is left.
        this.hold();
        return undefined;
      }
      const message = this.#readPayload(this.#current);
      if (message !== undefined) return message;
      if (this.#chunkLeft > 0) {
        this.#input = EMPTY;
        this.#position = 0;
        return undefined;
      }
    }
  }

  /** Keeps what is unread in a buffer of its own, since the input belongs to the caller. */
  hold(): void {
    const unread = this.#input.subarray(this.#position);
    const { waitingBytes } = this.limits;
    if (unread.length > waitingBytes) {
      throw new MillraceError('RTMP_LIMIT', `more than ${waitingBytes} bytes wait to be read`);
    }
    this.#input = unread.length === 0 ? EMPTY : Buffer.from(unread);
    this.#position = 0;
  }

  /** Copies what is here of the current chunk, and gives the message if that was its end. */
  #readPayload(stream: ChunkStream): RtmpMessage | undefined {
    const end = this.#position + Math.min(this.#chunkLeft, this.#input.length - this.#position);
    if (end > this.#position) {
      const held = stream.held;
      stream.append(this.#input, this.#position, end);
      this.#partialBytes += stream.held - held;
      if (this.#partialBytes > this.#partialLimit) {
        throw new MillraceError('RTMP_LIMIT', `incomplete messages hold over ${this.#partialLimit} bytes`);
      }
      this.#chunkLeft -= end - this.#position;
      this.#position = end;
    }
    if (this.#chunkLeft > 0) return undefined;
    this.#current = undefined;
    if (stream.received < stream.length) return undefined;
    this.#partialBytes -= stream.held;
    const message = stream.take();
    this.#obey(message);
    return message;
  }

  #obey(message: RtmpMessage): void {
    if (message.typeId === MessageType.SetChunkSize) this.#chunkSize = parseChunkSize(message.payload);
    if (message.typeId === MessageType.Abort) {
      const stream = this.#streams.get(parseControlNumber(message.payload));
      if (stream !== undefined) this.#discard(stream);
    }
  }

  #discard(stream: ChunkStream): void {
    this.#partialBytes -= stream.held;
    stream.discard();
  }

  /** Reads one chunk header whole and enters its chunk, or changes nothing and gives undefined. */
  #readHeader(): ChunkStream | undefined {
    const input = this.#input;
    const available = input.length;
    let position = this.#position;
    if (position >= available) return undefined;

    const first = input.readUInt8(position++);
    const format = first >> 6;
    let id = first & 0x3f;
    if (id === 0) {
      if (available - position < 1) return undefined;
      id = 64 + input.readUInt8(position++);
    } else if (id === 1) {
      if (available - position < 2) return undefined;
      id = 64 + input.readUInt16LE(position);
      position += 2;
    }
    const stream = this.#streams.get(id);
    if (format !== 3) return this.#readMessageHeader(format, id, stream, position);
    if (stream === undefined) throw wrongStart(id, format);
    return this.#readContinuation(stream, position);
  }

  #readMessageHeader(
    format: number,
    id: number,
    known: ChunkStream | undefined,
    start: number,
  ): ChunkStream | undefined {
    const input = this.#input;
    const available = input.length;
    let position = start + MESSAGE_HEADER_LENGTHS[format as 0 | 1 | 2];
    if (position > available) return undefined;
    let time = input.readUIntBE(start, 3);
    let extended = NOT_EXTENDED;
    if (time === EXTENDED_TIMESTAMP) {
      if (available - position < 4) return undefined;
      time = extended = input.readUInt32BE(position);
      position += 4;
    }

    const stream = known ?? this.#addStream(id, format);
    const length = format <= 1 ? input.readUIntBE(start + 3, 3) : stream.length;
    const typeId = format <= 1 ? input.readUInt8(start + 6) : stream.typeId;
    const streamId = format === 0 ? input.readUInt32LE(start + 7) : stream.streamId;
    if (stream.open && format === 0) this.#discard(stream);
    if (!stream.open) {
      stream.begin(format, { time, length, typeId, streamId, extended });
    } else if (length !== stream.length || typeId !== stream.typeId) {
      throw new MillraceError('RTMP_BAD_CHUNK', `chunk stream ${id} changes its message before the end`);
    }
    return this.#enterChunk(stream, position);
  }

  /** A type 3 header: the open message goes on, or a new one begins like the last. */
  #readContinuation(stream: ChunkStream, start: number): ChunkStream | undefined {
    let repeats = false;
    if (stream.open ? stream.carriesExtended : stream.extended !== NOT_EXTENDED) {
      const answer = stream.open ? this.#askRepeats(stream, start) : this.#startsWithTime(stream, start);
      if (answer === undefined) return undefined;
      repeats = answer;
    }
    const position = repeats ? start + 4 : start;
    if (position > this.#input.length) return undefined;
    if (!stream.open) stream.beginAgain(repeats);
    return this.#enterChunk(stream, position);
  }

  /**
   * Type 3 chunks repeat the extended timestamp (RTMP 1.0 5.3.1.3), but some senders leave it out where they cut a
   * message. The first such chunk of a connection tells which kind of sender this is, so payload that looks like a
   * timestamp later is taken for what it is.
   */
  #askRepeats(stream: ChunkStream, position: number): boolean | undefined {
    return (this.#repeatsExtended ??= this.#startsWithTime(stream, position));
  }

  /** Whether the header's field, or the time it stands for, comes next; undefined when too few bytes are here to tell. */
  #startsWithTime(stream: ChunkStream, position: number): boolean | undefined {
    const field = this.#startsWith(stream.extended, position);
    return field === false ? this.#startsWith(stream.timestamp, position) : field;
  }

  #startsWith(expected: number, position: number): boolean | undefined {
    for (let i = 0; i < 4; i++) {
      const byte = this.#input[position + i];
      if (byte === undefined) return undefined;
      if (byte !== ((expected >>> (24 - 8 * i)) & 0xff)) return false;
    }
    return true;
  }

  #addStream(id: number, format: number): ChunkStream {
    // librtmp opens chunk stream 2 with a type 1 header; type 2 has no length to go by.
    if (format > 1) throw wrongStart(id, format);
    const { chunkStreams } = this.limits;
    if (this.#streams.size >= chunkStreams) {
      throw new MillraceError('RTMP_LIMIT', `more than ${chunkStreams} chunk streams`);
    }
    const stream = new ChunkStream(id, this.limits);
    this.#streams.set(id, stream);
    return stream;
  }

  #enterChunk(stream: ChunkStream, position: number): ChunkStream {
    this.#position = position;
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.received);
    if (this.#chunkLeft < SMALL_CHUNK) this.#smallChunks++;
    return stream;
  }
}

const wrongStart = (id: number, format: number): MillraceError =>
  new MillraceError('RTMP_BAD_CHUNK', `chunk stream ${id} starts with a type ${format} header`);
