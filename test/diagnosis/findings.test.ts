import { describe, expect, it } from 'vitest';
import { FINDING_CODES, type Finding, type FindingCode } from '../../src/diagnosis/finding.js';
import { RULES } from '../../src/diagnosis/rules/all.js';
import { MillraceError } from '../../src/errors.js';
import { buildAvcConfig } from '../../src/media/avc-config.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps, type SpsFields } from '../media/sps-writer.js';
import { audioTrack, started, videoTrack, WALL_CLOCK } from '../support/synthetic-stream.js';
import { diagnose, NOTHING_WRONG, Patient, type Stream } from './support.js';

/** A track whose record holds this sequence parameter set. */
function avcTrack(fields: Partial<SpsFields>, codecString = 'avc1.64001f') {
  const decoderConfig = buildAvcConfig([writeSps({ ...PLAIN_SPS, ...fields })], [PLAIN_PPS]);
  return videoTrack(30, { codecString, decoderConfig, width: 1280, height: 720 });
}

const { video, audio } = NOTHING_WRONG;
const kilobits = (rate: number): number => (rate * 1000) / 8 / 30;

/** A stream that something is wrong with, and what is said of it. */
const WRONG: Partial<Record<FindingCode, [Stream, Partial<Finding>]>> = {
  KEYFRAMES_RARE: [{ gop: 250 }, { severity: 'problem', message: 'Keyframe interval is 8.3 s' }],
  KEYFRAMES_IRREGULAR: [
    { gop: (n) => n % 60 === 0 || n % 60 === 12 },
    { severity: 'info', unit: 's', message: 'Keyframes are between 0.4 s and 1.6 s apart' },
  ],
  KEYFRAMES_FREQUENT: [{ gop: 10 }, { severity: 'info', unit: 's' }],
  FRAME_RATE_VARIABLE: [
    { moved: (n) => 0.4 * Math.sin(n * n) },
    {
      severity: 'warning',
      message: expect.stringMatching(/^Frame rate is not steady, (30|29\.9\d) fps on/) as string,
    },
  ],
  FRAME_RATE_UNUSUAL: [
    { video: videoTrack(30, { frameRate: { num: 33_333, den: 1000 } }) },
    { severity: 'info', message: 'Frame rate is 33.33 fps, which is not a standard one' },
  ],
  FRAMES_MISSING: [
    { sends: (n) => n % 20 !== 7 },
    {
      severity: 'warning',
      unit: 'frames',
      value: 29,
      message: '29 frames (5.1 %) were left out in the last 19 s',
    },
  ],
  B_FRAMES: [
    // Decoded I P b b P b b ...
    { reorder: (n) => (n === 0 ? 0 : n % 3 === 1 ? 2 : -1) },
    { severity: 'info', value: 2, message: '2 B-frames in a row cost 67 ms of latency' },
  ],
  VIDEO_CODEC_RARE: [
    { video: videoTrack(30, { codec: 'hevc', codecString: 'hvc1.1.6.L93.B0' }) },
    { severity: 'warning' },
  ],
  PIXEL_FORMAT: [
    { video: avcTrack({ profile: 122, chromaFormat: 2, bitDepth: 10 }, 'avc1.7a001f') },
    {
      severity: 'problem',
      message: 'Most browsers cannot play H.264 in this form: High 4:2:2, 10 bits',
    },
  ],
  INTERLACED: [{ video: avcTrack({ framesOnly: false }) }, { severity: 'warning' }],
  SIZE_UNEVEN: [
    { video: videoTrack(30, { width: 853, height: 480 }) },
    { severity: 'warning', value: 853, unit: 'pixels' },
  ],
  HDR: [{ video: videoTrack(30, { videoRange: 'PQ' }) }, { severity: 'info' }],
  NO_SOUND: [{ audio: undefined }, { severity: 'info', message: 'No sound is sent' }],
  NO_PICTURE: [{ video: undefined }, { severity: 'info', message: 'No picture is sent' }],
  AUDIO_CODEC_RARE: [
    { audio: { ...audio, codec: 'ac3', codecString: 'ac-3' } },
    { severity: 'warning', message: 'AC-3 plays in Safari and Edge only' },
  ],
  SAMPLE_RATE_UNUSUAL: [
    { audio: audioTrack(32_000) },
    {
      severity: 'warning',
      value: 32_000,
      unit: 'Hz',
      advice: expect.stringContaining('-ar 48000') as string,
    },
  ],
  CHANNELS_MANY: [{ audio: { ...audio, channels: 6 } }, { severity: 'info', value: 6 }],
  SOUND_HOLES: [{ sendsSound: (at) => at % 4 > 0.1 }, { severity: 'warning', unit: 's' }],
  BITRATE_HIGH: [
    { bytes: () => kilobits(30_000) },
    {
      severity: 'warning',
      unit: 'b/s',
      value: 30_000_000,
      advice: expect.stringMatching(/^Set it to about 3000 kb\/s: in OBS .*-b:v 3000k/) as string,
    },
  ],
  BITRATE_DIPS: [{ bytes: (at) => kilobits(at < 11 ? 2500 : 300) }, { severity: 'info', unit: 'b/s' }],
  ARRIVES_LATE: [
    { delay: (at) => at * 0.2 },
    {
      severity: 'warning',
      message: expect.stringMatching(/^The stream has fallen 3\.\d s behind/) as string,
    },
  ],
  ARRIVES_IN_BURSTS: [
    { delay: (at) => 1 - (at % 1) },
    { severity: 'warning', message: 'Frames arrive in bursts, up to 1 s at once' },
  ],
  ARRIVES_TOO_FAST: [{ delay: (at) => -at * 0.9 }, { severity: 'problem', unit: 's' }],
  PICTURE_STOPPED: [
    { sends: (n) => n < 300 },
    { severity: 'problem', message: 'No picture has come for 9 s while the sound goes on' },
  ],
  SOUND_STOPPED: [
    { sendsSound: (at) => at < 10 },
    { severity: 'problem', message: 'No sound has come for 9 s while the picture goes on' },
  ],
  TRACKS_APART: [
    { soundBehind: 1.5 },
    {
      severity: 'warning',
      message: 'Sound arrives 1.5 s after its picture; viewers wait for the later of the two',
    },
  ],
};

/** What shows only in a sequence of events. */
const WENT_WRONG: Partial<Record<FindingCode, [(patient: Patient) => void, Partial<Finding>]>> = {
  TIMESTAMPS_JUMP: [
    (patient) => {
      patient.send({}, 5);
      patient.event({ type: 'discontinuity', reason: 'the video timestamps jumped' });
      patient.send({}, 5);
    },
    { severity: 'warning', value: 1, message: expect.stringContaining('have jumped once') as string },
  ],
  FORMAT_CHANGES: [
    (patient) => {
      patient.send({}, 5);
      patient.event({ type: 'discontinuity', reason: 'the video configuration changed' });
      patient.send({ video: avcTrack({ widthInMacroblocks: 120 }) }, 5);
    },
    { severity: 'info', value: 1 },
  ],
  METADATA_WRONG: [
    (patient) => {
      patient.diagnosis.metadata({
        width: 1920,
        height: 1080,
        frameRate: 60,
        audioSampleRate: 44_100,
        audioChannels: 1,
        videoCodec: 12,
        audioCodec: '.mp3',
      });
      patient.send({}, 2);
    },
    {
      severity: 'info',
      value: 6,
      message:
        'The metadata contradict the stream: the size is 1280x720, they say 1920x1080; ' +
        'the frame rate is 30 fps, they say 60 fps; the video codec is H.264, they say HEVC; ' +
        'the audio codec is AAC, they say MP3; the sample rate is 48 kHz, they say 44.1 kHz; ' +
        'the number of channels is 2, they say 1',
    },
  ],
  MEDIA_UNSUPPORTED: [
    (patient) => {
      const error = new MillraceError('MEDIA_UNSUPPORTED', 'audio in Speex is not carried, send AAC');
      patient.note(patient.diagnosis.ignored(error, WALL_CLOCK));
    },
    {
      severity: 'problem',
      message: 'Part of the stream is left out: audio in Speex is not carried, send AAC',
      since: WALL_CLOCK,
    },
  ],
  MESSAGES_IGNORED: [
    (patient) => {
      const error = new MillraceError('FLV_MALFORMED', 'a tag with the secret in it');
      for (let i = 0; i < 3; i++) patient.note(patient.diagnosis.ignored(error, WALL_CLOCK));
      patient.send({}, 2);
    },
    {
      severity: 'warning',
      value: 3,
      message:
        'Messages could not be used, 3 times since the stream began: ' +
        'an audio or video message is not a valid FLV tag body',
    },
  ],
};

describe('the diagnosis of a stream', () => {
  it('finds nothing where nothing is wrong', () => {
    const patient = diagnose({ video, audio }, 60);
    expect(patient.diagnosis.report.findings).toEqual([]);
    expect(patient.changes).toEqual([]);
  });

  it('finds nothing wrong with 29.97 fps, millisecond jitter of the line and moderate scene changes', () => {
    const jitter = (at: number): number => 0.05 + 0.03 * Math.abs(Math.sin(at * 1000));
    const bytes = (at: number): number => (Math.floor(at) % 7 === 0 ? 16_000 : 9000);
    const patient = diagnose(
      { video: videoTrack(29.97, { width: 1280, height: 720 }), delay: jitter, bytes },
      60,
    );
    expect(patient.changes).toEqual([]);
  });

  it.each(Object.entries(WRONG))('finds %s', (code, [stream, expected]) => {
    const patient = diagnose({ ...NOTHING_WRONG, ...stream });
    expect(patient.finding(code as FindingCode)).toMatchObject(expected);
  });

  it.each(Object.entries(WENT_WRONG))('finds %s', (code, [happens, expected]) => {
    const patient = new Patient();
    happens(patient);
    expect(patient.finding(code as FindingCode)).toMatchObject(expected);
  });

  it('has one rule and one test for every code', () => {
    const codes = Object.keys(FINDING_CODES).sort();
    expect(RULES.map(({ code }) => code).sort()).toEqual(codes);
    expect([...Object.keys(WRONG), ...Object.keys(WENT_WRONG)].sort()).toEqual(codes);
  });

  it('finds one thing in a stream that one thing is wrong with', () => {
    for (const [code, [stream]] of Object.entries(WRONG)) {
      const others = diagnose({ ...NOTHING_WRONG, ...stream }).codes.filter((other) => other !== code);
      expect([code, others]).toEqual([code, []]);
    }
  });

  it('puts what is worst first', () => {
    const patient = diagnose({ gop: 250, audio: { ...audioTrack(32_000), channels: 6 } });
    expect(patient.codes).toEqual(['KEYFRAMES_RARE', 'SAMPLE_RATE_UNUSUAL', 'CHANNELS_MANY']);
  });

  it('finds missing keyframes while it still waits for the second one', () => {
    const patient = diagnose({ gop: 100_000 }, 6.5);
    expect(patient.finding('KEYFRAMES_RARE')).toMatchObject({
      severity: 'problem',
      message: 'No keyframe for 6 s',
    });
  });

  it('asks for keyframes as long as the segments where these are short', () => {
    const patient = new Patient('', 1);
    patient.send({}, 10);
    expect(patient.finding('KEYFRAMES_RARE')).toMatchObject({
      severity: 'warning',
      value: 2,
      advice: expect.stringContaining('-g 30.') as string,
    });
  });

  it('says that sound was announced where it does not come', () => {
    const patient = new Patient();
    patient.diagnosis.metadata({ audioCodec: 10 });
    patient.send({ audio: undefined }, 2);
    expect(patient.finding('NO_SOUND')).toMatchObject({
      severity: 'warning',
      message: 'Sound is announced but none comes',
    });
  });

  it('counts three jumps within half a minute as a problem, and forgets them later', () => {
    const patient = new Patient();
    for (let i = 0; i < 4; i++) patient.send({}, 4);
    expect(patient.finding('TIMESTAMPS_JUMP')).toMatchObject({ severity: 'problem', value: 3 });
    patient.goOn({}, 4, 40);
    expect(patient.codes).toEqual([]);
  });

  it('does not compare arrivals from before and after a jump of the clock', () => {
    const patient = new Patient();
    patient.send({}, 20);
    patient.event(started(video, audio));
    patient.goOn({ delay: () => 500 }, 0, 20);
    expect(patient.codes).toEqual(['TIMESTAMPS_JUMP']);
  });

  it('does not take one that makes up for a hold-up for one that sends too fast', () => {
    const patient = new Patient();
    patient.send({ delay: (at) => (at < 40 ? 0.05 : Math.max(0.05, 14 - (at - 40) / 4)) }, 120);
    expect(patient.changes.filter((change) => change.endsWith('TOO_FAST'))).toEqual([]);
    expect(patient.changes[0]).toBe('found ARRIVES_LATE');
  });

  it('does not take a track that appears during the stream for one that had stopped', () => {
    const patient = new Patient();
    patient.send({ video: undefined }, 10);
    patient.event({ type: 'discontinuity', reason: 'video appeared' });
    patient.send({}, 10);
    expect(patient.changes).toEqual(['found NO_PICTURE', 'gone NO_PICTURE', 'found FORMAT_CHANGES']);
  });

  it('leaves the other tracks of an encoder that sends several out of its figures', () => {
    const patient = diagnose({}, 10);
    const { video: before } = patient.diagnosis.report;
    const unit = {
      dts: 0,
      pts: 0,
      duration: 3000,
      keyframe: true,
      data: Buffer.alloc(1e6),
      arrival: WALL_CLOCK,
    };
    patient.event({ type: 'unit', kind: 'video', alternate: 1, unit });
    patient.goOn({}, 10, 11.1);
    expect(patient.diagnosis.report.video?.bitrate).toBe(before?.bitrate);
    expect(patient.codes).toEqual([]);
  });
});

describe('a finding', () => {
  it('does not flap around its threshold: it comes after three looks and goes after ten', () => {
    const patient = new Patient();
    // Every other second a little more than a hundredth of the frames is missing, and then a little less.
    const sends = (n: number): boolean => n % (Math.floor(n / 30) % 2 === 0 ? 90 : 110) !== 0 || n === 0;
    patient.send({ sends, gop: (n) => n % 60 === 1 || n === 0 }, 120);
    expect(patient.changes.filter((change) => change.endsWith('FRAMES_MISSING')).length).toBeLessThanOrEqual(
      1,
    );
  });

  it('of a single second goes with the window, and is told once when it comes and once when it is gone', () => {
    const patient = new Patient();
    patient.send({ sends: (n) => n < 300 || n >= 310 || n % 60 === 0 }, 80);
    expect(patient.changes).toEqual(['found FRAMES_MISSING', 'gone FRAMES_MISSING']);
  });

  it('keeps the time at which it appeared', () => {
    const patient = diagnose({ gop: 250 }, 10);
    const since = patient.finding('KEYFRAMES_RARE')?.since ?? 0;
    patient.goOn({ gop: 250 }, 10, 20);
    expect(patient.finding('KEYFRAMES_RARE')?.since).toBe(since);
    expect((since - WALL_CLOCK) / 1000).toBeCloseTo(4.05, 1);
  });

  it('advises in the terms of the encoder that sends', () => {
    const advice = (flashVersion: string): string | undefined =>
      diagnose({ gop: 250 }, 20, flashVersion).finding('KEYFRAMES_RARE')?.advice;
    expect(advice('FMLE/3.0 (compatible; Lavf59.27.100)')).toBe('Set it to 2 s: with ffmpeg -g 60.');
    expect(advice('obs-output module (libobs version 30.2.3)')).toBe(
      'Set it to 2 s: in OBS under Settings > Output > Streaming (Output Mode: Advanced), Keyframe Interval.',
    );
    expect(advice('Wirecast')).toBe(
      'Set it to 2 s: in OBS under Settings > Output > Streaming (Output Mode: Advanced), Keyframe Interval; ' +
        'with ffmpeg -g 60.',
    );
  });
});
