import { encodeClock, paintClock } from './machine-clock.js';
import { MillWheel } from './mill-wheel.js';
import { paint, smoothEdge, type Picture } from './plane.js';
import {
  CLOCK_PATTERN,
  COUNTER_PATTERN,
  INK,
  LAMP_OFF,
  PANEL,
  layOut,
  paintScenery,
  type Layout,
} from './scenery.js';
import { BEEP_MS } from './tone.js';
import { TextLine } from './text-line.js';
import { Water } from './water.js';

/** Turns of the wheel in a second. */
const WHEEL_SPEED = 1 / 12;
const MIN_WIDTH = 320;
const MIN_HEIGHT = 180;

export interface TestPictureOptions {
  /** Said in the picture: frames per second. */
  readonly frameRate: number;
  /** Minutes that the readable clock is ahead of UTC; the machine's own offset when left out. */
  readonly utcOffset?: number;
}

/**
 * The test picture: a mill by the water, a running clock for people and one for machines, a frame counter, colour bars,
 * and a lamp that lights with the beep at each second. What stands still is painted once into `picture`; each `draw`
 * touches only what moves.
 */
export class TestPicture {
  readonly #layout: Layout;
  readonly #wheel: MillWheel;
  readonly #water: Water;
  readonly #clock: TextLine;
  readonly #counter: TextLine;
  readonly #utcOffset: number;
  readonly #lamps: { readonly on: Uint8Array; readonly off: Uint8Array };
  #lampLit = false;

  /** Throws RangeError when the size is odd or below 320 x 180. */
  constructor(
    private readonly picture: Picture,
    options: TestPictureOptions,
  ) {
    const { width, height } = picture;
    if (width % 2 !== 0 || height % 2 !== 0 || width < MIN_WIDTH || height < MIN_HEIGHT) {
      throw new RangeError(
        `a test picture of ${width} x ${height}: even and ${MIN_WIDTH} x ${MIN_HEIGHT} at least`,
      );
    }
    this.#utcOffset = options.utcOffset ?? -new Date().getTimezoneOffset();
    const layout = layOut(width, height);
    this.#layout = layout;
    const format = `${width}X${height} ${options.frameRate} FPS ${offsetName(this.#utcOffset)}`;
    paintScenery(picture, layout, { format });
    this.#wheel = new MillWheel(picture, {
      centre: layout.wheel,
      radius: layout.wheel.radius,
      bottom: layout.waterTop,
    });
    this.#water = new Water(picture, layout.waterTop);
    const style = { ink: INK, panel: PANEL };
    this.#clock = new TextLine(
      { ...style, capHeight: layout.clock.capHeight },
      CLOCK_PATTERN,
      layout.clock.x,
      layout.clock.y,
    );
    this.#counter = new TextLine(
      { ...style, capHeight: layout.counter.capHeight },
      COUNTER_PATTERN,
      layout.counter.x,
      layout.counter.y,
    );
    this.#lamps = { on: this.#paintLamp(true), off: this.#paintLamp(false) };
  }

  /** `wallClock`: what the clocks show, whole ms since the Unix epoch. */
  draw(wallClock: number, frame: number): void {
    const { picture } = this;
    const { data, stride } = picture.planes[0];
    paintClock(data, stride, picture.width, picture.height, encodeClock(wallClock));
    this.#clock.draw(picture, readableTime(wallClock + this.#utcOffset * 60_000));
    const counter = String(frame % 10 ** COUNTER_PATTERN.length).padStart(COUNTER_PATTERN.length, '0');
    this.#counter.draw(picture, counter);
    this.#drawSecond((wallClock % 1000) / 1000);
    this.#drawLamp(wallClock % 1000 < BEEP_MS);
    this.#wheel.draw(picture, ((wallClock / 1000) * WHEEL_SPEED) % 1);
    this.#water.draw(picture, wallClock / 1000);
  }

  /** A line under the clock that grows through each second. */
  #drawSecond(part: number): void {
    const { data, stride } = this.picture.planes[0];
    const { x, y, width, height } = this.#layout.second;
    const filled = Math.round(width * part);
    for (let row = y; row < y + height; row++) {
      const start = row * stride + x;
      data.fill(INK[0], start, start + filled);
      data.fill(LAMP_OFF[0], start + filled, start + width);
    }
  }

  #drawLamp(lit: boolean): void {
    if (lit === this.#lampLit) return;
    this.#lampLit = lit;
    const { x, y, size } = this.#lampBox();
    const { data, stride } = this.picture.planes[0];
    const tile = lit ? this.#lamps.on : this.#lamps.off;
    for (let row = 0; row < size; row++) {
      data.set(tile.subarray(row * size, (row + 1) * size), (y + row) * stride + x);
    }
  }

  /** Paints the lamp into the picture and gives its luma; the last one painted stays. */
  #paintLamp(lit: boolean): Uint8Array {
    const { x, y, size } = this.#lampBox();
    const { lamp } = this.#layout;
    paint(this.picture, { x, y, width: size, height: size }, lit ? INK : LAMP_OFF, (px, py) =>
      smoothEdge(Math.hypot(px - lamp.x, py - lamp.y) - lamp.radius),
    );
    const { data, stride } = this.picture.planes[0];
    const tile = new Uint8Array(size * size);
    for (let row = 0; row < size; row++) {
      const start = (y + row) * stride + x;
      tile.set(data.subarray(start, start + size), row * size);
    }
    return tile;
  }

  #lampBox(): { x: number; y: number; size: number } {
    const { x, y, radius } = this.#layout.lamp;
    return { x: x - radius - 2, y: y - radius - 2, size: 2 * radius + 4 };
  }
}

/** `HH:MM:SS.mmm` of a time whose offset from UTC is already added. */
export const readableTime = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

function offsetName(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${hours}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`;
}
