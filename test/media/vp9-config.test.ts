import { describe, expect, it } from 'vitest';
import { parseVp9Config } from '../../src/media/vp9-config.js';
import { parseVp9Frame } from '../../src/media/vp9-frame.js';
import { codeOf } from '../rtmp/support.js';
import { VP9 } from './codec-fixtures.js';

describe('parseVp9Config', () => {
  const size = { width: 1280, height: 720 };

  it.each([
    [VP9.main, { codecString: 'vp09.00.31.08', colour: undefined }],
    [
      VP9.pq,
      {
        codecString: 'vp09.02.11.10.01.09.16.09.00',
        colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
      },
    ],
    [VP9.yuv444, { codecString: 'vp09.01.11.08.03.01.01.01.00' }],
  ])('reads what ffmpeg writes for libvpx (%#)', (record, expected) => {
    expect(parseVp9Config(record, size)).toEqual({
      decoderConfig: record,
      colour: undefined,
      ...size,
      ...expected,
    });
  });

  it('reads a record that is sent with the version and flags of its box', () => {
    const sent = Buffer.concat([Buffer.of(1, 0, 0, 0), VP9.main]);
    expect(parseVp9Config(sent, size)).toEqual(parseVp9Config(VP9.main, size));
  });

  it.each([
    [320, 180, '11'],
    [1920, 1080, '40'],
    [3840, 2160, '50'],
    [16_000, 16_000, '62'],
  ])(
    'names the level that a picture of %i x %i needs where the record leaves it out',
    (width, height, level) => {
      const record = Buffer.from(VP9.main);
      record[1] = 0;
      expect(parseVp9Config(record, { width, height }).codecString).toBe(`vp09.00.${level}.08`);
    },
  );

  it('refuses what is cut off, cannot be, or has no size yet', () => {
    expect(codeOf(() => parseVp9Config(VP9.main.subarray(0, 7), size))).toBe('MEDIA_BAD_CONFIG');
    expect(codeOf(() => parseVp9Config(Buffer.alloc(8), size))).toBe('MEDIA_BAD_CONFIG');
    expect(codeOf(() => parseVp9Config(VP9.main, undefined))).toBe('MEDIA_BAD_CONFIG');
    expect(codeOf(() => parseVp9Config(VP9.main, { width: 0, height: 1 }))).toBe('MEDIA_BAD_CONFIG');
  });
});

describe('parseVp9Frame', () => {
  it.each([
    [VP9.keyframe, { width: 1280, height: 720 }],
    [VP9.keyframe10, { width: 322, height: 182 }],
    [VP9.keyframe444, { width: 322, height: 182 }],
  ])('reads the size from a keyframe (%#)', (frame, size) => {
    expect(parseVp9Frame(frame)).toEqual({ keyframe: true, size });
  });

  it('tells other frames', () => {
    expect(parseVp9Frame(VP9.interFrame)).toEqual({ keyframe: false, size: undefined });
    const shownAgain = Buffer.of(0x88);
    expect(parseVp9Frame(shownAgain)).toEqual({ keyframe: false, size: undefined });
  });

  it.each(['', '00', '82', '8249834200', '82498343004ff02cf606'])('refuses %s', (hex) => {
    expect(parseVp9Frame(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
