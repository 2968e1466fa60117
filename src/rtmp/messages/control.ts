import { MillraceError } from '../../errors.js';
import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** Chunk stream that carries protocol control messages (RTMP 1.0 5.4). */
export const CONTROL_CHUNK_STREAM = 2;

/** A chunk larger than any message is the same as one chunk per message (RTMP 1.0 5.4.1). */
export const MAX_CHUNK_SIZE = 0xffffff;

/** Limit types of Set Peer Bandwidth (RTMP 1.0 5.4.5). */
export const BandwidthLimit = { Hard: 0, Soft: 1, Dynamic: 2 } as const;

/** Wraps a control payload: chunk stream 2, message stream 0, timestamp 0. */
export const controlMessage = (typeId: number, payload: Buffer): RtmpMessage => ({
  chunkStreamId: CONTROL_CHUNK_STREAM,
  typeId,
  streamId: 0,
  timestamp: 0,
  payload,
});

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

export const setChunkSizeMessage = (size: number): RtmpMessage =>
  controlMessage(MessageType.SetChunkSize, uint32(size));

/** `sequence` is the count of bytes received so far; it wraps at 2^32. */
export const acknowledgementMessage = (sequence: number): RtmpMessage =>
  controlMessage(MessageType.Acknowledgement, uint32(sequence));

export const windowAckSizeMessage = (size: number): RtmpMessage =>
  controlMessage(MessageType.WindowAckSize, uint32(size));

export const setPeerBandwidthMessage = (size: number, limit: number): RtmpMessage =>
  controlMessage(MessageType.SetPeerBandwidth, Buffer.concat([uint32(size), Buffer.of(limit)]));

/** Reads the payload of any control message that is one 32-bit number; RTMP_BAD_CHUNK for any other size. */
export function parseControlNumber(payload: Buffer): number {
  if (payload.length !== 4) {
    throw new MillraceError('RTMP_BAD_CHUNK', `control message of ${payload.length} bytes, expected 4`);
  }
  return payload.readUInt32BE(0);
}

/** Set Chunk Size (RTMP 1.0 5.4.1): 31 bits, at least 1; sizes above the longest message mean that length. */
export function parseChunkSize(payload: Buffer): number {
  const size = parseControlNumber(payload);
  if (size < 1 || size > 0x7fffffff) {
    throw new MillraceError('RTMP_BAD_CHUNK', `chunk size ${size} is outside 1..2147483647`);
  }
  return Math.min(size, MAX_CHUNK_SIZE);
}

/** Set Peer Bandwidth (RTMP 1.0 5.4.5): the window the peer wants us to announce. */
export function parsePeerBandwidth(payload: Buffer): number {
  if (payload.length !== 5) {
    throw new MillraceError('RTMP_BAD_CHUNK', `Set Peer Bandwidth of ${payload.length} bytes, expected 5`);
  }
  return payload.readUInt32BE(0);
}
