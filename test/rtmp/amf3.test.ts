import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MAX_AMF_DEPTH, MAX_AMF_ELEMENTS } from '../../src/rtmp/amf-cursor.js';
import { decodeAmf0, EcmaArray } from '../../src/rtmp/amf0.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { codeOf } from './support.js';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** One AMF3 value behind AMF0's switch. */
const decode = (amf3: Buffer | string): Amf0Value => {
  const values = decodeAmf0(Buffer.concat([Buffer.of(0x11), Buffer.isBuffer(amf3) ? amf3 : bytesOf(amf3)]));
  expect(values).toHaveLength(1);
  return values[0];
};

function uint29(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value);
  if (value < 0x4000) return Buffer.of((value >> 7) | 0x80, value & 0x7f);
  if (value < 0x200000) return Buffer.of((value >> 14) | 0x80, (value >> 7) | 0x80, value & 0x7f);
  return Buffer.of((value >> 22) | 0x80, (value >> 15) | 0x80, (value >> 8) | 0x80, value & 0xff);
}

/** Writes AMF3 from the specification, with references for every text that came before. */
class Writer {
  readonly #texts: string[] = [];
  readonly #pieces: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  value(value: Amf0Value): this {
    if (value === undefined) this.#put(0);
    else if (value === null) this.#put(1);
    else if (typeof value === 'boolean') this.#put(value ? 3 : 2);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#put(6).#text(value);
    else if (value instanceof Date) this.#put(8, 1).#double(value.getTime());
    else if (Array.isArray(value)) this.#array(value);
    else if (value instanceof EcmaArray) this.#put(9, 1).#members(value);
    else this.#put(0x0a, 0x0b).#text('').#members(value);
    return this;
  }

  #array(values: readonly Amf0Value[]): void {
    this.#put(9, ...uint29((values.length << 1) | 1)).#text('');
    for (const value of values) this.value(value);
  }

  #members(members: ReadonlyMap<string, Amf0Value>): void {
    for (const [key, value] of members) this.#text(key).value(value);
    this.#text('');
  }

  #number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 1 << 28 && !Object.is(value, -0))
      this.#put(4, ...uint29(value & 0x1fffffff));
    else this.#put(5).#double(value);
  }

  #double(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    this.#pieces.push(bytes);
  }

  #text(text: string): this {
    const known = this.#texts.indexOf(text);
    if (known >= 0) return this.#put(...uint29(known << 1));
    if (text !== '') this.#texts.push(text);
    const bytes = Buffer.from(text);
    return this.#put(...uint29((bytes.length << 1) | 1), ...bytes);
  }

  #put(...bytes: number[]): this {
    this.#pieces.push(Buffer.from(bytes));
    return this;
  }
}

describe('Q6: a value that AMF0 switches to AMF3 for', () => {
  test.each<[string, string, Amf0Value]>([
    ['undefined', '00', undefined],
    ['null', '01', null],
    ['false', '02', false],
    ['true', '03', true],
    ['the smallest integers', '04 7f', 127],
    ['two bytes of integer', '04 8100', 128],
    ['three bytes of integer', '04 818000', 0x4000],
    ['four bytes of integer', '04 80c08000', 0x200000],
    ['the largest integer', '04 bfffffff', 0xfffffff],
    ['the least integer', '04 c0808000', -0x10000000],
    ['minus one', '04 ffffffff', -1],
    ['a double', '05 3ff8000000000000', 1.5],
    ['a text', '06 07 616263', 'abc'],
    ['no text', '06 01', ''],
    ['an XML document', '07 07 3c612f', '<a/'],
    ['E4X', '0b 07 3c612f', '<a/'],
    ['a date', '08 01 0000000000000000', new Date(0)],
    ['an array', '09 05 01 0401 03', [1, true]],
    [
      'named members of an array',
      '09 03 0361 0402 01 0401',
      new EcmaArray([
        ['a', 2],
        ['0', 1],
      ]),
    ],
    ['an anonymous object', '0a 0b 01 0361 0401 01', new Map([['a', 1]])],
    [
      'an object with sealed members',
      '0a 23 03 43 0361 0362 0401 0402',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ],
    ['bytes, which are nothing here', '0c 05 0102', undefined],
    ['a vector of int', '0d 05 00 00000001 ffffffff', [1, -1]],
    ['a vector of uint', '0e 05 00 00000001 ffffffff', [1, 0xffffffff]],
    ['a vector of double', '0f 03 01 3ff8000000000000', [1.5]],
    ['a vector of objects', '10 05 00 01 01 03', [null, true]],
    ['a dictionary', '11 05 00 06 03 61 04 01 04 05 04 06', new Map([['a', 1]])],
    ['references to texts', '09 05 01 06 03 61 06 00', ['a', 'a']],
    [
      'references to traits',
      '09 05 01 0a 13 03 43 03 61 04 01 0a 01 04 02',
      [new Map([['a', 1]]), new Map([['a', 2]])],
    ],
    ['references to bytes', '09 05 01 0c 03 ff 0c 02', [undefined, undefined]],
  ])('reads %s', (_, bytes, value) => {
    expect(decode(bytes)).toEqual(value);
  });

  test('shares what is referred to, even within itself', () => {
    const [first, second] = decode('09 05 01 09 01 01 09 02') as Amf0Value[];
    expect(second).toBe(first);
    const loop = decode('09 03 01 09 00') as Amf0Value[];
    expect(loop[0]).toBe(loop);
  });

  test('stands among values of AMF0, each time with references of its own', () => {
    expect(decodeAmf0(bytesOf('02 0001 61 11 06 03 62 05 11 06 03 63'))).toEqual(['a', 'b', null, 'c']);
    expect(codeOf(() => decodeAmf0(bytesOf('11 06 03 62 11 06 00')))).toBe('AMF_MALFORMED');
    expect(decodeAmf0(bytesOf('03 0001 61 11 04 07 0000 09'))).toEqual([new Map([['a', 7]])]);
  });

  test.each([
    ['nothing', ''],
    ['an integer cut off', '04 80'],
    ['a double cut off', '05 3ff8'],
    ['a text longer than the message', '06 ffffffff 61'],
    ['an array of more values than bytes', '09 ffffffff 01'],
    ['an array cut off in its members', '09 01 03 61'],
    ['a class of more members than bytes', '0a fffffff3 01'],
    ['an object in a form of its own', '0a 07 03 43 00'],
    ['a reference to no object', '09 04'],
    ['a reference to no text', '06 02'],
    ['a reference to no traits', '0a 05'],
    ['bytes that are not there', '0c ff ff ff ff'],
    ['a vector of more numbers than bytes', '0d ffffffff 00 00000001'],
    ['a dictionary of more entries than bytes', '11 ffffffff 00'],
    ['an unknown marker', '12'],
  ])('A5: refuses %s', (_, bytes) => {
    expect(codeOf(() => decode(bytes))).toBe('AMF_MALFORMED');
  });

  test('A5: bounds depth, counting that of AMF0 around it', () => {
    const nested = (depth: number): Buffer =>
      Buffer.concat([...Array.from({ length: depth }, () => Buffer.of(9, 3, 1)), Buffer.of(1)]);
    expect(decode(nested(MAX_AMF_DEPTH))).toBeDefined();
    expect(codeOf(() => decode(nested(MAX_AMF_DEPTH + 1)))).toBe('AMF_MALFORMED');
    const inAmf0 = Buffer.concat([bytesOf('0a 00000001 11'), nested(MAX_AMF_DEPTH)]);
    expect(codeOf(() => decodeAmf0(inAmf0))).toBe('AMF_MALFORMED');
  });

  test('A5: bounds the number of values, those of vectors included', () => {
    const array = (count: number): Buffer =>
      Buffer.concat([Buffer.of(9), uint29((count << 1) | 1), Buffer.of(1), Buffer.alloc(count, 1)]);
    // The array and the switch to AMF3 are values themselves.
    expect(decode(array(MAX_AMF_ELEMENTS - 2))).toHaveLength(MAX_AMF_ELEMENTS - 2);
    expect(codeOf(() => decode(array(MAX_AMF_ELEMENTS - 1)))).toBe('AMF_MALFORMED');
    const vector = Buffer.concat([
      Buffer.of(0x0d),
      uint29((MAX_AMF_ELEMENTS << 1) | 1),
      Buffer.alloc(1 + 4 * MAX_AMF_ELEMENTS),
    ]);
    expect(codeOf(() => decode(vector))).toBe('AMF_MALFORMED');
  });

  test('A5: __proto__ is a key like any other', () => {
    const value = decode(new Writer().value(new Map([['__proto__', 1]])).bytes());
    expect(value).toEqual(new Map([['__proto__', 1]]));
  });

  test('comes out as it went in', () => {
    const key = fc.oneof(
      fc.constantFrom('a', 'b', '__proto__', 'width'),
      fc.string({ minLength: 1, maxLength: 8 }),
    );
    const { value } = fc.letrec<{ value: Amf0Value }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(undefined, null, true, false),
        fc.integer(),
        fc.double(),
        fc.string({ maxLength: 300 }),
        fc.date(),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
        fc
          .array(fc.tuple(key, tie('value')), { minLength: 1, maxLength: 5 })
          .map((entries) => new EcmaArray(entries)),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        expect(decode(new Writer().value(original).bytes())).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  test('A5: noise gives values or the error, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const outcome = codeOf(() => decodeAmf0(Buffer.concat([Buffer.of(0x11), noise])));
        expect(['AMF_MALFORMED', 'nothing thrown']).toContain(outcome);
      }),
      { numRuns: 1000 },
    );
  });
});
