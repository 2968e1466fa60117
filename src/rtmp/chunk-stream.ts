import { MillraceError } from '../errors.js';
import type { RtmpLimits } from './limits.js';
import { maxMessageLength } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';

/** Marks "the last header had no extended timestamp". */
export const NOT_EXTENDED = -1;

/**
 * A type 3 chunk that begins a message straight after a type 0 header repeats that header's timestamp as its delta by
 * the book (RTMP 1.0 5.3.1.2.4), which is what ffmpeg means: a first frame at 23 ms, the next at 46. librtmp means
 * "the same time again". Above this many ms only the second reading makes sense.
 */
const MAX_REPEATED_TIMESTAMP = 1000;

/**
 * A delta of 4.6 hours and more that equals the clock to within this many ms is an absolute timestamp, put by mistake
 * into a type 1 or 2 header.
 */
const MAX_ABSOLUTE_STEP = 10_000;

/** What is allocated first for a message that arrives in pieces; most frames are not much longer. */
const FIRST_ALLOCATION = 16 * 1024;

/** By this a message's buffer grows, up to the declared length: what is held stays in proportion to what has arrived. */
const GROWTH = 4;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The fields of a message header that chunk types 0, 1 and 2 carry in part. */
export interface HeaderFields {
  /** Type 0: absolute time. Types 1 and 2: delta. Full 32 bits when extended. */
  readonly time: number;
  readonly length: number;
  readonly typeId: number;
  readonly streamId: number;
  /** The extended timestamp field, or `NOT_EXTENDED`. */
  readonly extended: number;
}

/** What the reader remembers of one chunk stream: its last header and the message that is still arriving. */
export class ChunkStream {
  length = 0;
  typeId = 0;
  streamId = 0;
  /** The last extended timestamp field, or `NOT_EXTENDED`. */
  extended = NOT_EXTENDED;
  /** Whether the header of the open message has that field, so that its type 3 chunks should repeat it. */
  carriesExtended = false;
  open = false;
  received = 0;

  #timestamp = 0;
  #delta = 0;
  #body = NO_BYTES;

  constructor(
    readonly id: number,
    private readonly limits: RtmpLimits,
  ) {}

  /** Time of the open message. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Bytes held for the open message. */
  get held(): number {
    return this.#body.length;
  }

  /** Begins a message with a type 0, 1 or 2 header. */
  begin(format: number, fields: HeaderFields): void {
    const limit = maxMessageLength(fields.typeId, this.limits);
    if (fields.length > limit) {
      throw new MillraceError(
        'RTMP_MESSAGE_TOO_LONG',
        `message of type ${fields.typeId} declares ${fields.length} bytes, limit ${limit}`,
      );
    }
    if (format === 0) {
      this.#timestamp = fields.time;
      this.#delta = fields.time <= MAX_REPEATED_TIMESTAMP ? fields.time : 0;
    } else {
      this.#delta = this.#deltaOf(fields);
      this.#timestamp = (this.#timestamp + this.#delta) >>> 0;
    }
    this.length = fields.length;
    this.typeId = fields.typeId;
    this.streamId = fields.streamId;
    this.extended = fields.extended;
    this.carriesExtended = fields.extended !== NOT_EXTENDED;
    this.#start();
  }

  /** Begins a message with a type 3 header: everything as last time, one delta later. */
  beginAgain(carriesExtended: boolean): void {
    this.#timestamp = (this.#timestamp + this.#delta) >>> 0;
    this.carriesExtended = carriesExtended;
    this.#start();
  }

  /** Appends payload bytes, copying them; the buffer grows with what arrives, never by what was declared. */
  append(source: Buffer, start: number, end: number): void {
    const needed = this.received + end - start;
    if (needed > this.#body.length) {
      const capacity = Math.min(this.length, Math.max(needed, this.#body.length * GROWTH, FIRST_ALLOCATION));
      const grown = Buffer.allocUnsafe(capacity);
      this.#body.copy(grown, 0, 0, this.received);
      this.#body = grown;
    }
    source.copy(this.#body, this.received, start, end);
    this.received = needed;
  }

  /** Hands the complete message out and closes it. */
  take(): RtmpMessage {
    const message: RtmpMessage = {
      chunkStreamId: this.id,
      typeId: this.typeId,
      streamId: this.streamId,
      timestamp: this.#timestamp,
      payload: this.#body,
    };
    this.discard();
    return message;
  }

  /** Forgets the open message; its header stays what later deltas refer to. */
  discard(): void {
    this.open = false;
    this.received = 0;
    this.#body = NO_BYTES;
  }

  #start(): void {
    this.open = true;
    this.received = 0;
    this.#body = NO_BYTES;
  }

  #deltaOf(fields: HeaderFields): number {
    if (fields.extended === NOT_EXTENDED) return fields.time;
    const step = (fields.extended - this.#timestamp) >>> 0;
    // Shortly before 2^32 ms a small step back looks like an absolute timestamp as well: the nearer one is meant.
    const stepBack = -(fields.extended | 0);
    const isAbsolute = step <= MAX_ABSOLUTE_STEP && !(stepBack > 0 && stepBack < step);
    return isAbsolute ? step : fields.time;
  }
}
