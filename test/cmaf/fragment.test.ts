import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fragment, segmentType, type FragmentSample } from '../../src/cmaf/fragment.js';
import { only, parseBoxes, topLevel } from './read-back.js';

const SYNC = 0x0200_0000;
const DELTA = 0x0101_0000;

const sample = (fields: Partial<FragmentSample> = {}): FragmentSample => ({
  duration: 3000,
  compositionOffset: 0,
  keyframe: false,
  data: Buffer.from('picture'),
  ...fields,
});

const video = (samples: readonly FragmentSample[], baseDecodeTime = 0): Buffer =>
  fragment({ sequence: 7, track: { kind: 'video' }, baseDecodeTime, samples });

interface RunSample {
  readonly sample_duration?: number;
  readonly sample_size?: number;
  readonly sample_flags?: number;
  readonly sample_composition_time_offset?: number;
}

/** A fragment's samples as ISO/IEC 14496-12 8.8 says they are to be read. */
function readSamples(bytes: Buffer): FragmentSample[] {
  const file = parseBoxes(bytes);
  const header = only(file, 'tfhd');
  const run = only(file, 'trun');
  const moof = only(file, 'moof');
  let position = bytes.indexOf('moof') - 4 + Number(run['data_offset']);
  expect(position).toBe(bytes.indexOf('moof') - 4 + moof.size + 8);
  const samples = (run['samples'] as readonly RunSample[]).map((entry, i) => {
    const size = entry.sample_size ?? Number(header['default_sample_size']);
    const firstFlags = i === 0 ? (run['first_sample_flags'] as number | undefined) : undefined;
    const flags = entry.sample_flags ?? firstFlags ?? Number(header['default_sample_flags']);
    expect([SYNC, DELTA]).toContain(flags);
    const data = bytes.subarray(position, (position += size));
    return {
      duration: entry.sample_duration ?? Number(header['default_sample_duration']),
      compositionOffset: entry.sample_composition_time_offset ?? 0,
      keyframe: flags === SYNC,
      data,
    };
  });
  expect(position).toBe(bytes.length);
  return samples;
}

const anySamples = fc.array(
  fc.record<FragmentSample>({
    duration: fc.oneof(fc.constant(3003), fc.integer({ min: 1, max: 0xffffffff })),
    compositionOffset: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    keyframe: fc.boolean(),
    data: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('fragment', () => {
  it('C2, C4: is one moof and one mdat, with offsets relative to the moof', () => {
    const bytes = video([sample({ keyframe: true }), sample()]);
    expect(topLevel(bytes)).toEqual(['moof', 'mdat']);
    const file = parseBoxes(bytes);
    expect(only(file, 'mfhd')['sequence_number']).toBe(7);
    expect(only(file, 'tfhd')).toMatchObject({ track_ID: 1 });
    expect(Number(only(file, 'tfhd')['flags']) & 0x02_0001).toBe(0x02_0000);
    expect(only(file, 'trun')['version']).toBe(1);
  });

  it('C2, C4: reads back sample for sample, whatever the samples are', () => {
    fc.assert(
      fc.property(anySamples, fc.boolean(), (samples, reference) => {
        const bytes = fragment({
          sequence: 1,
          track: { kind: 'video' },
          baseDecodeTime: 0,
          samples,
          ...(reference && { producerReferenceTime: 1_700_000_000_000 }),
        });
        expect(readSamples(bytes)).toEqual(samples);
      }),
    );
  });

  it('states once what all samples share', () => {
    const audio = fragment({
      sequence: 1,
      track: { kind: 'audio' },
      baseDecodeTime: 0,
      samples: Array.from({ length: 8 }, (_, i) =>
        sample({ duration: 1024, keyframe: true, data: Buffer.alloc(9 + i) }),
      ),
    });
    const file = parseBoxes(audio);
    expect(only(file, 'tfhd')).toMatchObject({
      track_ID: 2,
      default_sample_duration: 1024,
      default_sample_flags: SYNC,
    });
    expect(only(file, 'trun')['flags']).toBe(0x201);

    const group = parseBoxes(video([sample({ keyframe: true }), sample(), sample()]));
    expect(only(group, 'tfhd')).toMatchObject({ default_sample_flags: DELTA, default_sample_size: 7 });
    expect(only(group, 'trun')).toMatchObject({ flags: 0x005, first_sample_flags: SYNC });
  });

  it('C6: writes composition offsets with their sign', () => {
    const offsets = [0, 6006, -3003, -6006];
    const bytes = video(offsets.map((compositionOffset) => sample({ compositionOffset })));
    expect(readSamples(bytes).map((each) => each.compositionOffset)).toEqual(offsets);
  });

  it.each([0, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 12345, 90_000 * 86_400 * 365 * 20, Number.MAX_SAFE_INTEGER])(
    'C5, C7: writes a decode time of %d in 64 bits',
    (time) => {
      const decodeTime = only(parseBoxes(video([sample()], time)), 'tfdt');
      expect(decodeTime).toMatchObject({ version: 1, baseMediaDecodeTime: time });
    },
  );

  it('puts the producer reference time before the moof, in NTP', () => {
    const wallClock = Date.UTC(2024, 1, 29, 12, 0, 0, 250);
    const bytes = fragment({
      sequence: 1,
      track: { kind: 'video' },
      baseDecodeTime: 2 ** 33,
      samples: [sample()],
      producerReferenceTime: wallClock,
    });
    expect(topLevel(bytes)).toEqual(['prft', 'moof', 'mdat']);
    const reference = only(parseBoxes(bytes), 'prft');
    expect(reference).toMatchObject({
      size: 32,
      reference_track_ID: 1,
      ntp_timestamp_sec: wallClock / 1000 - 0.25 + 2_208_988_800,
      ntp_timestamp_frac: 0x4000_0000,
      media_time: 2 ** 33,
    });
  });

  it('puts NTP seconds of the era after 2036 into 32 bits', () => {
    const bytes = fragment({
      sequence: 1,
      track: { kind: 'video' },
      baseDecodeTime: 0,
      samples: [sample()],
      producerReferenceTime: Date.UTC(2036, 1, 7, 6, 28, 17),
    });
    expect(only(parseBoxes(bytes), 'prft')).toMatchObject({ ntp_timestamp_sec: 1, ntp_timestamp_frac: 0 });
  });

  it('takes no part of the samples for its own: their buffers stay as they were', () => {
    const data = Buffer.from('untouched');
    const bytes = video([sample({ data })]);
    bytes.fill(0);
    expect(data.toString()).toBe('untouched');
  });

  it('refuses to be empty and to state what its fields cannot hold', () => {
    expect(() => video([])).toThrow(RangeError);
    expect(() => video([sample()], -1)).toThrow(RangeError);
    expect(() => video([sample({ duration: 2 ** 32 }), sample()])).toThrow(RangeError);
  });
});

describe('segmentType', () => {
  it('C5: is a styp that claims what a segment is', () => {
    const bytes = segmentType();
    expect(topLevel(bytes)).toEqual(['styp']);
    expect(only(parseBoxes(bytes), 'styp')).toMatchObject({
      major_brand: 'msdh',
      compatible_brands: ['msdh', 'cmfs'],
    });
  });
});
