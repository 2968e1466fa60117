import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import { DEFAULT_RTMP_LIMITS } from '../../src/rtmp/limits.js';
import { setChunkSizeMessage } from '../../src/rtmp/messages/control.js';
import { basicHeader, chunk, codeOf, readAll, singleBytes } from './support.js';

/** Protocol control messages as one chunk. */
const setChunkSize = (size: number): Buffer =>
  chunk(0, 2, { length: 4, typeId: 1, streamId: 0 }, setChunkSizeMessage(size).payload);
const abort = (id: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(id);
  return chunk(0, 2, { length: 4, typeId: 2, streamId: 0 }, payload);
};
const media = (messages: ReturnType<typeof readAll>) => messages.filter(({ typeId }) => typeId > 6);
const texts = (messages: ReturnType<typeof readAll>): string[] =>
  media(messages).map((m) => m.payload.toString());
const times = (messages: ReturnType<typeof readAll>): number[] => media(messages).map((m) => m.timestamp);

describe('chunk headers', () => {
  test.each([2, 3, 63, 64, 65, 319, 320, 321, 1000, 65599])('K1: chunk stream %i is read', (id) => {
    const [message] = readAll([chunk(0, id, { length: 2 }, 'hi')]);
    expect(message).toMatchObject({ chunkStreamId: id, payload: Buffer.from('hi') });
  });

  test('K1: the three-byte form of an id below 320 names the same chunk stream', () => {
    const first = chunk(0, 100, { length: 1 }, 'a');
    const second = Buffer.concat([Buffer.of(0xc0 | 1, 36, 0), Buffer.from('b')]);
    expect(readAll([first, second])).toMatchObject([{ chunkStreamId: 100 }, { chunkStreamId: 100 }]);
  });

  test('K2: type 0 carries everything, the stream id in little endian', () => {
    const header = { time: 0x123456, length: 3, typeId: 8, streamId: 0x01020304 };
    const bytes = chunk(0, 4, header, 'abc');
    expect([...bytes.subarray(8, 12)]).toEqual([4, 3, 2, 1]);
    expect(readAll([bytes])).toEqual([
      { chunkStreamId: 4, typeId: 8, streamId: 0x01020304, timestamp: 0x123456, payload: Buffer.from('abc') },
    ]);
  });

  test('K2, K8: types 1 and 2 carry deltas, type 3 repeats the last one', () => {
    const messages = readAll([
      chunk(0, 4, { time: 5000, length: 1 }, 'a'),
      chunk(1, 4, { time: 10, length: 2 }, 'bb'),
      chunk(2, 4, { time: 30 }, 'cc'),
      chunk(3, 4, {}, 'dd'),
      chunk(3, 4, {}, 'ee'),
    ]);
    expect(times(messages)).toEqual([5000, 5010, 5040, 5070, 5100]);
    expect(texts(messages)).toEqual(['a', 'bb', 'cc', 'dd', 'ee']);
  });

  test('K2: type 3 straight after type 0 adds a small timestamp again, as ffmpeg means it', () => {
    const messages = readAll([chunk(0, 4, { time: 23, length: 1 }, 'a'), chunk(3, 4, {}, 'b')]);
    expect(times(messages)).toEqual([23, 46]);
  });

  test('K2: type 3 straight after type 0 with a large timestamp means the same time again', () => {
    const messages = readAll([chunk(0, 4, { time: 16_000_000, length: 1 }, 'a'), chunk(3, 4, {}, 'b')]);
    expect(times(messages)).toEqual([16_000_000, 16_000_000]);
  });

  test('T4: deltas carry the timestamp over the wrap at 2^32', () => {
    const messages = readAll([
      chunk(0, 4, { extended: 0xfffffff0, length: 1 }, 'a'),
      chunk(2, 4, { time: 33 }, 'b'),
    ]);
    expect(times(messages)).toEqual([0xfffffff0, 17]);
  });

  test('K7: a fresh chunk stream may begin with type 1, its timestamp counts from 0', () => {
    const ping = Buffer.of(0x42, 0, 0, 0, 0, 0, 6, 4, 0, 7, 1, 2, 3, 4);
    expect(readAll([ping])).toMatchObject([{ chunkStreamId: 2, typeId: 4, timestamp: 0, streamId: 0 }]);
  });

  test.each([2, 3])('K7: a fresh chunk stream that begins with type %i is a fault', (format) => {
    expect(codeOf(() => readAll([chunk(format, 9, {}, 'x')]))).toBe('RTMP_BAD_CHUNK');
  });

  test('K14: messages of length zero are complete at once', () => {
    const messages = readAll([chunk(0, 4, { length: 0, typeId: 8 }), chunk(3, 4, {})]);
    expect(messages).toMatchObject([{ payload: Buffer.alloc(0) }, { payload: Buffer.alloc(0) }]);
  });
});

describe('messages in several chunks', () => {
  const long = 'x'.repeat(128) + 'y'.repeat(72);

  test('K3: chunks of different chunk streams interleave', () => {
    const messages = readAll([
      chunk(0, 6, { time: 1, length: 200 }, long.slice(0, 128)),
      chunk(0, 4, { time: 2, length: 130, typeId: 8 }, 'a'.repeat(128)),
      chunk(3, 6, {}, long.slice(128)),
      chunk(3, 4, {}, 'aa'),
    ]);
    expect(texts(messages)).toEqual([long, 'a'.repeat(130)]);
  });

  test('K9: Set Chunk Size holds for the next chunk, also inside an unfinished message of another chunk stream', () => {
    const messages = readAll([
      chunk(0, 6, { length: 1128 }, 'x'.repeat(128)),
      setChunkSize(1000),
      chunk(3, 6, {}, 'y'.repeat(1000)),
      setChunkSize(1),
      chunk(0, 4, { length: 2, typeId: 8 }, 'a'),
      chunk(3, 4, {}, 'b'),
    ]);
    expect(texts(messages)).toEqual(['x'.repeat(128) + 'y'.repeat(1000), 'ab']);
  });

  test('K9: a chunk size above 0xffffff is the same as 0xffffff', () => {
    const payload = 'z'.repeat(70_000);
    expect(texts(readAll([setChunkSize(0x7fffffff), chunk(0, 6, { length: 70_000 }, payload)]))).toEqual([
      payload,
    ]);
  });

  test.each([0, 0x80000000, 0xffffffff])('K9: a chunk size of %i is a fault', (size) => {
    expect(codeOf(() => readAll([setChunkSize(size)]))).toBe('RTMP_BAD_CHUNK');
  });

  test('K11: Abort drops the unfinished message of the chunk stream it names and no other', () => {
    const messages = readAll([
      chunk(0, 6, { length: 200 }, long.slice(0, 128)),
      chunk(0, 4, { length: 129, typeId: 8 }, 'a'.repeat(128)),
      abort(6),
      chunk(3, 4, {}, 'a'),
      chunk(0, 6, { length: 3 }, 'new'),
    ]);
    expect(texts(messages)).toEqual(['a'.repeat(129), 'new']);
  });

  test('K11: Abort of an unknown chunk stream is passed over', () => {
    expect(texts(readAll([abort(77), chunk(0, 6, { length: 2 }, 'ok')]))).toEqual(['ok']);
  });

  test('K13: type 0 inside an open message begins a new one', () => {
    const reader = new ChunkReader();
    const messages = readAll(
      [chunk(0, 6, { length: 200 }, long.slice(0, 128)), chunk(0, 6, { length: 3 }, 'new')],
      reader,
    );
    expect(texts(messages)).toEqual(['new']);
    expect(reader.heldBytes).toBe(0);
  });

  test('K13: type 1 that changes the length inside an open message is a fault', () => {
    const open = chunk(0, 6, { length: 200 }, long.slice(0, 128));
    expect(codeOf(() => readAll([open, chunk(1, 6, { length: 100 }, 'x')]))).toBe('RTMP_BAD_CHUNK');
  });
});

describe('extended timestamps', () => {
  const time = 0x01020304;
  const body = 'p'.repeat(300);
  const first = chunk(0, 6, { extended: time, length: 300 }, body.slice(0, 128));
  const repeated = Buffer.alloc(4);
  repeated.writeUInt32BE(time);
  const continuation = (payload: string, field: Buffer): Buffer =>
    Buffer.concat([basicHeader(3, 6), field, Buffer.from(payload)]);

  test.each([0xffffff, 0x1000000, 0xffffffff])(
    'K4: the full 32-bit value %i follows the header',
    (extended) => {
      expect(times(readAll([chunk(0, 6, { extended, length: 1 }, 'a')]))).toEqual([extended]);
    },
  );

  test.each([
    ['repeat it', repeated],
    ['leave it out', Buffer.alloc(0)],
  ])('K5: type 3 chunks that %s are read, also byte by byte', (_, field) => {
    const bytes = Buffer.concat([
      first,
      continuation(body.slice(128, 256), field),
      continuation(body.slice(256), field),
      chunk(0, 4, { length: 2, typeId: 8 }, 'ok'),
    ]);
    for (const pieces of [[bytes], singleBytes(bytes)]) {
      const messages = readAll(pieces);
      expect(texts(messages)).toEqual([body, 'ok']);
      expect(times(messages)).toEqual([time, 0]);
    }
  });

  test('K5: payload that begins like the timestamp is kept where the sender leaves the field out', () => {
    const tricky = Buffer.concat([Buffer.alloc(128, 1), Buffer.alloc(128, 2), repeated, Buffer.alloc(40, 3)]);
    const bytes = Buffer.concat([
      chunk(0, 6, { extended: time, length: 300 }, tricky.subarray(0, 128)),
      Buffer.concat([basicHeader(3, 6), tricky.subarray(128, 256)]),
      Buffer.concat([basicHeader(3, 6), tricky.subarray(256)]),
    ]);
    expect(media(readAll([bytes]))[0]?.payload).toEqual(tricky);
  });

  const message = (payload: Buffer, field: Buffer): Buffer[] => [
    chunk(0, 6, { extended: time, length: payload.length }, payload.subarray(0, 128)),
    Buffer.concat([basicHeader(3, 6), field, payload.subarray(128)]),
  ];
  const lookalike = Buffer.concat([Buffer.alloc(128, 1), repeated, Buffer.alloc(40, 3)]);
  const plain = Buffer.alloc(200, 9);

  test.each([
    ['leave the field out', Buffer.alloc(0)],
    ['repeat it', repeated],
  ])('K5: payload that looks like the timestamp is kept of peers seen to %s', (_, field) => {
    const bytes = [...message(plain, field), ...message(lookalike, field), ...message(lookalike, field)];
    const payloads = media(readAll(bytes)).map(({ payload }) => payload);
    expect(payloads).toEqual([plain, lookalike, lookalike]);
  });

  test('K5: what the first continuation tells of a peer holds for all its chunk streams', () => {
    const bytes = [
      ...message(plain, Buffer.alloc(0)),
      chunk(0, 7, { extended: time, length: 168 }, lookalike.subarray(0, 128)),
      Buffer.concat([basicHeader(3, 7), lookalike.subarray(128, 168)]),
    ];
    expect(media(readAll(bytes)).map(({ payload }) => payload)).toEqual([plain, lookalike.subarray(0, 168)]);
  });

  test('K5, K6: continuations that repeat the time rather than the delta are read', () => {
    const body = Buffer.alloc(200, 7);
    const absolute = Buffer.alloc(4);
    absolute.writeUInt32BE(0x1000032);
    const bytes = [
      chunk(0, 6, { time: 50, length: 1 }, 'a'),
      chunk(1, 6, { extended: 0x1000000, length: 200 }, body.subarray(0, 128)),
      Buffer.concat([basicHeader(3, 6), absolute, body.subarray(128)]),
    ];
    expect(media(readAll(bytes)).at(-1)).toMatchObject({ timestamp: 0x1000032, payload: body });
  });

  test('K5: a type 3 chunk may begin a message without the field, which its continuations lack then too', () => {
    const body = Buffer.alloc(200, 7);
    const bytes = [
      ...message(plain, repeated),
      Buffer.concat([basicHeader(3, 6), body.subarray(0, 128)]),
      Buffer.concat([basicHeader(3, 6), body.subarray(128)]),
      ...message(plain, repeated),
    ];
    expect(media(readAll(bytes)).map(({ payload }) => payload)).toEqual([plain, body, plain]);
  });

  test('K5: a last chunk shorter than the field it leaves out is complete without waiting for more', () => {
    const short = 'p'.repeat(129);
    const bytes = [
      chunk(0, 6, { extended: time, length: 129 }, short.slice(0, 128)),
      continuation('p', Buffer.alloc(0)),
    ];
    expect(texts(readAll(bytes))).toEqual([short]);
  });

  test('K5: a type 3 chunk that begins a message repeats the field too', () => {
    const bytes = [chunk(0, 6, { extended: time, length: 1 }, 'a'), continuation('b', repeated)];
    expect(texts(readAll(bytes))).toEqual(['a', 'b']);
  });

  test('K6: an extended delta is added', () => {
    const bytes = [chunk(0, 6, { time: 50, length: 1 }, 'a'), chunk(2, 6, { extended: 0x1000000 }, 'b')];
    expect(times(readAll(bytes))).toEqual([50, 0x1000032]);
  });

  test('K6: an absolute time in the place of an extended delta is known by its nearness to the clock', () => {
    const bytes = [
      chunk(0, 6, { extended: 16_780_000, length: 1 }, 'a'),
      chunk(2, 6, { extended: 16_780_033 }, 'b'),
      chunk(2, 6, { time: 33 }, 'c'),
    ];
    expect(times(readAll(bytes))).toEqual([16_780_000, 16_780_033, 16_780_066]);
  });

  test('K6, T4: shortly before the wrap a step back is no absolute time, and an absolute time no step back', () => {
    const near = 2 ** 32 - 5000;
    const bytes = [
      chunk(0, 6, { extended: near, length: 1 }, 'a'),
      chunk(2, 6, { extended: 2 ** 32 - 20 }, 'b'),
      chunk(2, 6, { time: 40 }, 'c'),
      chunk(2, 6, { extended: near + 53 }, 'd'),
    ];
    expect(times(readAll(bytes))).toEqual([near, near - 20, near + 20, near + 53]);
  });
});

describe('limits', () => {
  test.each([
    ['video', 9, 8 * 1024 * 1024],
    ['audio', 8, 64 * 1024],
    ['command', 20, 64 * 1024],
    ['data', 18, 256 * 1024],
    ['control', 4, 128],
  ])('K12, A3: a %s message that declares too much is refused by its header alone', (_, typeId, limit) => {
    const header = (length: number): Buffer => chunk(0, 6, { length, typeId });
    expect(codeOf(() => readAll([header(limit + 1)]))).toBe('RTMP_MESSAGE_TOO_LONG');
    expect(readAll([header(limit)])).toEqual([]);
  });

  test('K12, A4: memory grows with what arrives, whatever is declared', () => {
    const reader = new ChunkReader();
    readAll([setChunkSize(0xffffff), chunk(0, 6, { length: 8 * 1024 * 1024 }, 'x'.repeat(1000))], reader);
    expect(reader.heldBytes).toBeLessThanOrEqual(16 * 1024);
  });

  test('A2: more chunk streams than the limit are refused', () => {
    const streams = (count: number): Buffer[] =>
      Array.from({ length: count }, (_, i) => chunk(0, 3 + i, { length: 1 }, 'x'));
    expect(readAll(streams(DEFAULT_RTMP_LIMITS.chunkStreams))).toHaveLength(DEFAULT_RTMP_LIMITS.chunkStreams);
    expect(codeOf(() => readAll(streams(DEFAULT_RTMP_LIMITS.chunkStreams + 1)))).toBe('RTMP_LIMIT');
  });

  test('A2: the sum of all unfinished messages is bounded', () => {
    const reader = new ChunkReader();
    reader.allowMedia();
    const size = 7 * 1024 * 1024;
    const open = (id: number): Buffer => chunk(0, id, { length: size }, Buffer.alloc(size - 1));
    const flood = (): unknown => readAll([setChunkSize(size - 1), open(4), open(5), open(6)], reader);
    expect(codeOf(flood)).toBe('RTMP_LIMIT');
    expect(reader.heldBytes).toBeLessThanOrEqual(DEFAULT_RTMP_LIMITS.partialBytes + size);
  });
});

describe('a peer that may not send media yet', () => {
  test('A2: holds no more than commands need', () => {
    const part = chunk(
      0,
      6,
      { length: 8 * 1024 * 1024 },
      Buffer.alloc(DEFAULT_RTMP_LIMITS.strangerBytes + 1),
    );
    const stream = [setChunkSize(0xffffff), part];
    expect(codeOf(() => readAll(stream, new ChunkReader()))).toBe('RTMP_LIMIT');
    const admitted = new ChunkReader();
    admitted.allowMedia();
    expect(readAll(stream, admitted)).toHaveLength(1);
  });
});

describe('any stream', () => {
  interface Plan {
    readonly id: number;
    readonly payload: Buffer;
    readonly typeId: number;
    readonly step: number;
    readonly format: number;
  }

  const plan: fc.Arbitrary<Plan> = fc.record({
    id: fc.constantFrom(3, 4, 6, 64, 319, 320, 65599),
    // No payload begins like a timestamp, which nobody could tell from one where the field is left out.
    payload: fc.uint8Array({ min: 0x20, max: 0x3f, maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
    typeId: fc.constantFrom(8, 9, 18, 20),
    step: fc.oneof(fc.nat(100), fc.constantFrom(0, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff)),
    format: fc.nat(3),
  });

  /** An encoder written from the specification alone, that uses every header type wherever it may. */
  function encode(plans: readonly Plan[], picks: readonly number[], sizes: readonly number[], omit: boolean) {
    const last = new Map<
      number,
      { time: number; delta: number | undefined; length: number; typeId: number }
    >();
    const openMessages: { id: number; extended: number | undefined; left: Buffer; message: object }[] = [];
    const bytes: Buffer[] = [];
    const expected: object[] = [];
    const queue = [...plans];
    let chunkSize = 128;
    let aborts = 5;

    const finishIf = (index: number): void => {
      const open = openMessages[index]!;
      if (open.left.length > 0) return;
      expected.push(open.message);
      openMessages.splice(index, 1);
    };
    const begin = ({ id, payload, typeId, step, format }: Plan): void => {
      const before = last.get(id);
      const time = ((before?.time ?? 0) + step) >>> 0;
      let type = before === undefined ? 0 : format;
      if (type >= 2 && (before!.length !== payload.length || before!.typeId !== typeId)) type = 1;
      if (type === 3 && before!.delta !== step) type = 2;
      // An extended delta may be taken for an absolute time; a writer of sense uses type 0.
      if (type >= 1 && step >= 0xffffff) type = 0;
      const value = type === 0 ? time : step;
      const extended = value >= 0xffffff ? value : undefined;
      const size = Math.min(chunkSize, payload.length);
      const fields = {
        time: value,
        length: payload.length,
        typeId,
        ...(extended === undefined ? {} : { extended }),
      };
      bytes.push(type === 3 ? basicHeader(3, id) : chunk(type, id, fields), payload.subarray(0, size));
      last.set(id, { time, delta: type === 0 ? undefined : step, length: payload.length, typeId });
      const message = { chunkStreamId: id, typeId, streamId: 1, timestamp: time, payload };
      openMessages.push({ id, extended, left: payload.subarray(size), message });
      finishIf(openMessages.length - 1);
    };
    const carryOn = (index: number): void => {
      const open = openMessages[index]!;
      const size = Math.min(chunkSize, open.left.length);
      bytes.push(basicHeader(3, open.id));
      if (open.extended !== undefined && !omit) {
        const field = Buffer.alloc(4);
        field.writeUInt32BE(open.extended);
        bytes.push(field);
      }
      bytes.push(open.left.subarray(0, size));
      open.left = open.left.subarray(size);
      finishIf(index);
    };

    for (let turn = 0; queue.length > 0 || openMessages.length > 0; turn++) {
      const size = sizes[turn];
      if (size !== undefined && chunkSize >= 4) {
        bytes.push(setChunkSize(size));
        expected.push({ typeId: 1 });
        chunkSize = size;
      }
      const pick = picks[turn % picks.length]!;
      if (pick % 11 === 10 && aborts-- > 0) {
        // Abort takes away an open message, or means nothing.
        const [gone] = openMessages.splice(pick % (openMessages.length + 1), 1);
        bytes.push(abort(gone?.id ?? 77));
        expected.push({ typeId: 2 });
        continue;
      }
      const next = queue[0];
      const free = next !== undefined && !openMessages.some(({ id }) => id === next.id);
      if (free && (openMessages.length === 0 || pick % 2 === 0)) begin(queue.shift()!);
      else carryOn(pick % openMessages.length);
    }
    return { bytes: Buffer.concat(bytes), expected };
  }

  test('K1 to K5, K8, K9, K11: comes out as it went in, however headers, interleaving, chunk sizes and reads fall', () => {
    fc.assert(
      fc.property(
        fc.array(plan, { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }),
        fc.array(fc.option(fc.integer({ min: 4, max: 900 }), { nil: undefined, freq: 2 }), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (plans, picks, sizes, reads, omit) => {
          const { bytes, expected } = encode(plans, picks, sizes as number[], omit);
          const pieces: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = reads[i % reads.length]!;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          const reader = new ChunkReader();
          expect(readAll(pieces, reader)).toMatchObject(expected);
          expect(reader.heldBytes).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
