import { mix, rgb, smoothEdge, type Colour, type Picture, type Plane } from './plane.js';

/** The wheel looks the same after an eighth of a turn: 8 spokes, 16 paddles. */
const SYMMETRY = 8;
/** Steps of the texture in that eighth, a power of two, and in one pixel of radius. */
const ANGLE_STEPS = 256;
const RADIUS_STEPS = 2;

const WOOD = rgb(128, 82, 44);
const DARK_WOOD = rgb(78, 48, 28);
const PADDLE = rgb(158, 108, 62);
const IRON = rgb(52, 54, 60);

/** Parts of the wheel as fractions of its radius. */
const AXLE = 0.05;
const HUB = 0.14;
const INNER_RIM = [0.56, 0.61] as const;
const OUTER_RIM = [0.76, 0.83] as const;
const PADDLES_FROM = 0.8;
const SPOKE_WIDTH = 0.055;
const PADDLE_WIDTH = 0.05;

/** Where one plane's pixels are in the disc. */
interface Disc {
  readonly rows: readonly {
    readonly y: number;
    readonly x: number;
    readonly first: number;
    readonly length: number;
  }[];
  /** For each pixel: radius step times ANGLE_STEPS plus angle step. */
  readonly places: Uint32Array;
}

interface Layer extends Disc {
  /** What lies behind each pixel. */
  readonly behind: Uint8Array;
  /** The wheel's colour by place. */
  readonly colour: Uint8Array;
}

interface Extent {
  readonly centre: { readonly x: number; readonly y: number };
  readonly radius: number;
  /** Rows from there on (the water) are left alone; even. */
  readonly bottom: number;
}

/**
 * A water wheel that turns before whatever was in the picture when it was made. Turning is a table look-up: each pixel
 * knows its place in polar coordinates, and the angle is added to it.
 */
export class MillWheel {
  readonly #layers: readonly Layer[];
  /** Coverage by place, 0 to 255. */
  readonly #cover: Uint8Array;

  constructor(picture: Picture, extent: Extent) {
    const { cover, colours } = wheelTexture(extent.radius);
    this.#cover = cover;
    const luma = discOf(picture.planes[0], 1, extent);
    const chroma = discOf(picture.planes[1], 2, extent);
    this.#layers = picture.planes.map((plane, i) => {
      const disc = i === 0 ? luma : chroma;
      return { ...disc, behind: pixelsOf(plane, disc), colour: colours[i]! };
    });
  }

  /** `turns`: how far it has turned; only the fraction counts. */
  draw(picture: Picture, turns: number): void {
    const phase = Math.round(turns * SYMMETRY * ANGLE_STEPS) & (ANGLE_STEPS - 1);
    const cover = this.#cover;
    this.#layers.forEach(({ rows, places, behind, colour }, i) => {
      const { data, stride } = picture.planes[i]!;
      for (const { x, y, first, length } of rows) {
        let at = y * stride + x;
        for (let pixel = first; pixel < first + length; pixel++, at++) {
          const place = places[pixel]!;
          const texel = (place & ~(ANGLE_STEPS - 1)) | ((place + phase) & (ANGLE_STEPS - 1));
          const back = behind[pixel]!;
          data[at] = back + (((colour[texel]! - back) * cover[texel]!) >> 8);
        }
      }
    });
  }
}

function discOf(plane: Plane, step: number, { centre, radius, bottom }: Extent): Disc {
  const rows: Disc['rows'][number][] = [];
  const top = Math.max(0, Math.floor((centre.y - radius - 1) / step));
  const end = Math.min(plane.height, Math.floor(bottom / step), Math.ceil((centre.y + radius + 1) / step));
  let pixels = 0;
  for (let y = top; y < end; y++) {
    const dy = (y + 0.5) * step - centre.y;
    const half = Math.sqrt(Math.max(0, (radius + 1) ** 2 - dy * dy));
    const left = Math.max(0, Math.ceil((centre.x - half) / step));
    const right = Math.min(plane.width, Math.floor((centre.x + half) / step));
    if (right <= left) continue;
    rows.push({ x: left, y, first: pixels, length: right - left });
    pixels += right - left;
  }

  const places = new Uint32Array(pixels);
  for (const { x, y, first, length } of rows) {
    const dy = (y + 0.5) * step - centre.y;
    for (let i = 0; i < length; i++) {
      const dx = (x + i + 0.5) * step - centre.x;
      const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1) * SYMMETRY;
      const angle = Math.floor((turn % 1) * ANGLE_STEPS);
      places[first + i] = Math.round(Math.sqrt(dx * dx + dy * dy) * RADIUS_STEPS) * ANGLE_STEPS + angle;
    }
  }
  return { rows, places };
}

function pixelsOf({ data, stride }: Plane, { rows, places }: Disc): Uint8Array {
  const pixels = new Uint8Array(places.length);
  for (const { x, y, first, length } of rows) {
    pixels.set(data.subarray(y * stride + x, y * stride + x + length), first);
  }
  return pixels;
}

function wheelTexture(radius: number): { cover: Uint8Array; colours: readonly Uint8Array[] } {
  // Two pixels past the rim: a chroma pixel reaches that far.
  const size = Math.ceil((radius + 2) * RADIUS_STEPS + 1) * ANGLE_STEPS;
  const cover = new Uint8Array(size);
  const colours = [new Uint8Array(size), new Uint8Array(size), new Uint8Array(size)];
  for (let texel = 0; texel < size; texel++) {
    const distance = Math.floor(texel / ANGLE_STEPS) / RADIUS_STEPS;
    const look = wheelAt(distance, ((texel % ANGLE_STEPS) + 0.5) / ANGLE_STEPS, radius);
    cover[texel] = Math.round(255 * look.cover);
    colours.forEach((colour, i) => {
      colour[texel] = Math.round(look.colour[i]!);
    });
  }
  return { cover, colours };
}

/** The wheel at a distance from the centre in pixels and a part (0 to 1) of its eighth. */
function wheelAt(distance: number, part: number, radius: number): { colour: Colour; cover: number } {
  const along = distance / radius;
  /** Pixels along the circle to the nearest of `count` equally spaced radii in the eighth. */
  const toRadius = (count: number): number => {
    const offset = (part * count) % 1;
    return (Math.min(offset, 1 - offset) / count / SYMMETRY) * 2 * Math.PI * distance;
  };
  const within = (from: number, to: number): number =>
    smoothEdge(Math.max(from * radius - distance, distance - to * radius));

  const spoke = smoothEdge(toRadius(1) - (SPOKE_WIDTH * radius) / 2) * within(HUB, OUTER_RIM[1]);
  const paddle = smoothEdge(toRadius(2) - (PADDLE_WIDTH * radius) / 2) * within(PADDLES_FROM, 1);
  const inner = within(...INNER_RIM);
  const outer = within(...OUTER_RIM);
  const hub = smoothEdge(distance - HUB * radius);
  const axle = smoothEdge(distance - AXLE * radius);

  const layers: readonly (readonly [Colour, number])[] = [
    [mix(DARK_WOOD, WOOD, Math.min(1, along * 1.4)), spoke],
    [DARK_WOOD, inner],
    [PADDLE, paddle],
    [WOOD, outer],
    [DARK_WOOD, hub],
    [IRON, axle],
  ];
  let colour: Colour = WOOD;
  let cover = 0;
  for (const [next, part] of layers) {
    if (part <= 0) continue;
    const total = part + cover * (1 - part);
    colour = mix(colour, next, part / total);
    cover = total;
  }
  return { colour, cover };
}
