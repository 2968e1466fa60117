import assert from 'node:assert/strict';
import { decodeAmf0, encodeAmf0, type Amf0Value } from '../../../src/rtmp/amf0.js';
import { parseCommand } from '../../../src/rtmp/messages/command.js';
import { parseConnect } from '../../../src/rtmp/messages/connect.js';
import { MessageType } from '../../../src/rtmp/messages/message.js';
import { parseCue } from '../../../src/rtmp/messages/cue.js';
import { parseMetadata } from '../../../src/rtmp/messages/metadata.js';
import { readNamedData } from '../../../src/rtmp/messages/named-data.js';
import { mutate } from '../mutate.js';
import { randomFor, type Random } from '../random.js';
import { attempt, Refusal, type FuzzTarget } from '../target.js';

const TEXTS = [
  '',
  'a',
  'connect',
  'publish',
  'app',
  'tcUrl',
  '__proto__',
  'onMetaData',
  '@setDataFrame',
  'é\u{1f600}',
];
const NAMES = ['connect', 'createStream', 'publish', 'play', '@setDataFrame', 'onMetaData', 'deleteStream'];
const KEYS = [
  'app',
  'tcUrl',
  'fourCcList',
  'videoFourCcInfoMap',
  'capsEx',
  'width',
  'framerate',
  'videocodecid',
];
const NUMBERS = [0, 1, -1, 25, 29.97, 1e308, Number.NaN, Number.POSITIVE_INFINITY, 1635135537];
/** Values that one decoded input may reach, counting shared ones each time; beyond, it is not written again. */
const MOST_VALUES = 10_000;

const u16 = (value: number): Buffer => Buffer.of((value >> 8) & 0xff, value & 0xff);
const u32 = (value: number): Buffer =>
  Buffer.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** A count that is mostly true. */
const count = (random: Random, value: number): number =>
  random.chance(0.97) ? value : random.of([0, 1, value + 1, 0xffff, 0xffffffff]);

const shortString = (random: Random, text = random.of(TEXTS)): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([u16(count(random, bytes.length)), bytes]);
};

function properties(random: Random, depth: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let left = random.below(4); left > 0; left--)
    pieces.push(shortString(random, random.of(KEYS)), amf0(random, depth + 1));
  if (random.chance(0.95)) pieces.push(Buffer.of(0, 0, 9));
  return pieces;
}

/** One value of AMF0, with any marker there is. */
function amf0(random: Random, depth: number): Buffer {
  const marker =
    depth > 18 ? 5 : random.of([0, 0, 1, 2, 2, 3, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 17]);
  const body = ((): Buffer[] => {
    switch (marker) {
      case 0:
        return [double(random.of(NUMBERS))];
      case 1:
        return [Buffer.of(random.below(3))];
      case 2:
        return [shortString(random)];
      case 3:
        return properties(random, depth);
      case 7:
        return [u16(random.below(6))];
      case 8:
        return [u32(random.below(5)), ...properties(random, depth)];
      case 10: {
        const length = random.below(4);
        return [u32(count(random, length)), ...Array.from({ length }, () => amf0(random, depth + 1))];
      }
      case 11:
        return [double(random.of(NUMBERS)), u16(0)];
      case 12:
      case 15: {
        const text = Buffer.from(random.of(TEXTS));
        return [u32(count(random, text.length)), text];
      }
      case 16:
        return [shortString(random), ...properties(random, depth)];
      case 17:
        return [amf3(random, depth)];
      default:
        return [];
    }
  })();
  return Buffer.concat([Buffer.of(marker), ...body]);
}

/** A 29-bit number of AMF3, in as few bytes as it takes. */
function u29(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value);
  if (value < 0x4000) return Buffer.of((value >> 7) | 0x80, value & 0x7f);
  return Buffer.of(0xff, 0xff, 0xff, value & 0xff);
}

/** A length, or now and then a reference. */
const u29Length = (random: Random, length: number): Buffer =>
  u29(random.chance(0.9) ? (count(random, length) << 1) | 1 : random.below(4) << 1);

const amf3String = (random: Random, text = random.of(TEXTS)): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([u29Length(random, bytes.length), bytes]);
};

function amf3(random: Random, depth: number): Buffer {
  const marker = depth > 18 ? 1 : random.below(0x12);
  const values = (length: number): Buffer[] => Array.from({ length }, () => amf3(random, depth + 1));
  const body = ((): Buffer[] => {
    switch (marker) {
      case 4:
        return [u29(random.below(0x200))];
      case 5:
        return [double(random.of(NUMBERS))];
      case 6:
      case 7:
      case 11:
        return [amf3String(random)];
      case 8:
        return [u29Length(random, 0), double(random.of(NUMBERS))];
      case 9: {
        const length = random.below(4);
        const named = random.chance(0.3) ? [amf3String(random), ...values(1)] : [];
        return [u29Length(random, length), ...named, Buffer.of(1), ...values(length)];
      }
      case 10: {
        const sealed = random.below(3);
        const traits = random.chance(0.9) ? (sealed << 4) | (random.below(4) << 2) | 3 : random.below(8);
        const keys = Array.from({ length: sealed }, () => amf3String(random, random.of(KEYS)));
        return [u29(traits), amf3String(random), ...keys, ...values(sealed), Buffer.of(1)];
      }
      case 12:
        return [amf3String(random)];
      case 13:
      case 14: {
        const length = random.below(4);
        return [u29Length(random, length), Buffer.of(0), Buffer.alloc(length * 4, 0x7f)];
      }
      case 15: {
        const length = random.below(4);
        return [u29Length(random, length), Buffer.of(0), Buffer.alloc(length * 8, 0x40)];
      }
      case 16: {
        const length = random.below(4);
        return [u29Length(random, length), Buffer.of(0), amf3String(random), ...values(length)];
      }
      case 17: {
        const length = random.below(3);
        return [u29Length(random, length), Buffer.of(0), ...values(length * 2)];
      }
      default:
        return [];
    }
  })();
  return Buffer.concat([Buffer.of(marker), ...body]);
}

/** Whether it is small enough to be written again: what refers to itself, or to one thing many times, is not. */
function isSmall(values: readonly Amf0Value[]): boolean {
  let seen = 0;
  const stack: Amf0Value[] = [...values];
  while (stack.length > 0) {
    if (++seen > MOST_VALUES) return false;
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...value);
    else if (value instanceof Map) stack.push(...value.values());
  }
  return true;
}

const messageOf = (typeId: number, payload: Buffer) => ({
  chunkStreamId: 3,
  streamId: 0,
  timestamp: 0,
  typeId,
  payload,
});

/** Any values are read or refused, and what was read is written and read again. */
export const amf: FuzzTarget = {
  name: 'amf',
  weight: 22,
  make(random) {
    const isCommand = random.chance(0.4);
    const start = isCommand
      ? [Buffer.of(2), shortString(random, random.of(NAMES)), Buffer.of(0), double(random.below(5))]
      : [];
    const values = Array.from({ length: 1 + random.below(3) }, () => amf0(random, 0));
    const bytes = Buffer.concat([...start, ...values]);
    return random.chance(0.5) ? mutate(bytes, random) : bytes;
  },
  check(input) {
    const random = randomFor(input);
    const values = attempt(() => decodeAmf0(input, { endMarkerOptional: random.chance(0.5) }));
    const command = attempt(() =>
      parseCommand(messageOf(random.chance(0.5) ? MessageType.CommandAmf0 : MessageType.CommandAmf3, input)),
    );
    if (!(command instanceof Refusal)) attempt(() => parseConnect(command));
    const named = attempt(() => readNamedData(messageOf(MessageType.DataAmf0, input)));
    if (!(named instanceof Refusal) && named !== undefined) {
      attempt(() => parseMetadata(named));
      attempt(() => parseCue(named, 0));
    }
    if (values instanceof Refusal || !isSmall(values)) return;

    const written = attempt(() => encodeAmf0(...values));
    if (written instanceof Refusal) return;
    const again = attempt(() => decodeAmf0(written));
    if (again instanceof Refusal) {
      // Shared values count each time they are written out.
      assert.ok(written.length > input.length, again.code);
      return;
    }
    assert.ok(encodeAmf0(...again).equals(written));
  },
};
