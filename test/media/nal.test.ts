import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import {
  annexBToLengthPrefixed,
  inspectAccessUnit,
  joinAnnexB,
  joinLengthPrefixed,
  lengthPrefixedToAnnexB,
  splitAnnexB,
  splitLengthPrefixed,
  type NalLengthSize,
} from '../../src/media/nal.js';
import { addEmulationPrevention } from './sps-writer.js';

const idr = Buffer.from([0x65, 1, 2, 3]);
const slice = Buffer.from([0x41, 9]);
const sei = Buffer.from([0x06, 5, 1, 0, 0x80]);

const lengthSizes = fc.constantFrom<NalLengthSize[]>(1, 2, 4);
/** As encoders write them: no start code inside, the last byte not zero. */
const nalUnits = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => addEmulationPrevention(Buffer.concat([Buffer.from([0x41]), bytes, Buffer.from([0x80])])));

describe('inspectAccessUnit', () => {
  it('finds an IDR slice behind other NAL units', () => {
    expect(inspectAccessUnit(joinLengthPrefixed([sei, idr, idr]), 4)).toEqual({ nalCount: 3, idr: true });
    expect(inspectAccessUnit(joinLengthPrefixed([sei, slice], 2), 2)).toEqual({ nalCount: 2, idr: false });
  });

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['a length that passes the end', Buffer.from([0, 0, 0, 5, 0x65, 1])],
    ['bytes left over', Buffer.concat([joinLengthPrefixed([idr]), Buffer.from([0, 0])])],
    ['an empty NAL unit', Buffer.concat([joinLengthPrefixed([idr]), Buffer.alloc(4)])],
    ['a length of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x65])],
    ['a byte stream with start codes', joinAnnexB([sei, idr])],
  ])('refuses %s', (_name, data) => {
    expect(inspectAccessUnit(data, 4)).toBeUndefined();
    expect(() => splitLengthPrefixed(data, 4)).toThrow(expect.objectContaining({ code: 'MEDIA_BAD_UNIT' }));
  });

  it('judges random bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), lengthSizes, (bytes, size) => {
        const data = Buffer.from(bytes);
        const shape = inspectAccessUnit(data, size);
        if (shape) expect(joinLengthPrefixed(splitLengthPrefixed(data, size), size)).toEqual(data);
      }),
    );
  });
});

describe('conversion between length prefixes and start codes', () => {
  it('loses nothing either way', () => {
    fc.assert(
      fc.property(fc.array(nalUnits, { minLength: 1, maxLength: 6 }), lengthSizes, (nals, size) => {
        const prefixed = joinLengthPrefixed(nals, size);
        const stream = lengthPrefixedToAnnexB(prefixed, size);
        expect(splitAnnexB(stream)).toEqual(nals);
        expect(annexBToLengthPrefixed(stream, size)).toEqual(prefixed);
      }),
    );
  });

  it('reads start codes of three and four bytes with zeros between', () => {
    const stream = Buffer.concat([
      Buffer.from([0, 0, 0, 1]),
      sei,
      Buffer.from([0, 0, 1]),
      idr,
      Buffer.from([0, 0, 0, 0, 1]),
      slice,
      Buffer.from([0, 0]),
    ]);
    expect(splitAnnexB(stream)).toEqual([sei, idr, slice]);
  });

  it('refuses a byte stream that does not begin with a start code', () => {
    expect(() => splitAnnexB(Buffer.from([0x65, 0, 0, 1, 0x41]))).toThrow(MillraceError);
    expect(() => splitAnnexB(Buffer.alloc(0))).toThrow(MillraceError);
  });

  it('refuses a NAL unit that its length field cannot hold', () => {
    expect(() => joinLengthPrefixed([Buffer.alloc(256, 1)], 1)).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_UNIT' }),
    );
  });
});
