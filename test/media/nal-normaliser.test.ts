import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAvcConfig, parseAvcConfig } from '../../src/media/avc-config.js';
import { parseHevcConfig } from '../../src/media/hevc-config.js';
import { joinAnnexB, joinLengthPrefixed, splitLengthPrefixed } from '../../src/media/nal.js';
import { MAX_NALS_IN_UNIT, NalNormaliser } from '../../src/media/nal-normaliser.js';
import { codeOf } from '../rtmp/support.js';
import { HEVC } from './codec-fixtures.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps } from './sps-writer.js';

const SPS = writeSps(PLAIN_SPS);
const WIDE_SPS = writeSps({ ...PLAIN_SPS, widthInMacroblocks: 120 });
const RECORD = buildAvcConfig([SPS], [PLAIN_PPS]);
const WIDE_RECORD = buildAvcConfig([WIDE_SPS], [PLAIN_PPS]);

const AUD = Buffer.of(0x09, 0xf0);
const SEI = Buffer.of(0x06, 0x05, 0x01, 0x00, 0x80);
const IDR = Buffer.of(0x65, 0x88, 0x84, 0x21);
const SECOND_SLICE = Buffer.of(0x65, 0x08, 0x84, 0x22);
const INTER = Buffer.of(0x41, 0x9a, 0x02);

const unit = (...nals: Buffer[]): Buffer => joinLengthPrefixed(nals);

function begun(record = RECORD): NalNormaliser {
  const normaliser = new NalNormaliser('avc');
  expect(normaliser.config(record)).toEqual({ record });
  return normaliser;
}

describe('a stream that is as its record says', () => {
  it('D4: goes through untouched, with delimiters, SEI, several slices and its own parameter sets', () => {
    const normaliser = begun();
    for (const data of [
      unit(IDR),
      unit(AUD, SEI, IDR, SECOND_SLICE),
      unit(AUD, SPS, PLAIN_PPS, IDR),
      unit(INTER),
      unit(Buffer.of(0x0a), INTER),
    ]) {
      const normal = normaliser.unit(data);
      expect(normal).toEqual({ config: undefined, data });
      expect(normal.data).toBe(data);
    }
  });

  it('D4: a repeated record is no news, another one is', () => {
    const normaliser = begun();
    expect(normaliser.config(Buffer.from(RECORD))).toBeUndefined();
    expect(normaliser.config(WIDE_RECORD)).toEqual({ record: WIDE_RECORD });
  });

  it('a damaged unit is left for others to refuse', () => {
    const damaged = unit(SPS, IDR).subarray(0, -1);
    expect(begun().unit(damaged)).toEqual({ config: undefined, data: damaged });
  });

  it('a malformed record is refused, and the one before stays in force', () => {
    const normaliser = begun();
    expect(codeOf(() => normaliser.config(RECORD.subarray(0, 9)))).toBe('MEDIA_BAD_CONFIG');
    expect(normaliser.unit(unit(SPS, PLAIN_PPS, IDR)).config).toBeUndefined();
  });
});

describe('D4: start codes in place of lengths', () => {
  it('become lengths of the size that the record states', () => {
    const short = Buffer.from(RECORD);
    short[4] = 0xfd;
    const { data } = begun(short).unit(joinAnnexB([AUD, SEI, IDR, SECOND_SLICE]));
    expect(data && splitLengthPrefixed(data, 2)).toEqual([AUD, SEI, IDR, SECOND_SLICE]);
  });

  it('of three bytes too', () => {
    const sent = Buffer.concat([Buffer.of(0, 0, 1), IDR, Buffer.of(0, 0, 1), SECOND_SLICE]);
    expect(begun().unit(sent).data).toEqual(unit(IDR, SECOND_SLICE));
  });

  it('whatever the NAL units are', () => {
    // No NAL unit holds a start code or ends in a zero byte: emulation prevention sees to that.
    const nal = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((array) => Buffer.from([0x41, ...array.map((byte) => byte | 1)]));
    fc.assert(
      fc.property(fc.array(nal, { minLength: 1, maxLength: 6 }), (nals) => {
        expect(begun().unit(joinAnnexB(nals)).data).toEqual(unit(...nals));
        expect(begun().unit(unit(...nals)).data).toEqual(unit(...nals));
      }),
    );
  });
});

describe('what is neither', () => {
  it('is no byte stream once lengths have added up: a damaged length can look like a start code', () => {
    const normaliser = begun();
    normaliser.unit(unit(IDR));
    const damaged = unit(Buffer.alloc(300, 0x41)).subarray(0, -1);
    expect(damaged.subarray(0, 3)).toEqual(Buffer.of(0, 0, 1));
    expect(normaliser.unit(damaged).data).toBe(damaged);
  });

  it('A9: with more bytes of parameter sets than a record may have changes nothing', () => {
    const pps = Buffer.alloc(30_000, 0xff);
    pps.writeUInt8(0x68);
    const flood = unit(WIDE_SPS, pps, pps, pps, IDR);
    const normaliser = begun();
    const normal = normaliser.unit(flood);
    expect(normal.config).toBeUndefined();
    expect(normal.data).toBe(flood);
    expect(normaliser.unit(unit(SPS, PLAIN_PPS, IDR)).config).toBeUndefined();
  });

  it('A2: of more NAL units than any level allows is left as it is', () => {
    const flood = Buffer.concat(Array<Buffer>(MAX_NALS_IN_UNIT + 1).fill(Buffer.of(0, 0, 1, 0x67)));
    expect(begun().unit(flood)).toEqual({ config: undefined, data: flood });
  });
});

describe('D4: parameter sets in the frames only', () => {
  it('make the configuration, before the first frame that needs it', () => {
    for (const data of [unit(AUD, SPS, PLAIN_PPS, IDR), joinAnnexB([AUD, SPS, PLAIN_PPS, IDR])]) {
      const normal = new NalNormaliser('avc').unit(data);
      expect(normal).toEqual({ config: { record: RECORD }, data: unit(AUD, SPS, PLAIN_PPS, IDR) });
    }
  });

  it('in messages of their own are taken in and are no pictures', () => {
    const normaliser = new NalNormaliser('avc');
    expect(normaliser.unit(unit(SPS))).toEqual({ config: undefined, data: undefined });
    expect(normaliser.unit(unit(AUD, PLAIN_PPS))).toEqual({ config: { record: RECORD }, data: undefined });
    expect(normaliser.unit(unit(IDR))).toEqual({ config: undefined, data: unit(IDR) });
  });

  it('as a record with start codes make one', () => {
    const normaliser = new NalNormaliser('avc');
    expect(normaliser.config(joinAnnexB([SPS, PLAIN_PPS]))).toEqual({ record: RECORD });
  });

  it('that go beyond the record take its place, once, however often the record is repeated', () => {
    const normaliser = begun();
    const data = unit(WIDE_SPS, PLAIN_PPS, IDR);
    expect(normaliser.unit(data)).toEqual({ config: { record: WIDE_RECORD }, data });
    expect(normaliser.config(RECORD)).toBeUndefined();
    expect(normaliser.unit(data).config).toBeUndefined();
    expect(normaliser.unit(unit(SPS, PLAIN_PPS, IDR)).config).toEqual({ record: RECORD });
  });

  it('keep the length size of the record', () => {
    const short = Buffer.from(RECORD);
    short[4] = 0xfd;
    const { config } = begun(short).unit(joinLengthPrefixed([WIDE_SPS, PLAIN_PPS, IDR], 2));
    expect(config && parseAvcConfig(config.record)).toMatchObject({ nalLengthSize: 2, width: 1920 });
  });

  it('with zero bytes behind them, or malformed, change nothing', () => {
    const padded = Buffer.concat([SPS, Buffer.alloc(2)]);
    expect(begun().unit(unit(padded, PLAIN_PPS, IDR)).config).toBeUndefined();
    expect(begun().unit(unit(Buffer.of(0x67, 0xff), PLAIN_PPS, IDR)).config).toBeUndefined();
  });

  it('of HEVC do the same', () => {
    const { vps, sps, pps } = parseHevcConfig(HEVC.main);
    const slice = Buffer.of(0x26, 0x01, 0xac);
    const normal = new NalNormaliser('hevc').unit(joinAnnexB([...vps, ...sps, ...pps, slice]));
    expect(normal.data).toEqual(unit(...vps, ...sps, ...pps, slice));
    expect(normal.config && parseHevcConfig(normal.config.record)).toEqual(parseHevcConfig(HEVC.main));
  });
});
