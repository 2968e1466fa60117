import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { NO_CAPABILITIES, OWN_CAPABILITIES } from '../../src/rtmp/capabilities.js';
import { parseAudioTag, parseVideoTag } from '../../src/rtmp/flv-tag.js';
import { FlvStream, type FlvMessage } from '../../src/rtmp/flv-stream.js';
import {
  ASC_48K_STEREO,
  AVC_RECORD,
  audioTrack,
  frame,
  sound,
  started,
  videoTrack,
} from '../support/synthetic-stream.js';

type Media = Extract<FlvMessage, { timestamp: number }>;

const all = (): FlvStream => new FlvStream(OWN_CAPABILITIES);
const NTSC = videoTrack(29.97);

const media = (message: FlvMessage | undefined): Media => {
  if (message === undefined || message.type === 'metadata') throw new Error('no media');
  return message;
};
const video = (flv: FlvStream, unit: AccessUnit): Media =>
  media(flv.unit({ type: 'unit', kind: 'video', unit }));
const audio = (flv: FlvStream, unit: AccessUnit): FlvMessage | undefined =>
  flv.unit({ type: 'unit', kind: 'audio', unit });

/** CompositionTime of an AVC body (FLV 10.1 E.4.3.1). */
const composition = ({ body }: Media): number => body.readIntBE(2, 3);

describe('units as RTMP messages', () => {
  it('begin with onMetaData and both configurations, byte for byte', () => {
    const [metadata, picture, tone] = all().start(started(videoTrack(), audioTrack()), 0);
    expect(metadata).toEqual({
      type: 'metadata',
      values: {
        width: 320,
        height: 180,
        framerate: 30,
        videocodecid: 7,
        audiocodecid: 10,
        audiosamplerate: 48_000,
        audiosamplesize: 16,
        audiochannels: 2,
        stereo: true,
        encoder: 'Millrace',
      },
    });
    expect(picture).toEqual({
      type: 'video',
      timestamp: 0,
      kind: 'config',
      body: Buffer.concat([Buffer.from('1700000000', 'hex'), AVC_RECORD]),
    });
    expect(tone).toEqual({
      type: 'audio',
      timestamp: 0,
      kind: 'config',
      body: Buffer.concat([Buffer.from('af00', 'hex'), ASC_48K_STEREO]),
    });
  });

  it('carry the data untouched and say what is a keyframe', () => {
    const flv = all();
    flv.start(started(videoTrack(), audioTrack()), 0);
    const keyframe = frame(0);
    expect(video(flv, keyframe)).toMatchObject({ kind: 'keyframe', timestamp: 0 });
    expect(video(flv, frame(1))).toEqual({
      type: 'video',
      kind: 'inter',
      timestamp: 33,
      body: Buffer.concat([Buffer.from('2701000000', 'hex'), frame(1).data]),
    });
    expect(audio(flv, sound(1))).toEqual({
      type: 'audio',
      kind: 'audio',
      timestamp: 21,
      body: Buffer.concat([Buffer.from('af01', 'hex'), sound(1).data]),
    });
  });

  it('T1 are timed from the ticks each time, so that a day at 29.97 fps drifts by nothing', () => {
    const flv = all();
    flv.start(started(NTSC, undefined), 0);
    const day = Math.round((86_400 * 30_000) / 1001);
    video(flv, frame(0, 60, NTSC));
    expect(video(flv, frame(day, 60, NTSC)).timestamp).toBe(Math.round((day * 1001) / 30));
  });

  it('T2 keep the composition offsets of B-frames, none below zero, and begin at 0 all the same', () => {
    const flv = all();
    const track = videoTrack(30, { compositionShift: 6000 });
    flv.start(started(track, undefined), 0);
    // As the timeline gives them: the first keyframe is decoded when it is shown.
    const offsets = [0, 6000, 0, -6000, -3000];
    const sent = offsets.map((offset, n) => video(flv, { ...frame(n), pts: frame(n).dts + offset }));
    expect(sent.map((m) => m.timestamp)).toEqual([0, 34, 67, 100, 134]);
    expect(sent.map((m) => m.timestamp + composition(m))).toEqual([67, 167, 134, 100, 167]);
    expect(Math.min(...sent.map(composition))).toBe(0);
  });

  it('T2 have the longest composition offset that can be written where theirs is longer, either way', () => {
    const flv = all();
    flv.start(started(videoTrack(), undefined), 0);
    const hours = 3 * 3600 * 90_000;
    expect(composition(video(flv, { ...frame(0), pts: hours }))).toBe(0x7fffff);
    expect(composition(video(flv, { ...frame(1), pts: -hours }))).toBe(-0x7fffff);
  });

  it('begin at 0 wherever the epoch is joined, without the sound from before', () => {
    const flv = all();
    flv.start(started(videoTrack(), audioTrack()), 20);
    expect(video(flv, frame(600))).toMatchObject({ timestamp: 0, kind: 'keyframe' });
    expect(audio(flv, sound(930))).toBeUndefined();
    expect(audio(flv, sound(940))).toMatchObject({ timestamp: 53 });
  });

  it('go on where the epoch before ended, with fresh configurations, when a publisher comes back', () => {
    const flv = all();
    flv.start(started(videoTrack(), audioTrack()), 0);
    video(flv, frame(0));
    audio(flv, sound(0));
    video(flv, frame(1));
    const end = 67;
    const again = flv.start(started(videoTrack(25), audioTrack(44_100)), 0);
    expect(again.map((m) => [m.type, m.type === 'metadata' ? undefined : m.timestamp])).toEqual([
      ['metadata', undefined],
      ['video', end],
      ['audio', end],
    ]);
    expect(video(flv, frame(0, 60, videoTrack(25))).timestamp).toBe(end);
    expect(video(flv, frame(1, 60, videoTrack(25))).timestamp).toBe(end + 40);
  });

  it('T4 wrap at 2^32 ms', () => {
    const flv = all();
    flv.start(started(videoTrack(), undefined), 0);
    video(flv, frame(0));
    const wrap = 2 ** 32;
    const late = { ...frame(1), dts: (wrap + 40) * 90, pts: (wrap + 40) * 90 };
    expect(video(flv, late).timestamp).toBe(40);
  });

  it.each(['hevc', 'av1', 'vp9'] as const)('E1 E7 travel in Enhanced form in %s', (codec) => {
    const flv = all();
    const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
    const record = Buffer.from('81080c00', 'hex');
    const track = videoTrack(30, { codec, colour, decoderConfig: record, compositionShift: 3000 });
    const [metadata, config, stated] = flv.start(started(track, undefined), 0);
    const fourCc = { hevc: 'hvc1', av1: 'av01', vp9: 'vp09' }[codec];
    expect(metadata).toMatchObject({ values: { videocodecid: Buffer.from(fourCc).readUInt32BE(0) } });
    expect(parseVideoTag(media(config).body)).toEqual([{ type: 'config', track: 0, codec, record }]);
    expect(parseVideoTag(media(stated).body)).toMatchObject([{ type: 'colour', track: 0 }]);
    const unit = { ...frame(0), pts: 3000 };
    expect(parseVideoTag(video(flv, unit).body)).toMatchObject([
      { type: 'frame', codec, keyframe: true, data: unit.data },
    ]);
  });

  it.each(['opus', 'flac', 'ac3', 'eac3', 'mp3'] as const)(
    'E2 are read back from what is sent in %s',
    (codec) => {
      const flv = all();
      const record = Buffer.from('0a0b', 'hex');
      const messages = flv.start(started(undefined, { ...audioTrack(), codec, decoderConfig: record }), 0);
      const configs = messages.slice(1).flatMap((message) => parseAudioTag(media(message).body));
      const sent = { opus: record, flac: Buffer.concat([Buffer.from('fLaC'), record]) };
      expect(configs).toMatchObject(
        codec in sent ? [{ type: 'config', codec, record: sent[codec as keyof typeof sent] }] : [],
      );
      expect(parseAudioTag(media(audio(flv, sound(0))).body)).toMatchObject([
        { type: 'frame', codec, data: sound(0).data },
      ]);
    },
  );

  it('are made once, however many peers get them', () => {
    const unit = frame(0);
    const [a, b] = [all(), all()].map((flv) => {
      flv.start(started(videoTrack(), undefined), 0);
      return video(flv, unit).body;
    });
    expect(a).toBe(b);
  });

  it('leave out what the peer does not take, and name it', () => {
    const flv = new FlvStream(NO_CAPABILITIES);
    const hevc = videoTrack(30, { codec: 'hevc', codecString: 'hvc1.1.6.L93.B0' });
    expect(flv.start(started(hevc, audioTrack()), 0).map((m) => m.type)).toEqual(['metadata', 'audio']);
    expect(flv.leftOut).toEqual([hevc]);
    expect(flv.unit({ type: 'unit', kind: 'video', unit: frame(0) })).toBeUndefined();
    expect(audio(flv, sound(0))).toBeDefined();
    flv.start(started(videoTrack(), audioTrack()), 0);
    expect(flv.leftOut).toEqual([]);
  });

  it('never step back on a track, wherever epochs begin and end', () => {
    const epoch = fc.record({
      fps: fc.constantFrom(24, 25, 29.97, 30, 59.94),
      shift: fc.integer({ min: 0, max: 20_000 }),
      first: fc.integer({ min: 0, max: 5000 }),
      frames: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(epoch, { maxLength: 6 }), (epochs) => {
        const flv = all();
        let last = 0;
        for (const { fps, shift, first, frames } of epochs) {
          const track = videoTrack(fps, { compositionShift: shift });
          const from = frame(first, 1, track).dts / 90_000;
          const times = flv.start(started(track, undefined), from).slice(1).map(media);
          for (let n = first; n < first + frames; n++) times.push(video(flv, frame(n, 1, track)));
          for (const { timestamp } of times) {
            expect(timestamp).toBeGreaterThanOrEqual(last);
            last = timestamp;
          }
        }
      }),
    );
  });
});
