import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PICTURES, scanForCaptions, type CaptionScan } from '../../src/media/captions.js';
import { joinLengthPrefixed } from '../../src/media/nal.js';
import { captioned, captionSei, channel, PADDING, service, type Triplet } from '../support/captions.js';
import { HEVC } from './codec-fixtures.js';
import { videoTrack } from '../support/synthetic-stream.js';

const plain = joinLengthPrefixed([Buffer.of(6, 5, 1, 0, 0x80), Buffer.of(0x65, 1, 2, 3)]);

const avcScan = (): CaptionScan => scanForCaptions(videoTrack())!;
const found = (...units: Buffer[]): string[] => {
  const scan = avcScan();
  for (const unit of units) scan.look(unit);
  return [...scan.services];
};

describe('a scan for captions', () => {
  it.each([
    ['CC1', channel(1)],
    ['CC2', channel(2)],
    ['CC3', channel(3)],
    ['CC4', channel(4)],
    ['SERVICE1', service(1)],
    ['SERVICE6', service(6)],
  ] as [string, Triplet][])('V11: finds %s', (name, triplet) => {
    expect(found(plain, captioned(PADDING, triplet))).toEqual([name]);
  });

  it('V11: finds services of a number that takes another byte', () => {
    expect(found(captioned([0xff, 0x02, 0xe2], [0xfe, 12, 0]))).toEqual(['SERVICE12']);
  });

  it('takes padding, what is marked as not valid, and empty blocks for none', () => {
    const invalid: Triplet = [0xf8, 0x94, 0x20];
    expect(
      found(captioned(PADDING, PADDING), captioned(invalid), captioned(service(1, 0), service(0))),
    ).toEqual([]);
    const unprocessed = joinLengthPrefixed([Buffer.concat([Buffer.of(6), captionSei([channel(1)], 0)])]);
    expect(found(unprocessed)).toEqual([]);
  });

  it('says when there is something new, and goes on for a while after the first', () => {
    const scan = avcScan();
    expect(
      [captioned(channel(1)), captioned(channel(1)), captioned(service(1))].map((unit) => scan.look(unit)),
    ).toEqual([true, false, true]);
    for (let i = 0; i < 900; i++) scan.look(plain);
    expect(scan.look(captioned(channel(3)))).toBe(false);
  });

  it('gives up on a stream that has none', () => {
    const scan = avcScan();
    for (let i = 0; i < MAX_PICTURES; i++) scan.look(plain);
    expect(scan.look(captioned(channel(1)))).toBe(false);
  });

  it('V11: reads the SEI of HEVC before the picture, and not what looks like it in H.264', () => {
    const track = videoTrack(30, { codec: 'hevc', decoderConfig: HEVC.main });
    const unit = (...header: number[]): Buffer =>
      joinLengthPrefixed([
        Buffer.concat([Buffer.from(header), captionSei([channel(2)])]),
        Buffer.of(0x26, 1, 2),
      ]);
    const scan = scanForCaptions(track)!;
    expect(scan.look(unit(0x06))).toBe(false);
    expect(scan.look(unit(39 << 1, 1))).toBe(true);
    expect([...scan.services]).toEqual(['CC2']);
  });

  it('is not made for codecs that carry them elsewhere', () => {
    expect(scanForCaptions(videoTrack(30, { codec: 'av1' }))).toBeUndefined();
    expect(scanForCaptions(videoTrack(30, { codec: 'vp9' }))).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    const unit = captioned(channel(1), service(7, 3), PADDING);
    const changes = fc.array(fc.tuple(fc.nat(unit.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat(unit.length), (damage, length) => {
        const bytes = Buffer.from(unit);
        for (const [at, value] of damage) bytes[at] = value;
        const scan = avcScan();
        scan.look(bytes.subarray(0, length));
        for (const name of scan.services)
          expect(name).toMatch(/^(?:CC[1-4]|SERVICE(?:[1-9]|[1-5]\d|6[0-3]))$/);
      }),
    );
  });
});
