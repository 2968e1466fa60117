import { describe, expect, test } from 'vitest';

import { EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { splitAggregate } from '../../src/rtmp/messages/aggregate.js';
import { commandMessage, parseCommand } from '../../src/rtmp/messages/command.js';
import { parseControlNumber, parsePeerBandwidth } from '../../src/rtmp/messages/control.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import type { RtmpMessage } from '../../src/rtmp/messages/message.js';
import { metadataMessage } from '../../src/rtmp/messages/data.js';
import { parseMetadata } from '../../src/rtmp/messages/metadata.js';
import { readNamedData } from '../../src/rtmp/messages/named-data.js';
import { parseStatus, statusObject } from '../../src/rtmp/messages/status.js';
import { parseUserControl, pingResponseMessage } from '../../src/rtmp/messages/user-control.js';
import { codeOf } from './support.js';

const withPayload = (typeId: number, payload: Buffer, timestamp = 0): RtmpMessage => ({
  chunkStreamId: 3,
  typeId,
  streamId: 1,
  timestamp,
  payload,
});

const metadataOf = (message: RtmpMessage) => {
  const data = readNamedData(message);
  return data && parseMetadata(data);
};

describe('control messages', () => {
  test('A3: a payload of another size than the type has is a fault', () => {
    for (const size of [0, 3, 5])
      expect(codeOf(() => parseControlNumber(Buffer.alloc(size)))).toBe('RTMP_BAD_CHUNK');
    for (const size of [0, 4, 6])
      expect(codeOf(() => parsePeerBandwidth(Buffer.alloc(size)))).toBe('RTMP_BAD_CHUNK');
    for (const size of [0, 1])
      expect(codeOf(() => parseUserControl(Buffer.alloc(size)))).toBe('RTMP_BAD_CHUNK');
    expect(codeOf(() => parseUserControl(Buffer.of(0, 6, 1, 2)))).toBe('RTMP_BAD_CHUNK');
  });

  test('W4: a ping is answered with its own four bytes', () => {
    const answer = pingResponseMessage(parseUserControl(Buffer.of(0, 6, 0xde, 0xad, 0xbe, 0xef)));
    expect(answer).toMatchObject({ chunkStreamId: 2, typeId: MessageType.UserControl, streamId: 0 });
    expect(answer.payload).toEqual(Buffer.of(0, 7, 0xde, 0xad, 0xbe, 0xef));
  });

  test('W7: buffer lengths, buffer events and SWF verification are read and mean nothing', () => {
    for (const event of [3, 26, 31, 32, 999]) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(event);
      expect(parseUserControl(payload)).toEqual({ event, data: Buffer.alloc(0) });
    }
  });
});

describe('commands', () => {
  const publish = encodeAmf0('publish', 5, null, 'key', 'live');
  const parsed = { name: 'publish', transactionId: 5, object: null, args: ['key', 'live'], streamId: 1 };

  test('are read from AMF0 messages', () => {
    expect(parseCommand(withPayload(MessageType.CommandAmf0, publish))).toEqual(parsed);
  });

  test('Q6: are read from AMF3 messages with and without the leading 0', () => {
    const wrapped = Buffer.concat([Buffer.of(0), publish]);
    expect(parseCommand(withPayload(MessageType.CommandAmf3, wrapped))).toEqual(parsed);
    expect(parseCommand(withPayload(MessageType.CommandAmf3, publish))).toEqual(parsed);
  });

  test.each([
    ['no name', encodeAmf0(5, 5)],
    ['a transaction id that is no number', encodeAmf0('publish', 'x')],
    ['nothing at all', Buffer.alloc(0)],
  ])('with %s are refused', (_, payload) => {
    expect(codeOf(() => parseCommand(withPayload(MessageType.CommandAmf0, payload)))).toBe(
      'RTMP_BAD_COMMAND',
    );
  });

  test('that end with their name count as transaction 0: so ffmpeg sends onFCPublish', () => {
    const command = parseCommand(withPayload(MessageType.CommandAmf0, encodeAmf0('onFCPublish')));
    expect([command.name, command.transactionId, command.args]).toEqual(['onFCPublish', 0, []]);
  });

  test('round trip', () => {
    const message = commandMessage('connect', 1, new Map([['app', 'live']]), ['x'], 7);
    const object = new Map([['app', 'live']]);
    expect(parseCommand(message)).toEqual({
      name: 'connect',
      transactionId: 1,
      object,
      args: ['x'],
      streamId: 7,
    });
  });

  test('status objects round trip, and what is missing reads as empty', () => {
    const status = { level: 'error', code: 'NetStream.Publish.Denied', description: 'no' } as const;
    expect(parseStatus(statusObject(status))).toEqual(status);
    expect(parseStatus(null)).toEqual({ level: 'status', code: '', description: '' });
  });
});

describe('metadata', () => {
  const properties: [string, Amf0Value][] = [
    ['width', 1280],
    ['height', 720],
    ['framerate', 29.97],
    ['videodatarate', 2500],
    ['audiodatarate', 160],
    ['audiosamplerate', 48000],
    ['stereo', true],
    ['videocodecid', 7],
    ['audiocodecid', 'mp4a'],
    ['encoder', 'obs-output module (libobs version 29.0.2)'],
  ];
  const expected = {
    width: 1280,
    height: 720,
    frameRate: 29.97,
    videoBitrate: 2_500_000,
    audioBitrate: 160_000,
    audioSampleRate: 48000,
    audioChannels: 2,
    videoCodec: 7,
    audioCodec: 'mp4a',
    encoder: 'obs-output module (libobs version 29.0.2)',
  };
  const parse = (...values: Amf0Value[]) =>
    metadataOf(withPayload(MessageType.DataAmf0, encodeAmf0(...values)));

  test('D1: is read with and without @setDataFrame, from ECMA arrays and objects', () => {
    expect(parse('@setDataFrame', 'onMetaData', new EcmaArray(properties))).toEqual(expected);
    expect(parse('onMetaData', new EcmaArray(properties))).toEqual(expected);
    expect(parse('onMetaData', new Map(properties))).toEqual(expected);
  });

  test('Q6: is read from AMF3 messages', () => {
    const payload = Buffer.concat([Buffer.of(0), encodeAmf0('onMetaData', new EcmaArray(properties))]);
    expect(metadataOf(withPayload(MessageType.DataAmf3, payload))).toEqual(expected);
  });

  test('D1: an end marker that is missing is forgiven', () => {
    const payload = encodeAmf0('onMetaData', new EcmaArray(properties)).subarray(0, -3);
    expect(metadataOf(withPayload(MessageType.DataAmf0, payload))).toEqual(expected);
  });

  test('D2: values that cannot be meant are absent', () => {
    const lies: [string, Amf0Value][] = [
      ['width', 0],
      ['height', -720],
      ['framerate', NaN],
      ['videodatarate', 0],
      ['audiodatarate', Infinity],
      ['audiosamplerate', 'fast'],
      ['stereo', 'yes'],
      ['encoder', 7],
      ['videocodecid', 1e300],
    ];
    expect(parse('onMetaData', new EcmaArray(lies))).toEqual({});
  });

  test('D2: numbers in strings count', () => {
    expect(parse('onMetaData', new EcmaArray([['framerate', '25']]))).toEqual({ frameRate: 25 });
  });

  test('E7: a FourCC written as a number is read', () => {
    expect(parse('onMetaData', new EcmaArray([['videocodecid', 1635135537]]))).toEqual({
      videoCodec: 'av01',
    });
  });

  test('E7: tracks beside the default one are read, each with what is claimed of it', () => {
    const video: [string, Amf0Value][] = [
      [
        '1',
        new Map<string, Amf0Value>([
          ['width', 1024],
          ['height', 768],
          ['videodatarate', 2000],
          ['videocodecid', 1635135537],
        ]),
      ],
      ['2', new EcmaArray([['width', 3840]])],
    ];
    const audio: [string, Amf0Value][] = [
      [
        '1',
        new Map<string, Amf0Value>([
          ['channels', 6],
          ['samplerate', 44100],
          ['audiodatarate', 96],
        ]),
      ],
    ];
    const metadata = parse(
      'onMetaData',
      new EcmaArray([
        ['width', 640],
        ['videoTrackIdInfoMap', new Map(video)],
        ['audioTrackIdInfoMap', new Map(audio)],
      ]),
    );
    expect(metadata).toEqual({
      width: 640,
      videoTracks: new Map([
        [1, { width: 1024, height: 768, videoBitrate: 2_000_000, videoCodec: 'av01' }],
        [2, { width: 3840 }],
      ]),
      audioTracks: new Map([[1, { audioChannels: 6, audioSampleRate: 44100, audioBitrate: 96_000 }]]),
    });
  });

  test('E7: track maps are bounded, and what names no track is passed over', () => {
    const many = new Map(
      Array.from({ length: 300 }, (_, i) => [String(i), new Map([['width', 1]])] as const),
    );
    expect(parse('onMetaData', new Map([['videoTrackIdInfoMap', many]]))?.videoTracks?.size).toBe(16);
    const odd = new Map<string, Amf0Value>([
      ['256', new Map()],
      ['-1', new Map()],
      ['x', new Map()],
      ['3', 7],
    ]);
    expect(parse('onMetaData', new Map([['videoTrackIdInfoMap', odd]]))).toEqual({});
    expect(parse('onMetaData', new Map([['audioTrackIdInfoMap', 'none']]))).toEqual({});
  });

  test('other data messages are nothing', () => {
    expect(parse('onTextData', new Map([['text', 'hi']]))).toBeUndefined();
    expect(parse('onMetaData', 5)).toBeUndefined();
    expect(parse()).toBeUndefined();
  });

  test('is written as encoders write it', () => {
    const message = metadataMessage(1, { width: 640, framerate: 30, encoder: 'test' });
    expect(message).toMatchObject({ typeId: MessageType.DataAmf0, streamId: 1 });
    expect(metadataOf(message)).toEqual({ width: 640, frameRate: 30, encoder: 'test' });
  });
});

describe('aggregates', () => {
  const sub = (typeId: number, timestamp: number, body: string): Buffer => {
    const header = Buffer.alloc(11);
    header[0] = typeId;
    header.writeUIntBE(body.length, 1, 3);
    header.writeUIntBE(timestamp & 0xffffff, 4, 3);
    header[7] = timestamp >>> 24;
    const back = Buffer.alloc(4);
    back.writeUInt32BE(11 + body.length);
    return Buffer.concat([header, Buffer.from(body), back]);
  };

  test('D8: are split; the aggregate says stream and time, the parts their distances', () => {
    const payload = Buffer.concat([sub(8, 0x1000010, 'audio'), sub(9, 0x1000025, 'video')]);
    const inner = [...splitAggregate(withPayload(MessageType.Aggregate, payload, 5000))];
    expect(inner).toMatchObject([
      { typeId: 8, streamId: 1, timestamp: 5000, payload: Buffer.from('audio') },
      { typeId: 9, streamId: 1, timestamp: 5021, payload: Buffer.from('video') },
    ]);
  });

  test('D8: come apart in payloads of their own, none of which keeps the aggregate', () => {
    const payload = Buffer.concat([sub(8, 0, 'audio'), Buffer.alloc(0)]);
    const [inner] = [...splitAggregate(withPayload(MessageType.Aggregate, payload))];
    payload.fill(0);
    expect(inner?.payload).toEqual(Buffer.from('audio'));
  });

  test('D8: the last back pointer may be missing', () => {
    const payload = sub(8, 0, 'audio').subarray(0, -4);
    expect([...splitAggregate(withPayload(MessageType.Aggregate, payload))]).toHaveLength(1);
  });

  test('a part that is cut off, and too many parts, are refused', () => {
    const cutOff = sub(8, 0, 'audio').subarray(0, -6);
    expect(codeOf(() => [...splitAggregate(withPayload(22, cutOff))])).toBe('RTMP_BAD_COMMAND');
    expect(codeOf(() => [...splitAggregate(withPayload(22, Buffer.alloc(5)))])).toBe('RTMP_BAD_COMMAND');
    const many = Buffer.concat(Array.from({ length: 5000 }, () => sub(8, 0, '')));
    expect(codeOf(() => [...splitAggregate(withPayload(22, many))])).toBe('RTMP_LIMIT');
  });
});
