import { describe, expect, it } from 'vitest';
import { parseAv1Config } from '../../src/media/av1-config.js';
import { videoNormaliser } from '../../src/media/normalise-video.js';
import { codeOf } from '../rtmp/support.js';
import { AV1, VP9 } from './codec-fixtures.js';

describe('AV1', () => {
  const delimiter = Buffer.of(0x12, 0x00);

  it('goes through untouched, without its temporal delimiters', () => {
    const normaliser = videoNormaliser('av1');
    expect(normaliser.config(AV1.main)).toEqual({ record: AV1.main });
    expect(normaliser.config(Buffer.from(AV1.main))).toBeUndefined();
    expect(normaliser.unit(AV1.keyframe).data).toBe(AV1.keyframe);
    const sent = Buffer.concat([delimiter, AV1.interFrame]);
    expect(normaliser.unit(sent)).toEqual({ config: undefined, data: AV1.interFrame });
  });

  it('gets its configuration from a keyframe where the record has no sequence header, or there is no record', () => {
    for (const record of [AV1.main.subarray(0, 4), undefined]) {
      const normaliser = videoNormaliser('av1');
      if (record) expect(normaliser.config(record)).toBeUndefined();
      expect(normaliser.unit(AV1.interFrame).config).toBeUndefined();
      expect(normaliser.unit(AV1.keyframe).config).toEqual({ record: AV1.main });
      expect(normaliser.unit(AV1.keyframe).config).toBeUndefined();
    }
  });

  it('D4: gets a new one where a keyframe goes beyond the record, once', () => {
    const normaliser = videoNormaliser('av1');
    normaliser.config(AV1.pq);
    const { config } = normaliser.unit(AV1.keyframe);
    expect(config && parseAv1Config(config.record).width).toBe(1280);
    expect(normaliser.config(AV1.pq)).toBeUndefined();
    expect(normaliser.unit(AV1.keyframe).config).toBeUndefined();
  });

  it('keeps what it has when a record or a sequence header is malformed', () => {
    const normaliser = videoNormaliser('av1');
    normaliser.config(AV1.main);
    expect(codeOf(() => normaliser.config(Buffer.alloc(3)))).toBe('MEDIA_BAD_CONFIG');
    const broken = Buffer.of(0x0a, 0x01, 0xff, 0x32, 0x01, 0x10);
    expect(normaliser.unit(broken)).toEqual({ config: undefined, data: broken });
    expect(normaliser.unit(AV1.keyframe).config).toBeUndefined();
  });
});

describe('VP9', () => {
  it('gets its size from the first keyframe, and a new one from a keyframe of another size', () => {
    const normaliser = videoNormaliser('vp9');
    expect(normaliser.config(VP9.main)).toBeUndefined();
    expect(normaliser.unit(VP9.interFrame)).toEqual({ config: undefined, data: VP9.interFrame });
    const large = { record: VP9.main, size: { width: 1280, height: 720 } };
    expect(normaliser.unit(VP9.keyframe)).toEqual({ config: large, data: VP9.keyframe });
    expect(normaliser.config(VP9.main)).toBeUndefined();
    expect(normaliser.unit(VP9.keyframe).config).toBeUndefined();
    const small = { record: VP9.main, size: { width: 322, height: 182 } };
    expect(normaliser.unit(VP9.keyframe444).config).toEqual(small);
    expect(normaliser.config(VP9.pq)).toBeUndefined();
    expect(normaliser.unit(VP9.keyframe444).config).toEqual({ ...small, record: VP9.pq });
  });

  it('has no configuration without a record', () => {
    expect(videoNormaliser('vp9').unit(VP9.keyframe)).toEqual({ config: undefined, data: VP9.keyframe });
  });
});
