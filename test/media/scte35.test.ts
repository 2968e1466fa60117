import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpliceInfo } from '../../src/media/scte35.js';
import { BREAK_END, BREAK_START, SPLICE_OUT, spliceInsert } from '../support/scte35.js';

describe('a splice_info_section', () => {
  it('P10: tells where a break begins by splice_insert, with its event and duration', () => {
    const info = parseSpliceInfo(SPLICE_OUT);
    expect(info).toMatchObject({ role: 'out', event: 0x4800008f });
    expect(info?.duration).toBeCloseTo(60.294, 3);
  });

  it('P10: tells a beginning and its end by the segmentation of a time_signal', () => {
    expect(parseSpliceInfo(BREAK_START)).toEqual({ role: 'out', event: 0x4800008e, duration: 307 });
    expect(parseSpliceInfo(BREAK_END)).toEqual({ role: 'in', event: 0x4800008e, duration: undefined });
  });

  it('P10: tells the return by splice_insert, and reads past components', () => {
    expect(parseSpliceInfo(spliceInsert({ event: 7, out: false }))).toEqual({
      role: 'in',
      event: 7,
      duration: undefined,
    });
    expect(parseSpliceInfo(spliceInsert({ event: 8, out: true, components: 3, duration: 30 }))).toEqual({
      role: 'out',
      event: 8,
      duration: 30,
    });
  });

  it('says nothing where it is cut off, cancelled, encrypted or something else', () => {
    for (let length = 0; length < SPLICE_OUT.length; length++)
      expect(parseSpliceInfo(SPLICE_OUT.subarray(0, length))).toBeUndefined();
    const encrypted = Buffer.from(SPLICE_OUT);
    encrypted.writeUInt8(0x80, 4);
    expect(parseSpliceInfo(encrypted)).toBeUndefined();
    expect(parseSpliceInfo(spliceInsert({ event: 7, out: true, cancelled: true }))).toBeUndefined();
    expect(parseSpliceInfo(Buffer.alloc(64))).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(SPLICE_OUT, BREAK_START, BREAK_END),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }),
      )
      .map(([section, changes]) => {
        const bytes = Buffer.from(section);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 }).map(Buffer.from)), (bytes) => {
        const info = parseSpliceInfo(bytes);
        expect(info?.duration ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
