import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Diagnosis } from '../../src/diagnosis/diagnosis.js';
import { MAX_ENCODER_NAME, identifyEncoder } from '../../src/diagnosis/encoder.js';
import { pictureFormat } from '../../src/diagnosis/codec-format.js';
import { FINDING_CODES } from '../../src/diagnosis/finding.js';
import { ERROR_CODES, MillraceError, type ErrorCode } from '../../src/errors.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import { audioTrack, started, videoTrack, WALL_CLOCK } from '../support/synthetic-stream.js';
import { diagnose, NOTHING_WRONG, Patient } from './support.js';

describe('the report', () => {
  it('knows the tracks at once and the figures after a second of media', () => {
    const patient = new Patient('FMLE/3.0 (compatible; Lavf59.27.100)');
    expect(patient.diagnosis.report).toEqual({
      encoder: 'FFmpeg (libavformat 59.27.100)',
      video: undefined,
      audio: undefined,
      findings: [],
    });
    patient.send({}, 0.5);
    expect(patient.diagnosis.report).toMatchObject({
      video: { codec: 'avc', width: 1280, height: 720, frameRate: 30, bitrate: undefined },
      audio: { codec: 'aac', sampleRate: 48_000, channels: 2, bitrate: undefined },
    });
    patient.goOn({}, 0.5, 10.1);
    const { video, audio } = patient.diagnosis.report;
    expect(video?.measuredFrameRate).toBeCloseTo(30);
    expect(video?.bitrate).toBeCloseTo(8 * 8000 * 30);
    expect(video?.keyframeInterval).toEqual({ last: 2, longest: 2, mean: 2 });
    expect(audio?.bitrate).toBeCloseTo((8 * 340 * 48_000) / 1024, -3);
  });

  it('measures what comes, not what the grid has places for', () => {
    const { video } = diagnose({ sends: (n) => n % 3 !== 1 }, 20).diagnosis.report;
    expect(video).toMatchObject({ frameRate: 30 });
    expect(video?.measuredFrameRate).toBeCloseTo(20, 1);
  });

  it('tells last, longest and mean keyframe interval of the last sixteen', () => {
    const { video } = diagnose({ gop: (n) => n % 60 === 0 || n === 1230 }, 46).diagnosis.report;
    expect(video?.keyframeInterval).toEqual({ last: 2, longest: 2, mean: (14 * 2 + 2 * 1) / 16 });
  });

  it('states the sample rate that is heard where spectral band replication doubles it', () => {
    const audio = { ...audioTrack(24_000), codecString: 'mp4a.40.5' };
    const { diagnosis, codes } = diagnose({ audio }, 3);
    expect(diagnosis.report.audio?.sampleRate).toBe(48_000);
    expect(codes).toEqual([]);
  });

  it('forgets after half a minute what was before', () => {
    const patient = diagnose({ bytes: () => 1000 }, 40);
    patient.goOn({ bytes: () => 2000 }, 40, 71.1);
    expect(patient.diagnosis.report.video?.bitrate).toBeCloseTo(8 * 2000 * 30);
  });

  it('stays as it was given', () => {
    const patient = diagnose({}, 5);
    const { report } = patient.diagnosis;
    const before = JSON.stringify(report);
    patient.goOn({ gop: 999, bytes: () => 90_000 }, 5, 30);
    expect(JSON.stringify(report)).toBe(before);
    expect(JSON.stringify(patient.diagnosis.report)).not.toBe(before);
  });
});

describe('an encoder', () => {
  it.each([
    [
      'FMLE/3.0 (compatible; FMSc/1.0)',
      'obs-output module (libobs version 29.0.2)',
      'OBS Studio 29.0.2',
      'obs',
    ],
    ['FMLE/3.0 (compatible; Lavf59.27.100)', 'Lavf59.27.100', 'FFmpeg (libavformat 59.27.100)', 'ffmpeg'],
    ['LNX 10,0,32,18', 'GStreamer 1.22.0 FLV muxer', 'GStreamer 1.22.0 FLV muxer', 'other'],
    ['FMLE/3.0 (compatible; FMSc/1.0)', 'Wirecast/14.3', 'Wirecast/14.3', 'other'],
    ['Larix/1.3', undefined, 'Larix/1.3', 'other'],
    ['LNX 10,0,32,18', undefined, 'LNX 10,0,32,18', 'other'],
    ['', undefined, '', 'other'],
  ])('that says %j and %j is %s', (flashVersion, claimed, name, family) => {
    expect(identifyEncoder(flashVersion, claimed)).toEqual({ name, family });
  });

  it('has a bounded name without anything that is not seen', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'binary' }),
        (flash, claimed) => {
          const { name } = identifyEncoder(flash, claimed);
          expect([...name].length).toBeLessThanOrEqual(MAX_ENCODER_NAME);
          expect(name).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        },
      ),
    );
    expect(identifyEncoder('', 'a\u202Eb\nc\u0000').name).toBe('abc');
  });
});

describe('the format of a picture', () => {
  const unknown = {
    profile: undefined,
    level: undefined,
    chroma: undefined,
    bitDepth: undefined,
    scan: undefined,
  };

  it.each([
    [
      'avc',
      'avc1.42c00c',
      { profile: 'Constrained Baseline', level: '1.2', chroma: '4:2:0', bitDepth: 8, scan: 'progressive' },
    ],
    ['hevc', 'hvc1.1.6.L93.B0', { profile: 'Main', level: '3.1', chroma: '4:2:0', bitDepth: 8 }],
    ['hevc', 'hvc1.2.4.H153.B0', { profile: 'Main 10', level: '5.1', chroma: '4:2:0', bitDepth: 10 }],
    ['av1', 'av01.0.08M.10', { profile: 'Main', level: '4.0', chroma: '4:2:0', bitDepth: 10 }],
    ['av1', 'av01.1.13H.08', { profile: 'High', level: '5.1', chroma: '4:4:4', bitDepth: 8 }],
    ['vp9', 'vp09.00.31.08', { profile: 'Profile 0', level: '3.1', chroma: '4:2:0', bitDepth: 8 }],
    ['vp9', 'vp09.02.41.10', { profile: 'Profile 2', level: '4.1', chroma: '4:2:0', bitDepth: 10 }],
  ] as const)('of %s is read from %s', (codec, codecString, format) => {
    expect(pictureFormat(videoTrack(30, { codec, codecString }))).toEqual({ ...unknown, ...format });
  });

  it('of a string that says nothing is unknown', () => {
    for (const codec of ['hevc', 'av1', 'vp9'] as const)
      expect(pictureFormat(videoTrack(30, { codec, codecString: 'xxxx' }))).toEqual(unknown);
    const damaged = videoTrack(30, { codecString: 'avc1', decoderConfig: Buffer.from('01', 'hex') });
    expect(pictureFormat(damaged)).toEqual(unknown);
  });
});

describe('whatever comes', () => {
  const time = fc.oneof(
    fc.integer({ min: 0, max: 100_000 }),
    fc.integer({ min: -(2 ** 40), max: 2 ** 52 }),
    fc.constantFrom(0, -1, 2 ** 53 - 1),
  );
  const rate = fc.record({
    num: fc.integer({ min: 1, max: 120_000 }),
    den: fc.integer({ min: 1, max: 1001 }),
  });
  const unit: fc.Arbitrary<TimelineEvent> = fc
    .record({
      kind: fc.constantFrom('video', 'audio'),
      alternate: fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined, freq: 9 }),
      dts: time,
      pts: time,
      duration: fc.integer({ min: 0, max: 2 ** 32 }),
      keyframe: fc.boolean(),
      length: fc.integer({ min: 0, max: 300 }),
      arrival: fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
    })
    .map(({ kind, alternate, length, ...rest }) => ({
      type: 'unit',
      kind,
      unit: { ...rest, data: Buffer.alloc(length) },
      ...(alternate === undefined ? {} : { alternate }),
    }));
  const start: fc.Arbitrary<TimelineEvent> = fc
    .record({
      video: fc.option(
        fc.record({
          width: fc.integer({ min: 1, max: 16_880 }),
          height: fc.integer({ min: 1, max: 16_880 }),
          frameRate: rate,
          codec: fc.constantFrom('avc', 'hevc', 'av1', 'vp9'),
          codecString: fc.string(),
          decoderConfig: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
          videoRange: fc.constantFrom('SDR', 'PQ', 'HLG'),
        }),
        { nil: undefined },
      ),
      audio: fc.option(
        fc.record({
          sampleRate: fc.integer({ min: 1, max: 192_000 }),
          channels: fc.integer({ min: 1, max: 255 }),
          codec: fc.constantFrom('aac', 'opus', 'flac', 'ac3', 'eac3', 'mp3'),
          codecString: fc.string(),
        }),
        { nil: undefined },
      ),
    })
    .map(({ video, audio }) =>
      started(
        video && videoTrack(30, video),
        audio && { ...audioTrack(), ...audio, timescale: audio.sampleRate },
      ),
    );
  const claim = fc.oneof(fc.double(), fc.integer());
  const steps = fc.oneof(
    { weight: 20, arbitrary: unit.map((event) => (d: Diagnosis) => d.event(event)) },
    { weight: 2, arbitrary: start.map((event) => (d: Diagnosis) => d.event(event)) },
    fc.string().map((reason) => (d: Diagnosis) => d.event({ type: 'discontinuity', reason })),
    fc
      .record(
        {
          encoder: fc.string({ maxLength: 500 }),
          width: claim,
          height: claim,
          frameRate: claim,
          audioSampleRate: claim,
          audioChannels: claim,
          videoCodec: fc.oneof(claim, fc.string(), fc.constant('__proto__')),
          audioCodec: fc.oneof(claim, fc.string(), fc.constant('constructor')),
        },
        { requiredKeys: [] },
      )
      .map((claims) => (d: Diagnosis) => d.metadata(claims)),
    fc
      .tuple(fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])), fc.string({ maxLength: 5000 }))
      .map(
        ([code, message]) =>
          (d: Diagnosis) =>
            d.ignored(new MillraceError(code, message), WALL_CLOCK),
      ),
  );

  it('the report never fails and stays bounded', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 200 }), fc.string({ maxLength: 500 }), (all, flashVersion) => {
        const diagnosis = new Diagnosis({ flashVersion, segmentTarget: 2 });
        for (const step of all) {
          step(diagnosis);
          const { findings, encoder } = diagnosis.report;
          expect(encoder.length).toBeLessThanOrEqual(2 * MAX_ENCODER_NAME);
          expect(new Set(findings.map(({ code }) => code)).size).toBe(findings.length);
          for (const { message, advice, code } of findings) {
            expect(FINDING_CODES).toHaveProperty(code);
            expect(message.length + advice.length).toBeLessThan(1000);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('every finding that appears goes before it appears again', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 200 }), (all) => {
        const diagnosis = new Diagnosis({ flashVersion: '', segmentTarget: 2 });
        const there = new Set<string>();
        for (const step of all) {
          for (const { type, finding } of step(diagnosis) ?? []) {
            expect(there.has(finding.code)).toBe(type === 'gone');
            if (type === 'found') there.add(finding.code);
            else there.delete(finding.code);
          }
        }
        expect(new Set(diagnosis.report.findings.map(({ code }) => code))).toEqual(there);
      }),
    );
  });

  it('a hole of years costs no more than one of a minute', () => {
    const patient = diagnose(NOTHING_WRONG, 2);
    const at = (seconds: number): TimelineEvent => ({
      type: 'unit',
      kind: 'video',
      unit: {
        dts: seconds * 90_000,
        pts: seconds * 90_000,
        duration: 3000,
        keyframe: true,
        data: Buffer.alloc(1),
        arrival: WALL_CLOCK,
      },
    });
    patient.event(at(1e9));
    patient.event(at(1e9 + 2));
    expect(patient.diagnosis.report.video?.bitrate).toBeLessThan(10);
  });
});
