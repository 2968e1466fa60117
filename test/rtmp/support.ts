import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import type { RtmpMessage } from '../../src/rtmp/messages/message.js';

/** Fields of a chunk header, written exactly as given: for streams that the real writer would not produce. */
export interface Header {
  readonly time?: number;
  readonly length?: number;
  readonly typeId?: number;
  readonly streamId?: number;
  /** Written after the fields; the time field is 0xffffff then. */
  readonly extended?: number;
}

export function basicHeader(format: number, id: number): Buffer {
  if (id < 64) return Buffer.of((format << 6) | id);
  if (id < 320) return Buffer.of(format << 6, id - 64);
  return Buffer.of((format << 6) | 1, (id - 64) & 0xff, (id - 64) >> 8);
}

/** One chunk, by the book: RTMP 1.0 5.3.1. */
export function chunk(format: number, id: number, header: Header, payload: Buffer | string = ''): Buffer {
  const { time = 0, length = 0, typeId = 9, streamId = 1, extended } = header;
  const fields = Buffer.alloc(11);
  fields.writeUIntBE(extended === undefined ? time : 0xffffff, 0, 3);
  fields.writeUIntBE(length, 3, 3);
  fields[6] = typeId;
  fields.writeUInt32LE(streamId, 7);
  const extra = Buffer.alloc(extended === undefined ? 0 : 4);
  if (extended !== undefined) extra.writeUInt32BE(extended);
  const size = [11, 7, 3, 0][format]!;
  return Buffer.concat([basicHeader(format, id), fields.subarray(0, size), extra, Buffer.from(payload)]);
}

/** Feeds pieces through one reused buffer, as a socket might, and spoils it once the reader is done with it. */
export function readAll(pieces: readonly Buffer[], reader = new ChunkReader()): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  for (const piece of pieces) {
    const shared = Buffer.from(piece);
    reader.push(shared);
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
    shared.fill(0xee);
  }
  return messages;
}

/** Cuts `bytes` at the given places, taken modulo its length. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of [...sorted, bytes.length]) {
    pieces.push(bytes.subarray(from, place));
    from = place;
  }
  return pieces;
}

/** Every byte on its own. */
export const singleBytes = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

/** The code of the MillraceError that `step` throws. */
export function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'nothing thrown';
}
