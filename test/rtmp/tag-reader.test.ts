import { describe, expect, test } from 'vitest';
import { inspectAudioUnit, parseAudioConfig, type AudioConfig } from '../../src/media/audio-config.js';
import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { MAX_CONFIG_BYTES } from '../../src/media/lane.js';
import { inspectVideoUnit, parseVideoConfig, type VideoConfig } from '../../src/media/video-config.js';
import {
  audioConfigPacket,
  audioFramePacket,
  enhancedBody,
  multitrackBody,
  trackBody,
  videoConfigPacket,
  videoFramePacket,
} from '../../src/rtmp/flv-enhanced-writer.js';
import { avcNalus, avcSequenceHeader, mp3Raw } from '../../src/rtmp/flv-writer.js';
import { AudioTagReader, VideoTagReader } from '../../src/rtmp/tag-reader.js';
import { AC3, AV1, HEVC, MP3, OPUS, padded, VP9 } from '../media/codec-fixtures.js';
import { RECORD } from '../media/synthetic-publisher.js';
import { codeOf } from './support.js';
import { encodeAudio, encodeVideo } from '../support/elementary-stream.js';
import { enhancedMessages } from '../support/enhanced-publisher.js';

/** Reads a publish as the server does. */
function readVideo(bodies: readonly Buffer[]) {
  const reader = new VideoTagReader();
  let config: VideoConfig | undefined;
  const units: { readonly data: Buffer; readonly keyframe: boolean | undefined }[] = [];
  for (const tag of bodies.flatMap((body) => reader.read(body))) {
    if (tag.type === 'config') config = parseVideoConfig(tag.codec, tag.record, tag.size);
    if (tag.type === 'frame' && config !== undefined)
      units.push({ data: tag.data, keyframe: inspectVideoUnit(config, tag.data)?.keyframe });
  }
  return { config, units };
}

function readAudio(bodies: readonly Buffer[]) {
  const reader = new AudioTagReader();
  let config: AudioConfig | undefined;
  const units: { readonly data: Buffer; readonly samples: number | undefined }[] = [];
  for (const tag of bodies.flatMap((body) => reader.read(body))) {
    if (tag.type === 'config') config = parseAudioConfig(tag.codec, tag.record);
    if (tag.type === 'frame' && config !== undefined)
      units.push({ data: tag.data, samples: inspectAudioUnit(config, tag.data) });
  }
  return { config, units };
}

describe('what real encoders send under an enhanced header', () => {
  test.each<[VideoCodec, string]>([
    ['avc', 'avc1.42c00c'],
    ['hevc', 'hvc1.1.6.L60.90'],
    ['av1', 'av01.0.00M.08'],
    ['vp9', 'vp09.00.11.08'],
  ])('E1: %s', (codec, codecString) => {
    const stream = encodeVideo(codec, { size: '320x180', seconds: 1, gop: 10 });
    const { config, units } = readVideo(enhancedMessages(stream).map(({ body }) => body));
    expect(config).toMatchObject({
      codec,
      codecString,
      width: 320,
      height: 180,
      decoderConfig: stream.record,
    });
    expect(units).toEqual(stream.units.map(({ data, keyframe }) => ({ data, keyframe })));
    expect(units.filter(({ keyframe }) => keyframe)).toHaveLength(3);
  });

  test.each<[AudioCodec, string, number]>([
    ['aac', 'mp4a.40.2', 1024],
    ['opus', 'opus', 960],
    ['flac', 'fLaC', 4608],
    ['ac3', 'ac-3', 1536],
    ['eac3', 'ec-3', 1536],
    ['mp3', 'mp4a.40.34', 1152],
  ])('E2: %s', (codec, codecString, samples) => {
    const stream = encodeAudio(codec, { seconds: 1 });
    const { config, units } = readAudio(enhancedMessages(undefined, stream).map(({ body }) => body));
    expect(config).toMatchObject({ codec, codecString, sampleRate: 48_000, channels: 2 });
    expect(units.map(({ data }) => data)).toEqual(stream.units.map(({ data }) => data));
    expect(units.slice(0, -1).every((unit) => unit.samples === samples)).toBe(true);
  });
});

describe('D10: HEVC under the codec id of AVC', () => {
  const frame = { keyframe: true, compositionTime: 0, data: Buffer.from('00000003260180', 'hex') };

  test('is told by its record, and its frames follow', () => {
    const reader = new VideoTagReader();
    expect(reader.read(avcSequenceHeader(HEVC.main))).toEqual([
      { type: 'config', track: 0, codec: 'hevc', record: HEVC.main },
    ]);
    expect(reader.read(avcNalus(frame))).toMatchObject([{ type: 'frame', codec: 'hevc', data: frame.data }]);
  });

  test('is over when a record of AVC comes', () => {
    const reader = new VideoTagReader();
    reader.read(avcSequenceHeader(HEVC.main));
    expect(reader.read(avcSequenceHeader(RECORD))).toMatchObject([{ codec: 'avc' }]);
    expect(reader.read(avcNalus({ ...frame, data: Buffer.from('0000000265b8', 'hex') }))).toMatchObject([
      { codec: 'avc' },
    ]);
  });
});

describe('the messages of a video publish', () => {
  test('E5: tracks are kept apart, each with its own codec and configuration', () => {
    const reader = new VideoTagReader();
    const configs = multitrackBody([
      { track: 0, packet: videoConfigPacket('hevc', HEVC.main) },
      { track: 1, packet: videoConfigPacket('av1', AV1.main.subarray(0, 4)) },
      { track: 2, packet: videoConfigPacket('vp9', VP9.main) },
    ]);
    // AV1's record has no sequence header here and VP9's no size: their first keyframes complete them.
    expect(reader.read(configs)).toMatchObject([{ type: 'config', track: 0, codec: 'hevc' }]);
    const keyframe = (data: Buffer) => ({ keyframe: true, compositionTime: 0, data });
    const frames = multitrackBody([
      { track: 1, packet: videoFramePacket('av1', keyframe(AV1.keyframe)) },
      { track: 2, packet: videoFramePacket('vp9', keyframe(VP9.keyframe)) },
    ]);
    expect(reader.read(frames)).toMatchObject([
      { type: 'config', track: 1, record: AV1.main },
      { type: 'frame', track: 1 },
      { type: 'config', track: 2, size: { width: 1280, height: 720 } },
      { type: 'frame', track: 2 },
    ]);
  });

  test('E3: a malformed record is passed on for its parser to refuse, and hurts no other track', () => {
    const configs = multitrackBody([
      { track: 0, packet: videoConfigPacket('hevc', Buffer.alloc(5)) },
      { track: 1, packet: videoConfigPacket('hevc', HEVC.main) },
    ]);
    expect(new VideoTagReader().read(configs)).toEqual([
      { type: 'config', track: 0, codec: 'hevc', record: Buffer.alloc(5) },
      { type: 'config', track: 1, codec: 'hevc', record: HEVC.main },
    ]);
  });

  test('A9: a record that is too long is passed on for its parser to refuse, and not taken in', () => {
    const reader = new VideoTagReader();
    const long = Buffer.concat([Buffer.of(0, 0, 0, 1, 0x67), Buffer.alloc(MAX_CONFIG_BYTES, 1)]);
    const body = avcSequenceHeader(long);
    // One that had been taken in would be no news the second time.
    for (let i = 0; i < 2; i++) expect(reader.read(body).map(({ type }) => type)).toEqual(['config']);
  });

  test('D4: what is right is passed on byte for byte, out of the message itself', () => {
    const reader = new VideoTagReader();
    reader.read(avcSequenceHeader(RECORD));
    const body = avcNalus({ keyframe: true, compositionTime: 0, data: Buffer.from('0000000265b8', 'hex') });
    const [tag] = reader.read(body);
    expect(tag?.type === 'frame' && tag.data.buffer === body.buffer).toBe(true);
    expect(tag?.type === 'frame' && tag.data).toEqual(body.subarray(5));
  });
});

describe('the messages of an audio publish', () => {
  const surround = padded(AC3.surround, 1950);
  const mono = padded(AC3.mono, 576);
  const sound = (data: Buffer): Buffer => enhancedBody(audioFramePacket('ac3', data));

  test('E2: codecs without a record get one from their frames, once for each format', () => {
    const reader = new AudioTagReader();
    const types = [surround, surround, mono, mono].map((data) =>
      reader.read(sound(data)).map(({ type }) => type),
    );
    expect(types).toEqual([['config', 'frame'], ['frame'], ['config', 'frame'], ['frame']]);
    expect(reader.read(mp3Raw(MP3.stereo))).toMatchObject([
      { type: 'config', codec: 'mp3' },
      { type: 'frame' },
    ]);
    reader.read(enhancedBody(audioConfigPacket('opus', OPUS.stereo)));
    expect(reader.read(mp3Raw(MP3.stereo))).toHaveLength(2);
  });

  test('E5: each track gets its own', () => {
    const reader = new AudioTagReader();
    reader.read(sound(surround));
    expect(reader.read(trackBody(3, audioFramePacket('ac3', surround)))).toMatchObject([
      { type: 'config', track: 3 },
      { type: 'frame', track: 3 },
    ]);
  });

  test('E2: what these codecs send as a record says nothing, and neither does the comment header of Opus', () => {
    const reader = new AudioTagReader();
    expect(reader.read(enhancedBody(audioConfigPacket('ac3', Buffer.alloc(3))))).toEqual([]);
    expect(reader.read(enhancedBody(audioConfigPacket('opus', Buffer.from('OpusTags....'))))).toEqual([]);
    expect(reader.read(enhancedBody(audioConfigPacket('opus', OPUS.stereo)))).toHaveLength(1);
  });

  test('a format that is not carried is passed on for its parser to refuse', () => {
    const halfRate = padded(Buffer.from('0b77037fcf87c00020f82000', 'hex'), 1792);
    const [config] = new AudioTagReader().read(enhancedBody(audioFramePacket('eac3', halfRate)));
    if (config?.type !== 'config') throw new Error('there is no configuration');
    expect(codeOf(() => parseAudioConfig('eac3', config.record))).toBe('MEDIA_UNSUPPORTED');
  });

  test('a damaged frame is passed on for others to refuse', () => {
    expect(new AudioTagReader().read(sound(surround.subarray(1)))).toMatchObject([{ type: 'frame' }]);
  });
});
