import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { encodeAmf0 } from '../../src/rtmp/amf0.js';
import { MAX_TRACKS_IN_MESSAGE } from '../../src/rtmp/flv-enhanced.js';
import {
  audioConfigPacket,
  audioEndPacket,
  audioFramePacket,
  colourPacket,
  enhancedBody,
  enhancedBodyWithOffset,
  multitrackBody,
  trackBody,
  videoConfigPacket,
  videoEndPacket,
  videoFramePacket,
  type EnhancedPacket,
} from '../../src/rtmp/flv-enhanced-writer.js';
import { parseAudioTag, parseVideoTag } from '../../src/rtmp/flv-tag.js';
import { codeOf } from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HVC1 = '68766331';
const AV01 = '61763031';

const VIDEO_CODECS = ['avc', 'hevc', 'av1', 'vp9'] as const satisfies VideoCodec[];
const AUDIO_CODECS = ['aac', 'opus', 'flac', 'ac3', 'eac3', 'mp3'] as const satisfies AudioCodec[];

const parse = (packet: EnhancedPacket, body: Buffer) =>
  packet.kind === 'video' ? parseVideoTag(body) : parseAudioTag(body);

describe('enhanced video bodies', () => {
  test('E1: sequence start, and coded frames with and without a composition time', () => {
    expect(parseVideoTag(bytes(`90 ${HVC1} 0102`))).toEqual([
      { type: 'config', track: 0, codec: 'hevc', record: bytes('0102') },
    ]);
    expect(parseVideoTag(bytes(`91 ${HVC1} ffffd8 0000000126`))).toEqual([
      {
        type: 'frame',
        track: 0,
        codec: 'hevc',
        keyframe: true,
        compositionTime: -40,
        data: bytes('0000000126'),
      },
    ]);
    expect(parseVideoTag(bytes(`a3 ${HVC1} 0000000126`))).toMatchObject([
      { keyframe: false, compositionTime: 0, data: bytes('0000000126') },
    ]);
    expect(parseVideoTag(bytes(`92 ${HVC1}`))).toEqual([{ type: 'end', track: 0, codec: 'hevc' }]);
  });

  test('E1: AV1 and VP9 frames have no composition time', () => {
    expect(parseVideoTag(bytes(`a1 ${AV01} 3200`))).toMatchObject([
      { codec: 'av1', compositionTime: 0, data: bytes('3200') },
    ]);
    expect(parseVideoTag(bytes('91 76703039 8249'))).toMatchObject([{ codec: 'vp9', data: bytes('8249') }]);
  });

  test('E1, K14: a command and a frame without data are nothing', () => {
    for (const body of [`d1 00`, `91 ${HVC1} 000000`, `a1 ${AV01}`])
      expect(parseVideoTag(bytes(body))).toEqual([{ type: 'nothing' }]);
  });

  test('E3: what is unknown is named and passed over', () => {
    expect(parseVideoTag(bytes('91 76703038 00'))).toEqual([{ type: 'unsupported', codec: 'vp08' }]);
    expect(parseVideoTag(bytes('a1 00ff0a1b 01'))).toEqual([{ type: 'unsupported', codec: '????' }]);
    expect(parseVideoTag(bytes(`95 ${AV01} 00`))).toEqual([
      { type: 'unsupported', codec: 'av01 packet type 5' },
    ]);
    expect(parseVideoTag(bytes(`9f ${AV01} 00`))).toEqual([
      { type: 'unsupported', codec: 'av01 packet type 15' },
    ]);
  });

  test.each([
    `91 ${HVC1} 0000`,
    '91 687663',
    '97 00',
    '96 10',
    `96 11 ${HVC1}`,
    `96 11 ${HVC1} 00 000005 00`,
  ])('E3: a body of %s is malformed', (body) => {
    expect(codeOf(() => parseVideoTag(bytes(body)))).toBe('FLV_MALFORMED');
  });
});

describe('enhanced audio bodies', () => {
  test('E2: sequence start, coded frames, sequence end, and a channel layout, which says nothing new', () => {
    expect(parseAudioTag(bytes('90 4f707573 4f70'))).toEqual([
      { type: 'config', track: 0, codec: 'opus', record: bytes('4f70') },
    ]);
    expect(parseAudioTag(bytes('91 61632d33 0b77'))).toEqual([
      { type: 'frame', track: 0, codec: 'ac3', data: bytes('0b77') },
    ]);
    expect(parseAudioTag(bytes('92 664c6143'))).toEqual([{ type: 'end', track: 0, codec: 'flac' }]);
    expect(parseAudioTag(bytes('94 6d703461 01 06 0000003f'))).toEqual([{ type: 'nothing' }]);
    expect(parseAudioTag(bytes('91 6d703461'))).toEqual([{ type: 'nothing' }]);
  });

  test('E3: what is unknown is named and passed over', () => {
    expect(parseAudioTag(bytes('91 73706578 00'))).toEqual([{ type: 'unsupported', codec: 'spex' }]);
    expect(parseAudioTag(bytes('93 4f707573 00'))).toEqual([
      { type: 'unsupported', codec: 'Opus packet type 3' },
    ]);
  });
});

describe('E4: modifiers', () => {
  const frame = videoFramePacket('av1', { keyframe: true, compositionTime: 0, data: bytes('3200') });

  test('a nanosecond offset changes nothing else', () => {
    expect(parseVideoTag(enhancedBodyWithOffset(frame, 999_999))).toEqual(parseVideoTag(enhancedBody(frame)));
    const sound = audioFramePacket('opus', bytes('fc01'));
    expect(parseAudioTag(enhancedBodyWithOffset(sound, 0))).toEqual(parseAudioTag(enhancedBody(sound)));
  });

  test('an offset of a millisecond, or of too few bytes, is malformed', () => {
    expect(codeOf(() => parseVideoTag(enhancedBodyWithOffset(frame, 1_000_000)))).toBe('FLV_MALFORMED');
    expect(codeOf(() => parseVideoTag(bytes(`97 01 0000 01 ${AV01} 3200`)))).toBe('FLV_MALFORMED');
  });

  test('several follow each other, unknown ones are passed over, and 256 bytes and more have a longer size', () => {
    const long = Buffer.concat([bytes('97 ff 012b'), Buffer.alloc(300), bytes(`f7 00 00 11 ${AV01} 3200`)]);
    expect(parseVideoTag(long)).toMatchObject([{ type: 'frame', codec: 'av1', data: bytes('3200') }]);
    expect(codeOf(() => parseVideoTag(long.subarray(0, 200)))).toBe('FLV_MALFORMED');
  });
});

describe('E5: multitrack', () => {
  const config = (codec: VideoCodec, record: string) => videoConfigPacket(codec, bytes(record));

  test('one track', () => {
    expect(parseVideoTag(trackBody(7, config('hevc', '0102')))).toEqual([
      { type: 'config', track: 7, codec: 'hevc', record: bytes('0102') },
    ]);
    expect(parseVideoTag(bytes(`96 00 ${HVC1} 07 0102`))).toEqual(
      parseVideoTag(trackBody(7, config('hevc', '0102'))),
    );
  });

  test('E3: many tracks of one codec are read to the end', () => {
    const body = multitrackBody([
      { track: 0, packet: config('avc', '01') },
      { track: 1, packet: config('avc', '02') },
      { track: 255, packet: config('avc', '03') },
    ]);
    expect(parseVideoTag(body)).toMatchObject([
      { track: 0, record: bytes('01') },
      { track: 1, record: bytes('02') },
      { track: 255, record: bytes('03') },
    ]);
  });

  test('E3: many tracks of many codecs, one of them unknown, are read to the end', () => {
    const body = bytes(`96 20 ${HVC1} 00 000001 aa 76703038 01 000002 bbbb ${AV01} 02 000001 cc`);
    expect(parseVideoTag(body)).toEqual([
      { type: 'config', track: 0, codec: 'hevc', record: bytes('aa') },
      { type: 'unsupported', codec: 'vp08' },
      { type: 'config', track: 2, codec: 'av1', record: bytes('cc') },
    ]);
  });

  test('one inside another, a modifier behind it and an unknown type are malformed', () => {
    for (const body of [`96 06 ${HVC1} 00`, `96 07 ${HVC1} 00`, `96 30 ${HVC1} 00`])
      expect(codeOf(() => parseVideoTag(bytes(body)))).toBe('FLV_MALFORMED');
    expect(codeOf(() => parseAudioTag(bytes('95 05 4f707573 00')))).toBe('FLV_MALFORMED');
  });

  test('A2: a small part of a message does not keep all of it in memory', () => {
    const picture = (bytes: number) =>
      videoFramePacket('av1', { keyframe: true, compositionTime: 0, data: Buffer.alloc(bytes, 1) });
    const body = multitrackBody([
      { track: 0, packet: picture(100_000) },
      { track: 1, packet: picture(20_000) },
    ]);
    const kept = parseVideoTag(body).map((tag) => (tag.type === 'frame' ? tag.data : undefined));
    expect(kept.map((data) => data?.length)).toEqual([100_000, 20_000]);
    expect(kept.map((data) => data?.buffer === body.buffer)).toEqual([true, false]);
  });

  test('no more tracks are read than there are ids', () => {
    const tracks = (count: number): Buffer =>
      multitrackBody(
        Array.from({ length: count }, (_, track) => ({ track: track & 0xff, packet: config('av1', '') })),
      );
    expect(parseVideoTag(tracks(MAX_TRACKS_IN_MESSAGE))).toHaveLength(MAX_TRACKS_IN_MESSAGE);
    expect(codeOf(() => parseVideoTag(tracks(MAX_TRACKS_IN_MESSAGE + 1)))).toBe('FLV_MALFORMED');
  });
});

describe('E8: colour beside the bitstream', () => {
  const pq = { primaries: 9, transfer: 16, matrix: 9 };

  test('is stated and taken back', () => {
    expect(parseVideoTag(enhancedBody(colourPacket('hevc', pq)))).toEqual([
      { type: 'colour', track: 0, codec: 'hevc', colour: pq },
    ]);
    expect(parseVideoTag(enhancedBody(colourPacket('hevc', undefined)))).toEqual([
      { type: 'colour', track: 0, codec: 'hevc', colour: undefined },
    ]);
    const gone = { ...colourPacket('hevc', pq), payload: encodeAmf0('colorInfo', undefined) };
    expect(parseVideoTag(enhancedBody(gone))).toMatchObject([{ type: 'colour', colour: undefined }]);
  });

  test('with values that cannot be meant is unspecified', () => {
    const colorConfig = new Map<string, number | string>([
      ['colorPrimaries', 9.5],
      ['transferCharacteristics', 'pq'],
    ]);
    const odd = encodeAmf0('colorInfo', new Map([['colorConfig', colorConfig]]));
    expect(parseVideoTag(enhancedBody({ ...colourPacket('av1', pq), payload: odd }))).toMatchObject([
      { colour: { primaries: 2, transfer: 2, matrix: 2 } },
    ]);
  });

  test('other metadata says nothing, and a broken one is malformed', () => {
    const body = (payload: Buffer) => enhancedBody({ ...colourPacket('av1', pq), payload });
    const mastering = new Map([['hdrCll', new Map([['maxFall', 400]])]]);
    for (const payload of [encodeAmf0('other', 1), encodeAmf0('colorInfo', mastering), Buffer.alloc(0)])
      expect(parseVideoTag(body(payload))).toEqual([{ type: 'nothing' }]);
    expect(codeOf(() => parseVideoTag(body(bytes('02 00ff 63'))))).toBe('AMF_MALFORMED');
  });
});

describe('bodies written and read', () => {
  const data = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((array) => Buffer.from(array));
  const video = fc.constantFrom(...VIDEO_CODECS);
  const audio = fc.constantFrom(...AUDIO_CODECS);
  const frame = fc.record({
    keyframe: fc.boolean(),
    compositionTime: fc.integer({ min: -0x800000, max: 0x7fffff }),
    data,
  });
  const packet: fc.Arbitrary<EnhancedPacket> = fc.oneof(
    fc.tuple(video, data).map(([codec, record]) => videoConfigPacket(codec, record)),
    fc.tuple(video, frame).map(([codec, picture]) => videoFramePacket(codec, picture)),
    video.map(videoEndPacket),
    fc.tuple(audio, data).map(([codec, record]) => audioConfigPacket(codec, record)),
    fc.tuple(audio, data).map(([codec, sound]) => audioFramePacket(codec, sound)),
    audio.map(audioEndPacket),
  );

  test('E1, E2: packets of every codec', () => {
    fc.assert(
      fc.property(video, frame, (codec, picture) => {
        const reordered = codec === 'avc' || codec === 'hevc';
        const compositionTime = reordered ? picture.compositionTime : 0;
        expect(parseVideoTag(enhancedBody(videoFramePacket(codec, picture)))).toEqual([
          { type: 'frame', track: 0, codec, ...picture, compositionTime },
        ]);
      }),
    );
    fc.assert(
      fc.property(audio, data, (codec, some) => {
        expect(parseAudioTag(enhancedBody(audioConfigPacket(codec, some)))).toEqual([
          { type: 'config', track: 0, codec, record: some },
        ]);
        expect(parseAudioTag(enhancedBody(audioFramePacket(codec, some)))).toEqual([
          { type: 'frame', track: 0, codec, data: some },
        ]);
      }),
    );
  });

  test('E4, E5: a packet says the same in every form', () => {
    fc.assert(
      fc.property(packet, fc.nat(255), fc.nat(999_999), (each, track, nanoseconds) => {
        const plain = parse(each, enhancedBody(each));
        expect(parse(each, enhancedBodyWithOffset(each, nanoseconds))).toEqual(plain);
        const onTrack = plain.map((tag) => ({ ...tag, track }));
        expect(parse(each, trackBody(track, each))).toEqual(onTrack);
        expect(parse(each, multitrackBody([{ track, packet: each }]))).toEqual(onTrack);
      }),
    );
  });

  test('E3: any body is read or refused with a code, whatever was done to it', () => {
    const change = fc.record({ at: fc.nat(60), to: fc.nat(255) });
    fc.assert(
      fc.property(packet, fc.array(change, { maxLength: 4 }), fc.nat(80), (each, changes, length) => {
        const body = multitrackBody([
          { track: 0, packet: each },
          { track: 1, packet: each },
        ]).subarray(0, length);
        for (const { at, to } of changes) if (at > 0 && at < body.length) body[at] = to;
        expect(['nothing thrown', 'FLV_MALFORMED', 'AMF_MALFORMED']).toContain(
          codeOf(() => parse(each, body)),
        );
      }),
      { numRuns: 3000 },
    );
  });
});
