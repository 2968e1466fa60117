import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readFlv } from '../../src/rtmp/flv-file.js';
import { parseAudioTag, parseVideoTag } from '../../src/rtmp/flv-tag.js';
import {
  aacRaw,
  aacSequenceHeader,
  avcEndOfSequence,
  avcNalus,
  avcSequenceHeader,
} from '../../src/rtmp/flv-writer.js';
import { codeOf } from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('video bodies', () => {
  test('D3: AVC sequence header, pictures with signed composition time, end of sequence', () => {
    expect(parseVideoTag(bytes('17 00 000000 0142c01e'))).toEqual([
      { type: 'config', track: 0, codec: 'avc', record: bytes('0142c01e') },
    ]);
    expect(parseVideoTag(bytes('17 01 000043 0000000165'))).toEqual([
      {
        type: 'frame',
        track: 0,
        codec: 'avc',
        keyframe: true,
        compositionTime: 67,
        data: bytes('0000000165'),
      },
    ]);
    expect(parseVideoTag(bytes('27 01 ffffdf 0000000141'))).toMatchObject([
      { keyframe: false, compositionTime: -33 },
    ]);
    expect(parseVideoTag(bytes('17 02 000000'))).toEqual([{ type: 'end', track: 0, codec: 'avc' }]);
  });

  test('K14: bodies of 0 or 1 byte, and pictures without data, are nothing', () => {
    for (const body of ['', '17', '17 01 000000'])
      expect(parseVideoTag(bytes(body))).toEqual([{ type: 'nothing' }]);
  });

  test('D9: info and command frames are nothing, other codecs are named', () => {
    expect(parseVideoTag(bytes('57 00'))).toEqual([{ type: 'nothing' }]);
    expect(parseVideoTag(bytes('12 00 00'))).toEqual([{ type: 'unsupported', codec: 'h263' }]);
    expect(parseVideoTag(bytes('14 00 00'))).toEqual([{ type: 'unsupported', codec: 'vp6' }]);
    expect(parseVideoTag(bytes('1f 00 00'))).toEqual([{ type: 'unsupported', codec: 'video codec 15' }]);
  });

  test('D10: HEVC and AV1 by their unofficial codec ids are laid out as AVC', () => {
    expect(parseVideoTag(bytes('1c 00 000000 01'))).toEqual([
      { type: 'config', track: 0, codec: 'hevc', record: bytes('01') },
    ]);
    expect(parseVideoTag(bytes('2c 01 ffffff 00000001 02'))).toMatchObject([
      { codec: 'hevc', keyframe: false, compositionTime: -1 },
    ]);
    expect(parseVideoTag(bytes('1d 00 000000 81000c00'))).toEqual([
      { type: 'config', track: 0, codec: 'av1', record: bytes('81000c00') },
    ]);
  });

  test.each(['17 01 00', '17 00 0000', '17 05 000000', '90 687663'])('a body of %s is malformed', (body) => {
    expect(codeOf(() => parseVideoTag(bytes(body)))).toBe('FLV_MALFORMED');
  });
});

describe('audio bodies', () => {
  test('D5: AAC configuration and frames, whatever the tag says of rate and channels', () => {
    for (const first of ['af', 'a0', 'ae']) {
      expect(parseAudioTag(bytes(`${first} 00 1190`))).toEqual([
        { type: 'config', track: 0, codec: 'aac', record: bytes('1190') },
      ]);
      expect(parseAudioTag(bytes(`${first} 01 2100`))).toEqual([
        { type: 'frame', track: 0, codec: 'aac', data: bytes('2100') },
      ]);
    }
  });

  test('D9: MP3 under either of its sound formats', () => {
    for (const first of ['2f', 'ee'])
      expect(parseAudioTag(bytes(`${first} fffb9064`))).toEqual([
        { type: 'frame', track: 0, codec: 'mp3', data: bytes('fffb9064') },
      ]);
  });

  test('K14: bodies of 0 or 1 byte, and frames without data, are nothing', () => {
    for (const body of ['', 'af', 'af 01']) expect(parseAudioTag(bytes(body))).toEqual([{ type: 'nothing' }]);
  });

  test('D9: other sound formats are named', () => {
    expect(parseAudioTag(bytes('6f ff'))).toEqual([{ type: 'unsupported', codec: 'nellymoser' }]);
    expect(parseAudioTag(bytes('b2 00'))).toEqual([{ type: 'unsupported', codec: 'speex' }]);
    expect(parseAudioTag(bytes('7e 00'))).toEqual([{ type: 'unsupported', codec: 'g711 a-law' }]);
  });

  test('an unknown AAC packet type is malformed', () => {
    expect(codeOf(() => parseAudioTag(bytes('af 02 00')))).toBe('FLV_MALFORMED');
  });
});

describe('bodies written and read', () => {
  const data = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((array) => Buffer.from(array));

  test('D3: pictures', () => {
    const frame = fc.record({
      keyframe: fc.boolean(),
      compositionTime: fc.integer({ min: -0x800000, max: 0x7fffff }),
      data,
    });
    fc.assert(
      fc.property(frame, (picture) => {
        expect(parseVideoTag(avcNalus(picture))).toEqual([
          { type: 'frame', track: 0, codec: 'avc', ...picture },
        ]);
      }),
    );
  });

  test('D3, D5: configurations, sound and the end', () => {
    fc.assert(
      fc.property(data, (some) => {
        expect(parseVideoTag(avcSequenceHeader(some))).toEqual([
          { type: 'config', track: 0, codec: 'avc', record: some },
        ]);
        expect(parseAudioTag(aacSequenceHeader(some))).toEqual([
          { type: 'config', track: 0, codec: 'aac', record: some },
        ]);
        expect(parseAudioTag(aacRaw(some))).toEqual([{ type: 'frame', track: 0, codec: 'aac', data: some }]);
      }),
    );
    expect(avcEndOfSequence()).toEqual(bytes('17 02 000000'));
  });

  test('any body is read or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (array) => {
        for (const parse of [parseVideoTag, parseAudioTag]) {
          expect(['nothing thrown', 'FLV_MALFORMED', 'AMF_MALFORMED']).toContain(
            codeOf(() => parse(Buffer.from(array))),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('FLV files', () => {
  const header = bytes('464c56 01 05 00000009 00000000');
  const tag = (type: number, timestamp: number, body: string): Buffer => {
    const fields = Buffer.alloc(11);
    fields[0] = type;
    fields.writeUIntBE(body.length, 1, 3);
    fields.writeUIntBE(timestamp & 0xffffff, 4, 3);
    fields[7] = timestamp >>> 24;
    const back = Buffer.alloc(4);
    back.writeUInt32BE(11 + body.length);
    return Buffer.concat([fields, Buffer.from(body), back]);
  };

  test('are walked tag by tag, with the extended timestamp byte', () => {
    const file = Buffer.concat([
      header,
      tag(18, 0, 'script'),
      tag(9, 0xfedcba98, 'video'),
      tag(99, 0, '?'),
      tag(8, 5, 'a'),
    ]);
    expect([...readFlv(file)]).toEqual([
      { type: 'script', timestamp: 0, body: Buffer.from('script') },
      { type: 'video', timestamp: 0xfedcba98, body: Buffer.from('video') },
      { type: 'audio', timestamp: 5, body: Buffer.from('a') },
    ]);
  });

  test('that were cut off end with the last whole tag', () => {
    const file = Buffer.concat([header, tag(9, 0, 'video'), tag(8, 0, 'audio')]);
    expect([...readFlv(file.subarray(0, -5))]).toHaveLength(1);
    expect([...readFlv(header)]).toEqual([]);
  });

  test('without the signature are refused', () => {
    expect(codeOf(() => [...readFlv(Buffer.from('not an FLV file'))])).toBe('FLV_MALFORMED');
    expect(codeOf(() => [...readFlv(Buffer.from('FLV'))])).toBe('FLV_MALFORMED');
  });
});
