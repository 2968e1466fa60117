import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildHevcConfig,
  isHevcRecord,
  MAX_HEVC_CONFIG_BYTES,
  parseHevcConfig,
} from '../../src/media/hevc-config.js';
import { parseHevcSps } from '../../src/media/hevc-sps.js';
import { inspectHevcUnit } from '../../src/media/hevc-unit.js';
import { joinLengthPrefixed } from '../../src/media/nal.js';
import { codeOf } from '../rtmp/support.js';
import { HEVC } from './codec-fixtures.js';
import { PLAIN_HEVC_SPS, writeHevcSps, type HevcSpsFields } from './hevc-sps-writer.js';
import { RECORD as AVC_RECORD } from './synthetic-publisher.js';

const PPS = Buffer.from('4401c073c189', 'hex');
const VPS = Buffer.from('40010c01ffff', 'hex');

describe('parseHevcConfig', () => {
  it.each([
    [
      HEVC.main,
      { codecString: 'hvc1.1.6.L120.90', width: 1920, height: 1080, colour: undefined, bitDepthLuma: 8 },
    ],
    [
      HEVC.hlg,
      {
        codecString: 'hvc1.2.4.L120.90',
        width: 1920,
        displayWidth: 2560,
        displayHeight: 1080,
        sampleAspectRatio: { num: 4, den: 3 },
        colour: { primaries: 9, transfer: 18, matrix: 9, fullRange: false },
        bitDepthLuma: 10,
      },
    ],
    [HEVC.yuv444, { codecString: 'hvc1.4.10.L60.9E.8', width: 322, height: 182, chromaFormat: 3 }],
    [HEVC.reordered, { codecString: 'hvc1.1.6.L60.90', width: 322, height: 182 }],
  ])('reads what x265 writes (%#)', (record, expected) => {
    const timing = { num: 25, den: 1, fixed: false };
    expect(parseHevcConfig(record)).toMatchObject({ nalLengthSize: 4, timing, ...expected });
  });

  it('D10: tells HEVC from AVC by the record', () => {
    for (const record of Object.values(HEVC)) expect(isHevcRecord(record)).toBe(true);
    expect(isHevcRecord(AVC_RECORD)).toBe(false);
    expect(isHevcRecord(Buffer.alloc(0))).toBe(false);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of another version', Buffer.concat([Buffer.of(2), HEVC.main.subarray(1)])],
    ['cut off', HEVC.main.subarray(0, -3)],
    ['without parameter sets', Buffer.concat([HEVC.main.subarray(0, 22), Buffer.of(0)])],
    ['of AVC', AVC_RECORD],
    ['longer than any real one', Buffer.concat([HEVC.main, Buffer.alloc(MAX_HEVC_CONFIG_BYTES)])],
  ])('refuses a record that is %s', (_what, record) => {
    expect(codeOf(() => parseHevcConfig(record))).toBe('MEDIA_BAD_CONFIG');
  });

  it('makes a record of the parameter sets that reads the same', () => {
    for (const record of Object.values(HEVC)) {
      const { vps, sps, pps, ...parsed } = parseHevcConfig(record);
      expect(parseHevcConfig(buildHevcConfig(vps, sps, pps))).toEqual({ vps, sps, pps, ...parsed });
      expect(parseHevcConfig(buildHevcConfig(vps, sps, pps, 2)).nalLengthSize).toBe(2);
    }
  });
});

describe('parseHevcSps', () => {
  const side = fc.integer({ min: 64, max: 8192 });
  const edge = fc.nat(7);
  const fields: fc.Arbitrary<HevcSpsFields> = fc.record({
    subLayers: fc.integer({ min: 1, max: 7 }),
    chromaFormat: fc.nat(3),
    width: side,
    height: side,
    window: fc.option(fc.tuple(edge, edge, edge, edge), { nil: undefined }),
    bitDepth: fc.constantFrom(8, 10, 12),
    scalingLists: fc.boolean(),
    pcm: fc.boolean(),
    shortTermSets: fc.array(fc.nat(8), { maxLength: 12 }),
    longTermPictures: fc.nat(8),
    sar: fc.option(fc.constant([4, 3] as const), { nil: undefined }),
    colour: fc.option(fc.constant([9, 16, 9] as const), { nil: undefined }),
    timing: fc.option(fc.constant([1001, 30_000] as const), { nil: undefined }),
  });

  it('reads every field back, whatever stands before it', () => {
    fc.assert(
      fc.property(fields, (sps) => {
        const unitX = sps.chromaFormat === 1 || sps.chromaFormat === 2 ? 2 : 1;
        const unitY = sps.chromaFormat === 1 ? 2 : 1;
        const [left, right, top, bottom] = sps.window ?? [0, 0, 0, 0];
        expect(parseHevcSps(writeHevcSps(sps))).toMatchObject({
          temporalLayers: sps.subLayers,
          chromaFormat: sps.chromaFormat,
          bitDepthLuma: sps.bitDepth,
          width: sps.width - (left + right) * unitX,
          height: sps.height - (top + bottom) * unitY,
          sampleAspectRatio: sps.sar ? { num: 4, den: 3 } : { num: 1, den: 1 },
          colour: sps.colour && { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
          timing: sps.timing && { num: 30_000, den: 1001, fixed: false },
        });
      }),
      { numRuns: 300 },
    );
  });

  it('A9: refuses a picture that cannot be', () => {
    for (const size of [{ width: 60_000 }, { height: 0 }, { width: 16, window: [4, 4, 0, 0] as const }])
      expect(codeOf(() => parseHevcSps(writeHevcSps({ ...PLAIN_HEVC_SPS, ...size })))).toBe(
        'MEDIA_BAD_CONFIG',
      );
  });

  it('writes the constraint bytes of the level into the codec string', () => {
    const record = buildHevcConfig([VPS], [writeHevcSps(PLAIN_HEVC_SPS)], [PPS]);
    expect(parseHevcConfig(record).codecString).toBe('hvc1.1.6.L93.90');
  });
});

describe('inspectHevcUnit', () => {
  const unit = (...types: readonly number[]): Buffer =>
    joinLengthPrefixed(types.map((type) => Buffer.of(type << 1, 1, 0x80)));

  it.each([
    ['IDR behind parameter sets', [32, 33, 34, 39, 19], { keyframe: true, skippedAtStart: false }],
    ['CRA', [35, 21], { keyframe: true, skippedAtStart: false }],
    ['BLA', [16], { keyframe: true, skippedAtStart: false }],
    ['trailing', [1], { keyframe: false, skippedAtStart: false }],
    ['leading and decodable', [6], { keyframe: false, skippedAtStart: false }],
    ['leading and skipped', [9], { keyframe: false, skippedAtStart: true }],
    ['leading and skipped, not referred to', [39, 8, 8], { keyframe: false, skippedAtStart: true }],
  ])('tells a picture that is %s', (_what, types, shape) => {
    expect(inspectHevcUnit(unit(...types), 4)).toEqual(shape);
  });

  it('refuses a unit whose lengths do not add up', () => {
    for (const data of [
      Buffer.alloc(0),
      unit(19).subarray(0, -1),
      Buffer.concat([unit(19), Buffer.alloc(4)]),
    ])
      expect(inspectHevcUnit(data, 4)).toBeUndefined();
  });
});
