import { describe, expect, it } from 'vitest';
import { readClock } from '../../src/publish/machine-clock.js';
import { copyPicture, createPicture, rgb, type Picture } from '../../src/publish/plane.js';
import { layOut } from '../../src/publish/scenery.js';
import { TestPicture, readableTime } from '../../src/publish/test-picture.js';

const NOON = Date.UTC(2026, 6, 1, 12, 0, 0);

function draw(width: number, height: number, wallClock: number, frame: number): Picture {
  const picture = createPicture(width, height);
  new TestPicture(picture, { frameRate: 30, utcOffset: 0 }).draw(wallClock, frame);
  return picture;
}

const bytesOf = ({ planes }: Picture): Buffer => Buffer.concat(planes.map(({ data }) => data));

describe('the test picture', () => {
  it.each([
    [320, 180],
    [640, 360],
    [720, 720],
    [854, 480],
    [1920, 1080],
  ])('shows its clock at %i x %i', (width, height) => {
    expect(readClock(draw(width, height, NOON + 123, 7).planes[0].data, width, height)).toBe(NOON + 123);
  });

  it('depends on the time and the frame number alone, not on what was drawn before', () => {
    const fresh = draw(640, 360, NOON + 1500, 99);
    const used = createPicture(640, 360);
    const source = new TestPicture(used, { frameRate: 30, utcOffset: 0 });
    for (const [ms, frame] of [
      [0, 1],
      [50, 12_345_678],
      [999, 3],
      [86_399_999, 0],
      [1500, 99],
    ] as const) {
      source.draw(NOON + ms, frame);
    }
    expect(bytesOf(used).equals(bytesOf(fresh))).toBe(true);
  });

  it('keeps to the picture where rows are longer than it is wide', () => {
    const stride = 700;
    const padded = (step: number) => ({
      data: new Uint8Array(stride * (360 / step)).fill(7),
      stride,
      width: 640 / step,
      height: 360 / step,
    });
    const picture: Picture = { width: 640, height: 360, planes: [padded(1), padded(2), padded(2)] };
    const source = new TestPicture(picture, { frameRate: 30, utcOffset: 0 });
    source.draw(NOON, 0);
    source.draw(NOON + 500, 15);
    const tight = createPicture(640, 360);
    copyPicture(picture, tight);
    expect(bytesOf(tight).equals(bytesOf(draw(640, 360, NOON + 500, 15)))).toBe(true);
    for (const { data, width, height } of picture.planes) {
      for (let y = 0; y < height; y++) {
        expect(data.subarray(y * stride + width, (y + 1) * stride).every((byte) => byte === 7)).toBe(true);
      }
    }
  });

  it('lights its lamp for the first 100 ms of each second', () => {
    const { x, y } = layOut(640, 360).lamp;
    const lamp = (ms: number): number => draw(640, 360, NOON + ms, 0).planes[0].data[y * 640 + x]!;
    expect([0, 99, 3050].map(lamp).every((level) => level > 200)).toBe(true);
    expect([100, 500, 999, 2400].map(lamp).every((level) => level < 100)).toBe(true);
  });

  it('moves its wheel, its water and its counter from frame to frame', () => {
    const { wheel, waterTop, counter } = layOut(640, 360);
    const [before, after] = [draw(640, 360, NOON + 200, 6), draw(640, 360, NOON + 233, 7)];
    const changed = (left: number, top: number, width: number, height: number): number => {
      let count = 0;
      for (let y = Math.floor(top); y < top + height; y++) {
        for (let x = Math.floor(left); x < left + width; x++) {
          if (before.planes[0].data[y * 640 + x] !== after.planes[0].data[y * 640 + x]) count++;
        }
      }
      return count;
    };
    expect(
      changed(wheel.x - wheel.radius, wheel.y - wheel.radius, 2 * wheel.radius, wheel.radius),
    ).toBeGreaterThan(500);
    expect(changed(0, waterTop, 640, 360 - waterTop)).toBeGreaterThan(5000);
    expect(changed(counter.x, counter.y, 200, counter.capHeight)).toBeGreaterThan(5);
    expect(changed(20, 100, 350, 3)).toBe(0);
  });

  it('refuses sizes that have no 4:2:0 picture or no room', () => {
    for (const [width, height] of [
      [641, 360],
      [640, 361],
      [160, 90],
    ] as const) {
      expect(() => draw(width, height, NOON, 0)).toThrow(RangeError);
    }
  });
});

describe('its parts', () => {
  it('write the time of day to the millisecond', () => {
    expect(readableTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe('03:04:05.006');
  });

  it('know BT.709', () => {
    expect(rgb(0, 0, 0)).toEqual([16, 128, 128]);
    expect(rgb(255, 255, 255)).toEqual([235, 128, 128]);
    expect(rgb(255, 0, 0)).toEqual([63, 102, 240]);
    expect(rgb(0, 0, 255)).toEqual([32, 240, 118]);
  });
});
