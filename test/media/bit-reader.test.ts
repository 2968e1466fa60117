import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitReader } from '../../src/media/bit-reader.js';
import { BitWriter } from './sps-writer.js';

describe('BitReader', () => {
  it('reads back fixed fields and Exp-Golomb codes of any size', () => {
    const field = fc.oneof(
      fc.record({ kind: fc.constant('bits' as const), value: fc.nat(0xffffffff) }),
      fc.record({ kind: fc.constant('ue' as const), value: fc.nat(0xfffffffe) }),
      fc.record({
        kind: fc.constant('se' as const),
        value: fc.integer({ min: -0x7fffffff, max: 0x7fffffff }),
      }),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const writer = new BitWriter();
        for (const { kind, value } of fields) {
          if (kind === 'bits') writer.bits(value, 32);
          else writer[kind](value);
        }
        const reader = new BitReader(writer.rbsp());
        for (const { kind, value } of fields) {
          const read =
            kind === 'bits'
              ? reader.bits(32)
              : kind === 'ue'
                ? reader.unsignedGolomb(0xffffffff)
                : reader.signedGolomb();
          expect(read + 0).toBe(value + 0);
        }
      }),
    );
  });

  it.each([
    ['bits past the end', (reader: BitReader) => reader.bits(17)],
    ['a skip past the end', (reader: BitReader) => reader.skip(17)],
    ['a code of zeros alone', (reader: BitReader) => reader.unsignedGolomb(10)],
  ])('refuses %s', (_name, read) => {
    expect(() => read(new BitReader(Buffer.alloc(2)))).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
  });

  it('refuses a code that is too long or a value above the limit', () => {
    expect(() => new BitReader(Buffer.alloc(9)).unsignedGolomb(10)).toThrow(/too long/);
    expect(() => new BitReader(new BitWriter().ue(11).rbsp()).unsignedGolomb(10)).toThrow(/exceeds 10/);
  });
});
