import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import type { RtmpMessage } from '../../src/rtmp/messages/message.js';
import { codeOf, cut, readAll } from './support.js';

const message = (fields: Partial<RtmpMessage>): RtmpMessage => ({
  chunkStreamId: 6,
  typeId: 9,
  streamId: 1,
  timestamp: 0,
  payload: Buffer.from('abc'),
  ...fields,
});

/** The chunk type of the first header in `bytes`. */
const typeOf = (bytes: Buffer): number => bytes.readUInt8(0) >> 6;

describe('chunk writer', () => {
  test('K2: sends the shortest header that says everything', () => {
    const writer = new ChunkWriter();
    const types = [
      message({ timestamp: 100 }),
      message({ timestamp: 133 }),
      message({ timestamp: 166 }),
      message({ timestamp: 199, payload: Buffer.from('longer') }),
      message({ timestamp: 150 }),
      message({ timestamp: 150, streamId: 2 }),
    ].map((next) => typeOf(writer.write(next)));
    expect(types).toEqual([0, 2, 3, 1, 0, 0]);
  });

  test('K2: never lets type 3 begin a message after type 0, which receivers read differently', () => {
    const writer = new ChunkWriter();
    writer.write(message({ timestamp: 23 }));
    expect(typeOf(writer.write(message({ timestamp: 46 })))).toBe(2);
  });

  test('K4, K5: writes the extended timestamp and repeats it in every type 3 chunk', () => {
    const bytes = new ChunkWriter().write(message({ timestamp: 0x01020304, payload: Buffer.alloc(129) }));
    expect(bytes).toHaveLength(12 + 4 + 128 + 1 + 4 + 1);
    expect(bytes.subarray(1, 4)).toEqual(Buffer.of(0xff, 0xff, 0xff));
    expect(bytes.readUInt32BE(12)).toBe(0x01020304);
    expect(bytes.readUInt32BE(16 + 128 + 1)).toBe(0x01020304);
  });

  test('K4: a timestamp of 0xffffff is written extended', () => {
    const bytes = new ChunkWriter().write(message({ timestamp: 0xffffff }));
    expect(bytes.readUInt32BE(12)).toBe(0xffffff);
  });

  test('K14: writes a message without payload as one header', () => {
    const empty = message({ payload: Buffer.alloc(0) });
    expect(readAll([new ChunkWriter().write(empty)])).toEqual([empty]);
  });

  test('refuses a payload that does not fit the length field', () => {
    const payload = Buffer.alloc(0x1000000);
    expect(codeOf(() => new ChunkWriter().write(message({ payload })))).toBe('RTMP_MESSAGE_TOO_LONG');
  });

  test('K1, K2, K4, T4: what is written is read back, wherever timestamps jump and however the bytes are split', () => {
    const anyMessage = fc.record({
      chunkStreamId: fc.constantFrom(3, 4, 63, 64, 319, 320, 65599),
      typeId: fc.constantFrom(8, 9, 20),
      streamId: fc.constantFrom(0, 1, 0x01020304),
      timestamp: fc.oneof(
        fc.nat(200),
        fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0xffffffff),
        fc.nat(0xffffffff),
      ),
      payload: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    });
    const places = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(anyMessage), fc.integer({ min: 1, max: 500 }), places, (messages, size, cuts) => {
        const writer = new ChunkWriter();
        const bytes = Buffer.concat([writer.setChunkSize(size), ...messages.map((m) => writer.write(m))]);
        expect(readAll(cut(bytes, cuts)).slice(1)).toEqual(messages);
      }),
      { numRuns: 300 },
    );
  });

  describe('in pieces', () => {
    const sizes = fc.constantFrom(0, 1, 900, 1024, 5000, 16_384, 20_000, 40_000, 70_000);
    const plan = fc.record({
      payload: sizes.map((size) => Buffer.alloc(size, size)),
      timestamp: fc.constantFrom(0, 40, 0xfffffe, 0xffffff, 0xfffffff0),
      chunkStreamId: fc.constantFrom(4, 6, 70, 400),
    });

    test('says the same bytes as in one buffer', () => {
      const chunkSizes = fc.constantFrom(128, 4096, 16_384, 60_000, 0xffffff);
      fc.assert(
        fc.property(fc.array(plan, { maxLength: 8 }), chunkSizes, (plans, size) => {
          const [whole, pieces] = [new ChunkWriter(), new ChunkWriter()];
          whole.setChunkSize(size);
          pieces.setChunkSize(size);
          for (const fields of plans) {
            const expected = whole.write(message(fields));
            expect(Buffer.concat(pieces.writePieces(message(fields))).equals(expected)).toBe(true);
          }
        }),
        { numRuns: 100 },
      );
    });

    test.each([
      ['one chunk', 4096, 4096, 2],
      ['several large chunks', 60_000, 130_000, 6],
    ])('hands a payload of %s on by reference', (_, size, length, count) => {
      const writer = new ChunkWriter();
      writer.setChunkSize(size);
      const payload = Buffer.alloc(length);
      const pieces = writer.writePieces(message({ payload }));
      expect(pieces).toHaveLength(count);
      for (const [i, piece] of pieces.entries()) expect(piece.buffer === payload.buffer).toBe(i % 2 === 1);
    });

    test('copies what many small pieces would cost more for', () => {
      const writer = new ChunkWriter();
      writer.setChunkSize(4096);
      expect(writer.writePieces(message({ payload: Buffer.alloc(100_000) }))).toHaveLength(1);
      expect(writer.writePieces(message({ payload: Buffer.alloc(300) }))).toHaveLength(1);
    });
  });
});
