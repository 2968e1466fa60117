import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MAX_AMF_DEPTH, MAX_AMF_ELEMENTS } from '../../src/rtmp/amf-cursor.js';
import { decodeAmf0, EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { codeOf } from './support.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const decode = (text: string): Amf0Value[] => decodeAmf0(hex(text));

describe('decoding', () => {
  test.each<[string, string, Amf0Value]>([
    ['a number', '00 3ff0000000000000', 1],
    ['true', '01 01', true],
    ['false', '01 00', false],
    ['a string', '02 0002 6869', 'hi'],
    ['null', '05', null],
    ['undefined', '06', undefined],
    ['unsupported', '0d', undefined],
    ['an object', '03 0001 61 05 000009', new Map([['a', null]])],
    ['a typed object, its class dropped', '10 0003 466f6f 0001 61 05 000009', new Map([['a', null]])],
    ['an ECMA array', '08 00000001 0001 61 05 000009', new EcmaArray([['a', null]])],
    ['a strict array', '0a 00000002 05 0101', [null, true]],
    ['a date', '0b 408f400000000000 0000', new Date(1000)],
    ['a long string', '0c 00000002 6869', 'hi'],
    ['an XML document', '0f 00000002 6869', 'hi'],
  ])('reads %s', (_, bytes, value) => {
    expect(decode(bytes)).toEqual([value]);
  });

  test('reads several values one after another', () => {
    expect(decode('05 06 0101')).toEqual([null, undefined, true]);
  });

  test('reads a reference to an object that came before', () => {
    const [first, second] = decode('03 0001 61 05 000009 07 0000');
    expect(second).toBe(first);
  });

  test('D1: takes the properties of an ECMA array as they come, whatever its count says', () => {
    for (const count of ['00000000', '00000007', 'ffffffff']) {
      expect(decode(`08 ${count} 0001 61 05 000009`)).toEqual([new EcmaArray([['a', null]])]);
    }
  });

  test('D1: forgives a missing end marker only where asked to', () => {
    const bytes = hex('08 00000001 0001 61 05');
    expect(decodeAmf0(bytes, { endMarkerOptional: true })).toEqual([new EcmaArray([['a', null]])]);
    expect(codeOf(() => decodeAmf0(bytes))).toBe('AMF_MALFORMED');
  });

  test('A5: a key of __proto__ is a key like any other', () => {
    const [object] = decode('03 0009 5f5f70726f746f5f5f 03 0001 78 05 000009 000009');
    expect((object as Map<string, Amf0Value>).get('__proto__')).toEqual(new Map([['x', null]]));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('A5: NaN and the infinities are numbers', () => {
    const values = [NaN, Infinity, -Infinity, -0];
    expect(decodeAmf0(encodeAmf0(...values))).toEqual(values);
  });

  test.each([
    ['a truncated number', '00 3ff0'],
    ['a string cut off', '02 0005 6869'],
    ['a long string longer than the message', '0c ffffffff 68'],
    ['an object without end', '03 0001 61 05'],
    ['a strict array of more values than bytes', '0a ffffffff 05'],
    ['a strict array cut off', '0a 00000002 05'],
    ['a reference to nothing', '07 0000'],
    ['a movie clip', '04'],
    ['a stray end marker', '09'],
    ['an unknown marker', 'ff'],
  ])('A5: refuses %s', (_, bytes) => {
    expect(codeOf(() => decode(bytes))).toBe('AMF_MALFORMED');
  });

  test('A5: nesting is bounded', () => {
    const nested = (depth: number): Buffer => hex('0a00000001'.repeat(depth) + '05');
    expect(decodeAmf0(nested(MAX_AMF_DEPTH))).toHaveLength(1);
    expect(codeOf(() => decodeAmf0(nested(MAX_AMF_DEPTH + 1)))).toBe('AMF_MALFORMED');
    expect(codeOf(() => decodeAmf0(nested(10_000)))).toBe('AMF_MALFORMED');
  });

  test('A5: the number of values is bounded', () => {
    expect(decodeAmf0(Buffer.alloc(MAX_AMF_ELEMENTS, 5))).toHaveLength(MAX_AMF_ELEMENTS);
    expect(codeOf(() => decodeAmf0(Buffer.alloc(MAX_AMF_ELEMENTS + 1, 5)))).toBe('AMF_MALFORMED');
  });

  test('any bytes decode or are refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, endMarkerOptional) => {
        const outcome = codeOf(() => decodeAmf0(Buffer.from(bytes), { endMarkerOptional }));
        expect(['nothing thrown', 'AMF_MALFORMED']).toContain(outcome);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encoding', () => {
  test('writes what the specification shows', () => {
    const bytes = encodeAmf0('hi', 1, new Map([['a', null]]), new EcmaArray([['b', true]]), [undefined]);
    expect(bytes).toEqual(
      hex(
        '02 0002 6869  00 3ff0000000000000  03 0001 61 05 000009  08 00000001 0001 62 0101 000009  0a 00000001 06',
      ),
    );
  });

  test('strings over 65535 bytes become long strings', () => {
    const text = 'ä'.repeat(40_000);
    expect(encodeAmf0(text)[0]).toBe(0x0c);
    expect(decodeAmf0(encodeAmf0(text))).toEqual([text]);
  });

  test('refuses what nests too deep, cycles included, and keys that do not fit', () => {
    const cycle: Amf0Value[] = [];
    cycle.push(cycle);
    expect(codeOf(() => encodeAmf0(cycle))).toBe('AMF_MALFORMED');
    expect(codeOf(() => encodeAmf0(new Map([['k'.repeat(65536), 1]])))).toBe('AMF_MALFORMED');
  });

  test('what is encoded decodes to the same', () => {
    const key = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', ''));
    const { value } = fc.letrec<{ value: Amf0Value; leaf: Amf0Value }>((tie) => ({
      leaf: fc.oneof(
        fc.double(),
        fc.boolean(),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(null, undefined),
        fc.date({ noInvalidDate: true }),
      ),
      value: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new EcmaArray(entries)),
      ),
    }));
    fc.assert(
      fc.property(fc.array(value), (values) => {
        expect(decodeAmf0(encodeAmf0(...values))).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });
});
