import assert from 'node:assert/strict';
import { ChunkReader } from '../../../src/rtmp/chunk-reader.js';
import { ChunkWriter } from '../../../src/rtmp/chunk-writer.js';
import { DEFAULT_RTMP_LIMITS } from '../../../src/rtmp/limits.js';
import { MessageType, type RtmpMessage } from '../../../src/rtmp/messages/message.js';
import { basicHeader, chunk } from '../../rtmp/support.js';
import { mutate } from '../mutate.js';
import { randomFor, type Random } from '../random.js';
import { attempt, Refusal, type FuzzTarget } from '../target.js';

const IDS = [2, 3, 4, 5, 6, 63, 64, 319, 320, 65599];
const TYPES = [8, 9, 9, 15, 17, 18, 20, 22, 99];
const TIMES = [0, 1, 40, 1000, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff];
const SIZES = [0, 1, 2, 128, 129, 4096, 0xffffff, 0x7fffffff, 0x80000000];

interface OpenMessage {
  readonly id: number;
  readonly extended: number | undefined;
  left: Buffer;
}

/** Messages cut into chunks that interleave, with headers that may say anything. */
class Scribe {
  readonly #random: Random;
  readonly #bytes: Buffer[] = [];
  readonly #open: OpenMessage[] = [];
  readonly #known = new Map<number, { readonly length: number; readonly extended: number | undefined }>();
  #chunkSize = 128;

  readonly #repeats: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.#repeats = random.chance(0.6);
  }

  write(): Buffer {
    const random = this.#random;
    for (let left = 1 + random.below(14); left > 0; left--) {
      if (random.chance(0.15)) this.#control();
      else if (this.#open.length > 0 && random.chance(0.5)) this.#carryOn(random.of(this.#open));
      else this.#begin();
    }
    while (this.#open.length > 0 && random.chance(0.95)) this.#carryOn(this.#open[0]!);
    return Buffer.concat(this.#bytes);
  }

  #begin(): void {
    const random = this.#random;
    // Mostly by the rules, so that reading goes on: a fresh chunk stream begins with a whole header, an open one is left.
    const obeys = random.chance(0.98);
    const id = random.of(obeys ? IDS.filter((each) => !this.#open.some((open) => open.id === each)) : IDS);
    const before = this.#known.get(id);
    const format = random.of(obeys && before === undefined ? [0] : [0, 0, 1, 1, 2, 3]);
    const size = random.below(random.chance(0.8) ? 40 : 700);
    const payload = Buffer.alloc(format > 1 ? (before?.length ?? size) : size, random.below(256));
    const length = random.chance(0.98) ? payload.length : random.of([0, 1, 300, 0x10001, 0xffffff]);
    const time = random.chance(0.5) ? random.below(100) : random.of(TIMES);
    const own = time >= 0xffffff || random.chance(0.05) ? time : undefined;
    const extended = format === 3 ? before?.extended : own;
    this.#known.set(id, { length: payload.length, extended });
    const header = { time: Math.min(time, 0xfffffe), length, typeId: random.of(TYPES) };
    const fields = extended === undefined ? header : { ...header, extended };
    this.#bytes.push(chunk(format, id, fields, payload.subarray(0, this.#chunkSize)));
    if (payload.length > this.#chunkSize)
      this.#open.push({ id, extended, left: payload.subarray(this.#chunkSize) });
  }

  #carryOn(message: OpenMessage): void {
    this.#bytes.push(basicHeader(3, message.id));
    if (message.extended !== undefined && this.#repeats) {
      const field = Buffer.alloc(4);
      field.writeUInt32BE(message.extended);
      this.#bytes.push(field);
    }
    this.#bytes.push(message.left.subarray(0, this.#chunkSize));
    message.left = message.left.subarray(this.#chunkSize);
    if (message.left.length === 0) this.#open.splice(this.#open.indexOf(message), 1);
  }

  #control(): void {
    const random = this.#random;
    const typeId = random.of([1, 1, 1, 2, 3, 4, 5, 6]);
    const value = random.chance(0.05) ? random.of(SIZES) : 1 + random.below(300);
    const payload = Buffer.alloc(
      random.chance(0.98) ? (typeId === 5 ? 5 : typeId === 6 ? 6 : 4) : random.below(9),
    );
    if (payload.length >= 4) payload.writeUInt32BE(value, payload.length - 4);
    this.#bytes.push(chunk(0, 2, { length: payload.length, typeId, streamId: 0 }, payload));
    if (typeId === 1 && value >= 1 && value < 2 ** 31) this.#chunkSize = Math.min(value, 0xffffff);
  }
}

interface Reading {
  readonly messages: RtmpMessage[];
  readonly code: string | undefined;
}

function read(input: Buffer, pieceSize: () => number): Reading {
  const reader = new ChunkReader();
  reader.allowMedia();
  const messages: RtmpMessage[] = [];
  const refusal = attempt(() => {
    for (let at = 0; at < input.length;) {
      const shared = Buffer.from(input.subarray(at, (at += pieceSize())));
      reader.push(shared);
      for (let message = reader.next(); message !== undefined; message = reader.next())
        messages.push(message);
      shared.fill(0xee);
      assert.ok(reader.heldBytes <= DEFAULT_RTMP_LIMITS.partialBytes);
    }
  });
  return { messages, code: refusal instanceof Refusal ? refusal.code : undefined };
}

function assertSame(a: readonly RtmpMessage[], b: readonly RtmpMessage[]): void {
  assert.equal(a.length, b.length);
  a.forEach((message, i) => {
    const other = b[i]!;
    assert.ok(message.payload.equals(other.payload));
    assert.equal(message.timestamp, other.timestamp);
    assert.equal(message.typeId, other.typeId);
    assert.equal(message.streamId, other.streamId);
    assert.equal(message.chunkStreamId, other.chunkStreamId);
  });
}

/** However the bytes are split, the same comes out; and what comes out, written again, is read again. */
export const chunkStream: FuzzTarget = {
  name: 'chunk-stream',
  weight: 24,
  make(random) {
    const bytes = new Scribe(random).write();
    return bytes.length > 0 && random.chance(0.4) ? mutate(bytes, random) : bytes;
  },
  check(input) {
    const random = randomFor(input);
    const whole = read(input, () => input.length);
    const split = read(input, () => 1 + random.below(random.chance(0.5) ? 3 : 200));
    assertSame(whole.messages, split.messages);
    assert.equal(whole.code, split.code);

    const writer = new ChunkWriter();
    const size = 1 + random.below(500);
    const kept = whole.messages.filter(
      ({ typeId }) => typeId !== MessageType.SetChunkSize && typeId !== MessageType.Abort,
    );
    const written = Buffer.concat([
      writer.setChunkSize(size),
      ...kept.map((message) => writer.write(message)),
    ]);
    const again = read(written, () => 1 + random.below(1000));
    assert.equal(again.code, undefined);
    assertSame(again.messages.slice(1), kept);
  },
};
