import { mix, rgb, type Picture } from './plane.js';

const DEEP = rgb(16, 50, 74);
const SHALLOW = rgb(76, 124, 142);
const GLINT = rgb(246, 206, 160);
const FOAM = rgb(222, 234, 236);
/** Part of the picture's width that the water runs in a second. */
const SPEED = 0.07;

/** Running water along the bottom of the picture: rows prepared once that are copied at a moving offset. */
export class Water {
  /** Per plane: the rows, each as wide as the plane, and the first of them in the picture. */
  readonly #layers: readonly { readonly rows: readonly Uint8Array[]; readonly top: number }[];

  constructor(picture: Picture, top: number) {
    const depth = picture.height - top;
    this.#layers = picture.planes.map((plane, i) => {
      const step = i === 0 ? 1 : 2;
      const rows = Array.from({ length: plane.height - top / step }, (_, y) =>
        Uint8Array.from({ length: plane.width }, (_, x) =>
          Math.round(waterAt(x / plane.width, ((y + 0.5) * step) / depth, depth)[i]!),
        ),
      );
      return { rows, top: top / step };
    });
  }

  /** `seconds` of running; it may be as large as the time since the epoch. */
  draw(picture: Picture, seconds: number): void {
    // In whole chroma pixels, so that the planes move together.
    const run = Math.floor((((seconds * SPEED) % 1) * picture.width) / 2);
    this.#layers.forEach(({ rows, top }, i) => {
      const { data, stride, width } = picture.planes[i]!;
      const offset = i === 0 ? 2 * run : run;
      rows.forEach((row, y) => {
        const at = (top + y) * stride;
        data.set(row.subarray(0, width - offset), at + offset);
        data.set(row.subarray(width - offset), at);
      });
    });
  }
}

/** x: 0 to 1 once around; y: 0 at the bank to 1 at the bottom. Seamless in x. */
function waterAt(x: number, y: number, depth: number): readonly [number, number, number] {
  const round = 2 * Math.PI * x;
  // Ripples grow towards the viewer.
  const near = 1 / (0.25 + y);
  const wave =
    0.55 * Math.sin(7 * round + 26 * near) * Math.sin(3 * round - 11 * near + 1) +
    0.3 * Math.sin(19 * round - 34 * near + 2 * Math.sin(2 * round)) +
    0.15 * Math.sin(31 * round + 50 * near);
  const body = mix(SHALLOW, DEEP, Math.min(1, Math.max(0, 0.15 + 0.75 * y - 0.3 * wave)));
  const lit = mix(body, GLINT, Math.max(0, wave - 0.45) * 0.9 * (1 - 0.5 * y));
  return mix(lit, FOAM, 0.8 * Math.max(0, 1 - (y * depth) / (3 + 2 * Math.sin(23 * round))));
}
