import { describe, expect, it } from 'vitest';
import { buildAv1Config, MAX_AV1_CONFIG_BYTES, parseAv1Config } from '../../src/media/av1-config.js';
import { inspectAv1Unit, readObu, withoutTemporalDelimiter } from '../../src/media/av1-obu.js';
import { parseAv1Sequence } from '../../src/media/av1-sequence.js';
import { codeOf } from '../rtmp/support.js';
import { AV1 } from './codec-fixtures.js';
import { BitWriter } from './sps-writer.js';

describe('parseAv1Config', () => {
  it.each([
    [AV1.main, { codecString: 'av01.0.05M.08', width: 1280, height: 720, colour: undefined }],
    [
      AV1.pq,
      {
        codecString: 'av01.0.00M.10.0.110.09.16.09.0',
        width: 322,
        height: 182,
        bitDepth: 10,
        colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
      },
    ],
    [AV1.yuv444, { codecString: 'av01.1.00M.08.0.000.01.01.01.0', subsamplingX: 0, subsamplingY: 0 }],
    [AV1.monochrome, { codecString: 'av01.0.00M.08.1.110.01.01.01.0', monochrome: true }],
  ])('reads what libaom writes (%#)', (record, expected) => {
    expect(parseAv1Config(record)).toMatchObject({ timing: undefined, ...expected });
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of another version', Buffer.concat([Buffer.of(0x82), AV1.main.subarray(1)])],
    ['without a sequence header', AV1.main.subarray(0, 4)],
    ['cut off', AV1.main.subarray(0, -3)],
    ['longer than any real one', Buffer.concat([AV1.main, Buffer.alloc(MAX_AV1_CONFIG_BYTES)])],
  ])('refuses a record that is %s', (_what, record) => {
    expect(codeOf(() => parseAv1Config(record))).toBe('MEDIA_BAD_CONFIG');
  });

  it('makes the very record from its sequence header', () => {
    for (const record of Object.values(AV1).slice(0, 4))
      expect(buildAv1Config(record.subarray(4))).toEqual(record);
  });
});

describe('parseAv1Sequence', () => {
  /** A header with everything in it that may stand before the size. */
  const elaborate = (stillPicture = false): Buffer => {
    const w = new BitWriter()
      .bits(0, 3)
      .bits(0, 1)
      .bits(stillPicture ? 1 : 0, 1);
    w.bits(1, 1).bits(1001, 32).bits(60_000, 32).bits(1, 1).ue(1); // timing: two ticks a picture
    w.bits(1, 1).bits(9, 5).bits(1, 32).bits(0, 10); // decoder model with delays of 10 bits
    w.bits(1, 1).bits(1, 5); // display delays, two operating points
    w.bits(0, 12).bits(13, 5).bits(1, 1).bits(1, 1).bits(0, 21).bits(1, 1).bits(9, 4);
    w.bits(0, 12).bits(4, 5).bits(0, 1).bits(0, 1);
    w.bits(10, 4).bits(9, 4).bits(1919, 11).bits(1007, 10);
    w.bits(1, 1)
      .bits(0, 7)
      .bits(0, 7)
      .bits(1, 1)
      .bits(0, 2)
      .bits(0, 1)
      .bits(1, 1)
      .bits(0, 1)
      .bits(1, 1)
      .bits(6, 3)
      .bits(0, 3);
    return w.bits(1, 1).bits(0, 1).bits(1, 1).bits(1, 8).bits(13, 8).bits(6, 8).bits(1, 1).bits(2, 2).rbsp();
  };

  it('reads a header with timing, a decoder model and several operating points', () => {
    expect(parseAv1Sequence(elaborate())).toMatchObject({
      level: 13,
      tier: 1,
      timing: { num: 60_000, den: 2002, fixed: true },
      width: 1920,
      height: 1008,
      bitDepth: 10,
      chromaSamplePosition: 2,
      colour: { primaries: 1, transfer: 13, matrix: 6, fullRange: true },
    });
  });

  it('does not carry a single still picture', () => {
    expect(codeOf(() => parseAv1Sequence(elaborate(true)))).toBe('MEDIA_UNSUPPORTED');
  });
});

describe('AV1 units', () => {
  const delimiter = Buffer.of(0x12, 0x00);

  it('tells key frames from others, behind a sequence header and metadata', () => {
    const metadata = Buffer.of(0x2a, 0x02, 0x01, 0x80);
    expect(inspectAv1Unit(AV1.keyframe)).toEqual({ keyframe: true, skippedAtStart: false });
    expect(inspectAv1Unit(Buffer.concat([metadata, AV1.keyframe]))).toMatchObject({ keyframe: true });
    expect(inspectAv1Unit(AV1.interFrame)).toMatchObject({ keyframe: false });
    const shownAgain = Buffer.of(0x1a, 0x01, 0xb8);
    expect(inspectAv1Unit(shownAgain)).toMatchObject({ keyframe: false });
    const hiddenKeyframe = Buffer.of(0x32, 0x02, 0x00, 0x00);
    expect(inspectAv1Unit(hiddenKeyframe)).toMatchObject({ keyframe: false });
  });

  it('reads a last unit that leaves its size out', () => {
    expect(inspectAv1Unit(Buffer.of(0x30, 0x10, 0x00))).toMatchObject({ keyframe: true });
    expect(readObu(Buffer.of(0x34, 0x00, 0x10, 0x00), 0)).toMatchObject({ type: 6, payload: 2, end: 4 });
  });

  it('takes the temporal delimiter off without copying, and leaves a unit without one as it is', () => {
    const sent = Buffer.concat([delimiter, AV1.keyframe]);
    const kept = withoutTemporalDelimiter(sent);
    expect(kept).toEqual(AV1.keyframe);
    expect(kept.buffer).toBe(sent.buffer);
    expect(withoutTemporalDelimiter(AV1.keyframe)).toBe(AV1.keyframe);
  });

  it.each([
    ['nothing', ''],
    ['no frame', '0a0b0000002d4cffb3cdaf9004'],
    ['a size past the end', '320510'],
    ['a size of too many bytes', '32808080808080808001'],
    ['a size that is cut off', '3280'],
    ['an empty frame', '3200'],
    ['the forbidden bit', 'b20110'],
  ])('refuses %s', (_what, hex) => {
    expect(inspectAv1Unit(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
