import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLOCK_CELLS,
  clockHeight,
  encodeClock,
  paintClock,
  readClock,
} from '../../src/publish/machine-clock.js';
import { createPicture } from '../../src/publish/plane.js';
import { TestPicture } from '../../src/publish/test-picture.js';
import { ffmpeg, scratch } from './ffmpeg.js';

const times = fc.integer({ min: 0, max: 2 ** 44 - 1 });
const sizes = fc.constantFrom([1280, 720], [1920, 1080], [854, 480], [640, 360], [426, 240], [320, 180]);

let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  files = await scratch();
});
afterAll(() => files.remove());

describe('the clock for machines', () => {
  it('reads back as it was painted, at any size and stride', () => {
    fc.assert(
      fc.property(times, sizes, fc.integer({ min: 0, max: 64 }), (ms, [width, height], padding) => {
        const stride = width + padding;
        const luma = new Uint8Array(stride * height).fill(90);
        paintClock(luma, stride, width, height, encodeClock(ms));
        expect(readClock(luma, width, height, stride)).toBe(ms);
      }),
    );
  });

  it('reads back in full range, with noise and with less contrast', () => {
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 80, max: 255 }),
        fc.integer({ min: 0, max: 0xffff }),
        (ms, contrast, seed) => {
          const luma = new Uint8Array(640 * 360);
          paintClock(luma, 640, 640, 360, encodeClock(ms));
          let state = seed;
          for (let i = 0; i < 640 * clockHeight(360); i++) {
            state = (state * 48_271 + 11) % 2_147_483_647;
            luma[i] = Math.min(255, Math.max(0, ((luma[i]! - 16) * contrast) / 219 + (state % 17) - 8));
          }
          expect(readClock(luma, 640, 360)).toBe(ms);
        },
      ),
    );
  });

  it('notices every single wrong cell', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: CLOCK_CELLS - 1 }), (ms, wrong) => {
        const cells = encodeClock(ms);
        cells[wrong] = 1 - cells[wrong]!;
        const luma = new Uint8Array(640 * 360);
        paintClock(luma, 640, 640, 360, cells);
        expect(readClock(luma, 640, 360)).toBeUndefined();
      }),
    );
  });

  it('is not found in pictures that have none', () => {
    for (const level of [0, 16, 128, 255]) {
      expect(readClock(new Uint8Array(640 * 360).fill(level), 640, 360)).toBeUndefined();
    }
    const noise = Uint8Array.from({ length: 640 * 360 }, (_, i) => (i * 2_654_435_761) >>> 24);
    expect(readClock(noise, 640, 360)).toBeUndefined();
    expect(readClock(new Uint8Array(0), 640, 360)).toBeUndefined();
  });

  it('has no cells for a time that is no whole number of 44 bits', () => {
    for (const ms of [-1, 0.5, 2 ** 44, Number.NaN]) expect(() => encodeClock(ms)).toThrow(RangeError);
  });

  it('survives x264 at 300 kb/s and scaling from 720 to 360 lines, in every frame', async () => {
    const picture = createPicture(1280, 720);
    const source = new TestPicture(picture, { frameRate: 30, utcOffset: 0 });
    const start = Date.UTC(2026, 6, 1, 23, 59, 59, 700);
    const shown: number[] = [];
    const frames: Buffer[] = [];
    for (let i = 0; i < 30; i++) {
      shown.push(start + Math.round((i * 1000) / 30));
      source.draw(shown[i]!, i);
      frames.push(...picture.planes.map(({ data }) => Buffer.from(data)));
    }
    const raw = files.path('frames.yuv');
    const clip = files.path('clip.mp4');
    await writeFile(raw, Buffer.concat(frames));
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '1280x720', '-r', '30', '-i', raw];
    const rate = ['-b:v', '300k', '-maxrate', '300k', '-bufsize', '300k'];
    const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', ...rate];
    await ffmpeg(...input, '-vf', 'scale=640:360:flags=bilinear', ...encoder, clip);

    const luma = await ffmpeg('-i', clip, '-f', 'rawvideo', '-pix_fmt', 'gray', '-');
    const size = 640 * 360;
    const read = shown.map((_, i) => readClock(luma.subarray(i * size, (i + 1) * size), 640, 360));
    expect(read).toEqual(shown);
  });
});
