import { paint, smoothEdge, type Colour, type Coverage, type Picture } from './plane.js';

/**
 * A stroke font of its own: digits, capitals and a few signs, on a grid 8 wide and 12 high with y downwards. A glyph is
 * its strokes, parted by spaces; a stroke is its points, each two hexadecimal digits: x, then y.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  '0': '2060828a6c2c0a0220',
  '1': '13404c',
  '2': '02206082840c8c',
  '3': '02206082846636 66888a6c2c0a',
  '4': '6c600888',
  '5': '80100565878a6c2c0a',
  '6': '716020020a2c6c8a87652507',
  '7': '00803c',
  '8': '260402206082846626080a2c6c8a8866',
  '9': '1b2c6c8a8260200205276785',
  ':': '1414 1919',
  '.': '1c1c',
  '+': '1676 4349',
  '-': '1676',
  '/': '0c80',
  A: '0c408c 1878',
  B: '66060c006082846606 66888a6c0c',
  C: '826020020a2c6c8a',
  D: '005083895c0c00',
  E: '80000c8c 0666',
  F: '80000c 0666',
  G: '826020020a2c6c8a8656',
  H: '000c 808c 0686',
  I: '101c',
  J: '808a6c2c0a',
  K: '000c 8007 358c',
  L: '000c8c',
  M: '0c0047808c',
  N: '0c008c80',
  O: '2060828a6c2c0a0220',
  P: '0c006082856707',
  Q: '2060828a6c2c0a0220 598c',
  R: '0c006082856707 478c',
  S: '82602002042666888a6c2c0a',
  T: '0080 404c',
  U: '000a2c6c8a80',
  V: '004c80',
  W: '002c456c80',
  X: '008c 800c',
  Y: '004680 464c',
  Z: '00800c8c',
};

const GRID_HEIGHT = 12;
const GRID_WIDTH = 8;
/** These stand on a grid 2 wide. */
const NARROW = ':.I';
const NARROW_WIDTH = 2;
/** In grid units: between glyphs, and the thickness of the pen. */
const SPACING = 3;
const PEN = 1.7;

type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** Width of a glyph's box in pixels, half the spacing on each side included. */
export function advance(char: string, capHeight: number): number {
  const width = NARROW.includes(char) ? NARROW_WIDTH : GRID_WIDTH;
  return ((width + SPACING) * capHeight) / GRID_HEIGHT;
}

export const measureText = (text: string, capHeight: number): number =>
  [...text].reduce((sum, char) => sum + advance(char, capHeight), 0);

/** How far the pen reaches beyond the cap height, above and below. */
export const overhang = (capHeight: number): number => Math.ceil((PEN * capHeight) / GRID_HEIGHT / 2) + 1;

/** Coverage of one glyph whose box begins at x, cap line at y. Signs without a glyph are empty. */
export function glyphCoverage(char: string, x: number, y: number, capHeight: number): Coverage {
  const unit = capHeight / GRID_HEIGHT;
  const left = x + (SPACING / 2) * unit;
  const segments = (GLYPHS[char] ?? '')
    .split(' ')
    .filter((stroke) => stroke !== '')
    .flatMap((stroke) => segmentsOf(stroke, left, y, unit));
  const radius = (PEN * unit) / 2;
  return (px, py) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (const segment of segments) nearest = Math.min(nearest, squaredDistance(segment, px, py));
    return smoothEdge(Math.sqrt(nearest) - radius);
  };
}

/** Paints a line of text; the cap line is at y. */
export function paintText(
  picture: Picture,
  text: string,
  x: number,
  y: number,
  capHeight: number,
  colour: Colour,
): void {
  const reach = overhang(capHeight);
  let left = x;
  for (const char of text) {
    const width = advance(char, capHeight);
    const area = { x: left - 1, y: y - reach, width: width + 2, height: capHeight + 2 * reach };
    paint(picture, area, colour, glyphCoverage(char, left, y, capHeight));
    left += width;
  }
}

function segmentsOf(stroke: string, left: number, top: number, unit: number): Segment[] {
  const points: [number, number][] = [];
  for (let i = 0; i + 1 < stroke.length; i += 2) {
    points.push([
      left + Number.parseInt(stroke.charAt(i), 16) * unit,
      top + Number.parseInt(stroke.charAt(i + 1), 16) * unit,
    ]);
  }
  return points.slice(1).map(([x1, y1], i) => [points[i]![0], points[i]![1], x1, y1]);
}

function squaredDistance([x0, y0, x1, y1]: Segment, px: number, py: number): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - x0) * dx + (py - y0) * dy) / length));
  return (px - x0 - along * dx) ** 2 + (py - y0 - along * dy) ** 2;
}
