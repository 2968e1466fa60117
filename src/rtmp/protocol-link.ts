import { MillraceError } from '../errors.js';
import { perSecond, type TokenBucket } from '../media/token-bucket.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';
import type { RtmpLimits } from './limits.js';
import {
  acknowledgementMessage,
  parseControlNumber,
  parsePeerBandwidth,
  windowAckSizeMessage,
} from './messages/control.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';
import { parseUserControl, pingResponseMessage, UserControlEvent } from './messages/user-control.js';

/** The acknowledgement window announced to the peer, and assumed of it until it announces its own. */
export const WINDOW_ACK_SIZE = 2_500_000;

/**
 * Both ends' half of a connection after the handshake: the chunk stream each way, acknowledgements and the protocol
 * control messages (RTMP 1.0 5.4, 7.1.7). Replies that the protocol itself owes gather in `takeReplies`.
 */
export class ProtocolLink {
  readonly #reader: ChunkReader;
  readonly #writer = new ChunkWriter();
  readonly #chunkSizes: TokenBucket;
  readonly #pings: TokenBucket;
  readonly #smallChunks: TokenBucket;
  #replies: Buffer[] = [];
  #received = 0;
  #acknowledged = 0;
  #peerWindow = WINDOW_ACK_SIZE;
  #announcedWindow: number | undefined;

  constructor(limits: RtmpLimits) {
    this.#reader = new ChunkReader(limits);
    this.#chunkSizes = perSecond(limits.chunkSizesPerSecond);
    this.#pings = perSecond(limits.pingsPerSecond);
    this.#smallChunks = perSecond(limits.smallChunksPerSecond);
  }

  /** Bytes held for incomplete messages. */
  get heldBytes(): number {
    return this.#reader.heldBytes;
  }

  /** The peer may send media from now on. */
  allowMedia(): void {
    this.#reader.allowMedia();
  }

  /** Counts bytes that came in, the handshake's included, and acknowledges a full window (RTMP 1.0 5.4.3). */
  count(bytes: number): void {
    this.#received += bytes;
    if (this.#received - this.#acknowledged < this.#peerWindow) return;
    this.#acknowledged = this.#received;
    this.#replies.push(this.#writer.write(acknowledgementMessage(this.#received % 2 ** 32)));
  }

  /** Bytes after the handshake. Pull `next` until undefined, or call `hold`, before `bytes` is used again. */
  push(bytes: Buffer): void {
    this.#reader.push(bytes);
  }

  /** Keeps what is unread for later, in a buffer of its own. */
  hold(): void {
    this.#reader.hold();
  }

  /**
   * The next message that is not the link's own affair, or undefined when more bytes are needed.
   * @throws MillraceError when the chunk stream is broken or a limit passed; the connection is over then.
   */
  next(now: number): RtmpMessage | undefined {
    for (;;) {
      const message = this.#reader.next();
      if (!this.#smallChunks.take(now, this.#reader.takeSmallChunks())) {
        throw new MillraceError('RTMP_LIMIT', 'too many small chunks');
      }
      if (message === undefined || !this.#obey(message, now)) return message;
    }
  }

  /** What acknowledgements, pings and windows call for, since the last time this was asked. */
  takeReplies(): Buffer[] {
    const replies = this.#replies;
    if (replies.length > 0) this.#replies = [];
    return replies;
  }

  write(message: RtmpMessage): Buffer {
    return this.#writer.write(message);
  }

  /** Like `write`, for large payloads: those go by reference, so they must not change until they are sent. */
  writePieces(message: RtmpMessage): Buffer[] {
    return this.#writer.writePieces(message);
  }

  setChunkSize(size: number): Buffer {
    return this.#writer.setChunkSize(size);
  }

  announceWindow(size: number): Buffer {
    this.#announcedWindow = size;
    return this.#writer.write(windowAckSizeMessage(size));
  }

  /** Handles a protocol control message; false for any other. */
  #obey(message: RtmpMessage, now: number): boolean {
    switch (message.typeId) {
      case MessageType.SetChunkSize:
        // The reader has applied it already; a flood of them is all that is left to judge.
        if (!this.#chunkSizes.take(now))
          throw new MillraceError('RTMP_LIMIT', 'chunk size changed too often');
        return true;
      case MessageType.Abort:
      case MessageType.Acknowledgement:
        return true;
      case MessageType.WindowAckSize:
        this.#setPeerWindow(parseControlNumber(message.payload));
        return true;
      case MessageType.SetPeerBandwidth:
        this.#followBandwidth(parsePeerBandwidth(message.payload));
        return true;
      case MessageType.UserControl:
        this.#userControl(message.payload, now);
        return true;
      default:
        return false;
    }
  }

  #setPeerWindow(size: number): void {
    if (size > 0) this.#peerWindow = size;
  }

  #followBandwidth(size: number): void {
    if (size > 0 && size !== this.#announcedWindow) this.#replies.push(this.announceWindow(size));
  }

  #userControl(payload: Buffer, now: number): void {
    const control = parseUserControl(payload);
    if (control.event === UserControlEvent.PingRequest && this.#pings.take(now)) {
      this.#replies.push(this.#writer.write(pingResponseMessage(control)));
    }
  }
}
