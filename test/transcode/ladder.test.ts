import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VideoTrack } from '../../src/media/track.js';
import { AUTO_LADDER, resolveLadder } from '../../src/transcode/ladder.js';

const source = (
  displayWidth: number,
  displayHeight: number,
  num = 30,
  den = 1,
  codec: VideoTrack['codec'] = 'avc',
): VideoTrack => ({
  kind: 'video',
  codec,
  codecString: 'avc1.64001f',
  decoderConfig: Buffer.alloc(0),
  width: displayWidth,
  height: displayHeight,
  displayWidth,
  displayHeight,
  sampleAspectRatio: { num: 1, den: 1 },
  frameRate: { num, den },
  colour: undefined,
  videoRange: 'SDR',
  timescale: 90_000,
  compositionShift: 0,
});

const shapes = (track: VideoTrack): string[] =>
  resolveLadder('auto', track).map(
    (rung) => `${rung.name} ${rung.width}x${rung.height} ${rung.videoBitrate}`,
  );

describe('the automatic ladder', () => {
  test('has the published rungs strictly below the source', () => {
    expect(shapes(source(3840, 2160))).toEqual([
      '1080p 1920x1080 5000000',
      '720p 1280x720 2800000',
      '480p 854x480 1200000',
      '360p 640x360 700000',
    ]);
    expect(shapes(source(1920, 1080))).toEqual([
      '720p 1280x720 2800000',
      '480p 854x480 1200000',
      '360p 640x360 700000',
    ]);
    expect(shapes(source(1280, 720))).toEqual(['480p 854x480 1200000', '360p 640x360 700000']);
    expect(shapes(source(854, 480))).toEqual(['360p 640x360 700000']);
  });

  test('has nothing for a source of 360 lines or fewer', () => {
    expect(shapes(source(640, 360))).toEqual([]);
    expect(shapes(source(320, 180))).toEqual([]);
  });

  test('gives half as much again above 30 frames a second', () => {
    expect(shapes(source(1280, 720, 60))).toEqual(['480p 854x480 1800000', '360p 640x360 1050000']);
    expect(shapes(source(1280, 720, 50))).toEqual(['480p 854x480 1800000', '360p 640x360 1050000']);
    expect(shapes(source(1280, 720, 30_000, 1001))).toEqual(['480p 854x480 1200000', '360p 640x360 700000']);
  });

  test('counts along the short side of a portrait picture', () => {
    expect(shapes(source(1080, 1920))).toEqual([
      '720p 720x1280 2800000',
      '480p 480x854 1200000',
      '360p 360x640 700000',
    ]);
  });

  test('has one of the size of the source where not every player decodes the source', () => {
    for (const codec of ['hevc', 'av1', 'vp9'] as const) {
      expect(shapes(source(1920, 1080, 30, 1, codec))).toEqual([
        '1080p 1920x1080 5000000',
        '720p 1280x720 2800000',
        '480p 854x480 1200000',
        '360p 640x360 700000',
      ]);
      expect(shapes(source(1600, 900, 60, 1, codec))[0]).toBe('900p 1600x900 5700000');
      expect(shapes(source(320, 180, 30, 1, codec))).toEqual(['180p 320x180 200000']);
      expect(shapes(source(3840, 2160, 30, 1, codec))[0]).toBe('1080p 1920x1080 5000000');
    }
  });

  test('takes the width from the display aspect ratio', () => {
    expect(shapes(source(1024, 576))).toEqual(['480p 854x480 1200000', '360p 640x360 700000']);
    expect(shapes(source(960, 720))).toEqual(['480p 640x480 1200000', '360p 480x360 700000']);
    expect(shapes(source(1720, 720))).toEqual(['480p 1146x480 1200000', '360p 860x360 700000']);
  });

  test('of any source is even, no larger than it, and of its shape', () => {
    const side = fc.integer({ min: 2, max: 8192 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        for (const rung of resolveLadder('auto', source(width, height))) {
          expect([rung.width % 2, rung.height % 2]).toEqual([0, 0]);
          expect(rung.width).toBeLessThanOrEqual(width);
          expect(rung.height).toBeLessThanOrEqual(height);
          const scale = Math.min(rung.width, rung.height) / Math.min(width, height);
          expect(Math.abs(Math.max(rung.width, rung.height) - Math.max(width, height) * scale)).toBeLessThan(
            2,
          );
        }
      }),
    );
  });

  test('goes from large to small', () => {
    const heights = AUTO_LADDER.map((rung) => rung.height);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });
});

describe('a configured ladder', () => {
  const configured = [
    { name: 'high', height: 720, videoBitrate: 3_000_000 },
    { name: 'low', height: 240, videoBitrate: 300_000 },
  ];

  test('comes as written, also at the size of the source and above 30 frames a second', () => {
    expect(resolveLadder(configured, source(1280, 720, 60))).toEqual([
      { name: 'high', width: 1280, height: 720, videoBitrate: 3_000_000 },
      { name: 'low', width: 426, height: 240, videoBitrate: 300_000 },
    ]);
  });

  test('leaves out what is larger than the source', () => {
    expect(resolveLadder(configured, source(854, 480)).map((rung) => rung.name)).toEqual(['low']);
  });

  test('of odd heights is made even', () => {
    const [rung] = resolveLadder([{ name: 'odd', height: 241, videoBitrate: 300_000 }], source(1280, 720));
    expect(rung).toMatchObject({ width: 428, height: 242 });
  });

  test('that is off, or empty, has no rungs', () => {
    expect(resolveLadder('off', source(1920, 1080))).toEqual([]);
    expect(resolveLadder([], source(1920, 1080))).toEqual([]);
  });
});
