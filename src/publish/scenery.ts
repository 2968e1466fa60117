import { measureText, paintText } from './glyphs.js';
import { clockHeight } from './machine-clock.js';
import { fillRows, mix, paint, rgb, smoothEdge, type Colour, type Coverage, type Picture } from './plane.js';

/** Where things stand in a picture of a given size; everything scales with the height. */
export interface Layout {
  /** One pixel of a picture 720 lines high. */
  readonly unit: number;
  readonly clock: { readonly x: number; readonly y: number; readonly capHeight: number };
  readonly panel: Box;
  readonly second: Box;
  readonly counter: { readonly x: number; readonly y: number; readonly capHeight: number };
  readonly lamp: { readonly x: number; readonly y: number; readonly radius: number };
  readonly wheel: { readonly x: number; readonly y: number; readonly radius: number };
  /** First row of the water; even. */
  readonly waterTop: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const CLOCK_PATTERN = '00:00:00.000';
export const COUNTER_PATTERN = '00000000';
/** Text and panel share their chroma, so that changing text touches luma alone. */
export const PANEL: Colour = [36, 132, 125];
export const INK: Colour = [228, 132, 125];
export const DIM_INK: Colour = [150, 132, 125];
export const LAMP_OFF: Colour = [70, 132, 125];

const SKY = [rgb(22, 40, 84), rgb(112, 118, 160), rgb(246, 186, 128)] as const;
const MOON = rgb(250, 240, 222);
const FAR_HILLS = rgb(84, 92, 128);
const NEAR_HILLS = rgb(38, 64, 62);
const WALL = rgb(108, 98, 92);
const MORTAR = rgb(84, 76, 72);
const ROOF = rgb(96, 48, 38);
const DOOR = rgb(54, 36, 26);
const WINDOW = rgb(255, 206, 112);
const BARS = [
  rgb(191, 191, 191),
  rgb(191, 191, 0),
  rgb(0, 191, 191),
  rgb(0, 191, 0),
  rgb(191, 0, 191),
  rgb(191, 0, 0),
  rgb(0, 0, 191),
] as const;
const BLACK: Colour = [16, 128, 128];
const WHITE: Colour = [235, 128, 128];

const even = (value: number): number => 2 * Math.round(value / 2);

export function layOut(width: number, height: number): Layout {
  // A picture narrower than 16:9 is laid out for the height that its width would have.
  const unit = Math.min(height / 720, width / 1280);
  const at = (value: number): number => Math.round(value * unit);
  const waterTop = even(height - 150 * unit);
  const capHeight = at(74);
  const clock = { x: at(78), y: at(198), capHeight };
  const clockWidth = Math.ceil(measureText(CLOCK_PATTERN, capHeight)) + CLOCK_PATTERN.length;
  const panel = { x: at(50), y: at(166), width: clockWidth + 2 * (clock.x - at(50)), height: at(226) };
  return {
    unit,
    clock,
    panel,
    second: { x: clock.x, y: at(296), width: clockWidth, height: Math.max(2, at(6)) },
    counter: { x: clock.x + at(160), y: at(332), capHeight: at(28) },
    lamp: { x: panel.x + panel.width - at(54), y: at(346), radius: at(16) },
    wheel: { x: width - at(262), y: waterTop - at(138), radius: at(186) },
    waterTop,
  };
}

/** Paints all that does not move: sky, hills, the mill, the panel with its labels, the colour bars. */
export function paintScenery(picture: Picture, layout: Layout, labels: { readonly format: string }): void {
  const { width, height } = picture;
  const { unit, panel, waterTop } = layout;
  const at = (value: number): number => value * unit;

  fillRows(picture, waterTop, (y) => {
    const part = y / waterTop;
    return part < 0.6 ? mix(SKY[0], SKY[1], part / 0.6) : mix(SKY[1], SKY[2], (part - 0.6) / 0.4);
  });
  const moon = { x: at(884), y: at(112), radius: at(36) };
  const glow = at(150);
  const halo = { x: moon.x - glow, y: moon.y - glow, width: 2 * glow, height: 2 * glow };
  paint(picture, halo, MOON, (x, y) => {
    const away = Math.hypot(x - moon.x, y - moon.y) - moon.radius;
    return Math.max(smoothEdge(away), 0.35 * Math.exp(-Math.max(0, away) / at(30)));
  });
  const land = (rise: number): Box => ({ x: 0, y: waterTop - at(rise), width, height: at(rise) });
  paint(
    picture,
    land(122),
    FAR_HILLS,
    below((x) => waterTop - at(70 + 34 * Math.sin(x / at(190)) + 16 * Math.sin(x / at(61)))),
  );
  paint(
    picture,
    land(56),
    NEAR_HILLS,
    below((x) => waterTop - at(26 + 22 * Math.sin(x / at(260) + 2) + 5 * Math.sin(x / at(37)))),
  );
  paintMill(picture, layout);

  paintText(picture, 'MILLRACE', at(52), at(66), at(46), WHITE);
  const beside = at(52) + measureText('MILLRACE ', at(46));
  const faint = mix(SKY[1], WHITE, 0.7);
  paintText(picture, 'TEST PICTURE', beside, at(66), at(20), faint);
  paintText(picture, labels.format, beside, at(97), at(15), faint);
  paint(picture, panel, PANEL, roundedBox(panel, at(14)));
  paintText(picture, 'FRAME', layout.clock.x, layout.counter.y, layout.counter.capHeight, DIM_INK);
  paintBars(picture, { x: panel.x, y: at(424), width: panel.width, height: at(92) });

  // The machines' clock stands on black, so that nothing bleeds into it.
  fillRows(picture, clockHeight(height) + Math.max(2, even(at(6))), () => BLACK);
}

/** Covers what lies below a line. */
const below =
  (line: (x: number) => number): Coverage =>
  (x, y) =>
    smoothEdge(line(x) - y);

const roundedBox =
  (box: Box, radius: number): Coverage =>
  (x, y) => {
    const dx = Math.abs(x - box.x - box.width / 2) - box.width / 2 + radius;
    const dy = Math.abs(y - box.y - box.height / 2) - box.height / 2 + radius;
    return smoothEdge(Math.hypot(Math.max(0, dx), Math.max(0, dy)) + Math.min(0, Math.max(dx, dy)) - radius);
  };

function paintMill(picture: Picture, { unit, wheel, waterTop }: Layout): void {
  const at = (value: number): number => value * unit;
  const house = { x: wheel.x - at(96), y: waterTop - at(330), width: at(320), height: at(330) };
  const course = at(22);
  const stone = (x: number, y: number): Colour => {
    const row = Math.floor((y - house.y) / course);
    const joint = Math.min((y - house.y) % course, (x - house.x + (row % 2) * at(26)) % at(52));
    return joint < at(3)
      ? MORTAR
      : mix(WALL, MORTAR, ((row * 7 + Math.floor((x - house.x + (row % 2) * at(26)) / at(52)) * 5) % 6) / 10);
  };
  paint(picture, house, stone);
  const ridge = { x: house.x + house.width / 2, y: house.y - at(130) };
  const half = house.width / 2 + at(30);
  const roof = { x: ridge.x - half, y: ridge.y, width: 2 * half, height: house.y - ridge.y + at(6) };
  paint(picture, roof, ROOF, (x, y) =>
    smoothEdge(Math.abs(x - ridge.x) - ((y - ridge.y) * half) / roof.height),
  );
  for (const [x, y] of [
    [196, 40],
    [264, 40],
    [264, 120],
  ] as const) {
    const pane = { x: house.x + at(x), y: house.y + at(y), width: at(34), height: at(46) };
    paint(picture, pane, WINDOW);
    paint(picture, { ...pane, x: pane.x + at(15), width: at(4) }, DOOR);
    paint(picture, { ...pane, y: pane.y + at(21), height: at(4) }, DOOR);
  }
}

/** Seven bars of 75 % and below them a ramp from black to white. */
function paintBars(picture: Picture, box: Box): void {
  const ramp = { ...box, y: box.y + box.height * 0.7, height: box.height * 0.3 };
  paint(picture, { ...box, height: box.height * 0.7 }, (x) => {
    const bar = Math.floor(((x - box.x) / box.width) * BARS.length);
    return BARS[Math.min(BARS.length - 1, Math.max(0, bar))]!;
  });
  paint(picture, ramp, (x) => mix(BLACK, WHITE, Math.min(1, Math.max(0, (x - box.x) / box.width))));
}
