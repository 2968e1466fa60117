import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { audioRecordFromFrame, inspectAudioUnit, parseAudioConfig } from '../../src/media/audio-config.js';
import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { videoNormaliser } from '../../src/media/normalise-video.js';
import { inspectVideoUnit, parseVideoConfig } from '../../src/media/video-config.js';
import { AC3, AV1, EAC3_SURROUND, FLAC, HEVC, MP3, OPUS, padded, VP9 } from './codec-fixtures.js';
import { ASC, RECORD } from './synthetic-publisher.js';

const VIDEO: readonly (readonly [VideoCodec, Buffer])[] = [
  ['avc', RECORD],
  ...Object.values(HEVC).map((record) => ['hevc', record] as const),
  ...Object.values(AV1).map((record) => ['av1', record] as const),
  ...Object.values(VP9).map((record) => ['vp9', record] as const),
];
const AUDIO: readonly (readonly [AudioCodec, Buffer])[] = [
  ['aac', ASC],
  ...Object.values(OPUS).map((record) => ['opus', record] as const),
  ...Object.values(FLAC).map((record) => ['flac', record] as const),
  ['ac3', padded(AC3.surround, 1950)],
  ['eac3', padded(EAC3_SURROUND, 1792)],
  ...Object.values(MP3).map((record) => ['mp3', record] as const),
];

/** A real record or frame with some bytes changed and its end cut off, or bytes that were never one. */
const damaged = <Codec>(
  real: readonly (readonly [Codec, Buffer])[],
): fc.Arbitrary<readonly [Codec, Buffer]> => {
  const change = fc.record({ at: fc.nat(160), to: fc.nat(255) });
  const changed = fc
    .tuple(fc.constantFrom(...real), fc.array(change, { maxLength: 5 }), fc.nat(200))
    .map(([[codec, record], changes, length]) => {
      const copy = Buffer.from(length > 100 ? record : record.subarray(0, length));
      for (const { at, to } of changes) if (at < copy.length) copy[at] = to;
      return [codec, copy] as const;
    });
  const random = fc
    .tuple(fc.constantFrom(...real), fc.uint8Array({ maxLength: 120 }))
    .map(([[codec], bytes]) => [codec, Buffer.from(bytes)] as const);
  return fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: random });
};

/** The result, or undefined for an error with a code; anything else that is thrown is a fault. */
function expected<Result>(step: () => Result): Result | undefined {
  try {
    return step();
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    return undefined;
  }
}

const isWhole = (value: number): boolean => Number.isInteger(value) && value > 0;

describe('whatever an encoder sends', () => {
  it('a video record is read or refused with a code, and what is read makes sense', () => {
    fc.assert(
      fc.property(damaged(VIDEO), damaged(VIDEO), ([codec, record], [, data]) => {
        const config = expected(() => parseVideoConfig(codec, record, { width: 320, height: 180 }));
        if (config === undefined) return;
        const { width, height, displayWidth, displayHeight, codecString } = config;
        expect([width, height, displayWidth, displayHeight].every(isWhole)).toBe(true);
        expect(codecString).toMatch(/^(avc1|hvc1|av01|vp09)(\.[0-9A-Za-z]+)+$/);
        expect(() => inspectVideoUnit(config, data)).not.toThrow();
      }),
      { numRuns: 5000 },
    );
  });

  it('video units are brought into form, or left as they are', () => {
    fc.assert(
      fc.property(damaged(VIDEO), fc.array(damaged(VIDEO), { maxLength: 4 }), ([codec, record], units) => {
        const normaliser = videoNormaliser(codec);
        expected(() => normaliser.config(record));
        for (const [, data] of units) {
          const { config } = normaliser.unit(data);
          if (config) expected(() => parseVideoConfig(codec, config.record, config.size));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('an audio record or frame is read or refused with a code, and what is read makes sense', () => {
    fc.assert(
      fc.property(damaged(AUDIO), damaged(AUDIO), ([codec, record], [, data]) => {
        const made = audioRecordFromFrame(codec, record) ?? record;
        const config = expected(() => parseAudioConfig(codec, made));
        if (config === undefined) return;
        expect(isWhole(config.sampleRate) && isWhole(config.channels)).toBe(true);
        for (const unit of [record, data]) {
          const samples = inspectAudioUnit(config, unit);
          expect(samples === undefined || isWhole(samples)).toBe(true);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
