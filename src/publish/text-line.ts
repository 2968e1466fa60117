import { advance, glyphCoverage, overhang } from './glyphs.js';
import { paint, createPicture, type Colour, type Picture } from './plane.js';

/**
 * A line of text that changes with every frame, on a panel of one colour. Its characters are drawn once each and then
 * copied, and only where they changed. Only luma is written: ink and panel share their chroma.
 */
export class TextLine {
  /** What stands in each slot now. */
  readonly #shown: string[];
  readonly #slots: readonly { readonly x: number; readonly width: number }[];
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #top: number;
  readonly #rows: number;

  /** `pattern`: a text of the line's final length; each slot is as wide as the pattern's character. */
  constructor(
    private readonly style: { readonly ink: Colour; readonly panel: Colour; readonly capHeight: number },
    pattern: string,
    x: number,
    y: number,
  ) {
    const reach = overhang(style.capHeight);
    this.#top = Math.round(y) - reach;
    this.#rows = Math.ceil(style.capHeight) + 2 * reach;
    this.#shown = [...pattern].map(() => '');
    let left = Math.round(x);
    this.#slots = [...pattern].map((char) => {
      const width = Math.round(advance(char, style.capHeight));
      const slot = { x: left, width };
      left += width;
      return slot;
    });
  }

  draw(picture: Picture, text: string): void {
    const { data, stride } = picture.planes[0];
    for (const [i, { x, width }] of this.#slots.entries()) {
      const char = text.charAt(i);
      if (this.#shown[i] === char) continue;
      this.#shown[i] = char;
      const tile = this.#tile(char, width);
      for (let row = 0; row < this.#rows; row++) {
        data.set(tile.subarray(row * width, (row + 1) * width), (this.#top + row) * stride + x);
      }
    }
  }

  #tile(char: string, width: number): Uint8Array {
    const key = `${char}${width}`;
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      const { ink, panel, capHeight } = this.style;
      const picture = createPicture(width, this.#rows);
      picture.planes[0].data.fill(panel[0]);
      paint(
        picture,
        { x: 0, y: 0, width, height: this.#rows },
        ink,
        glyphCoverage(char, 0, overhang(capHeight), capHeight),
      );
      tile = picture.planes[0].data;
      this.#tiles.set(key, tile);
    }
    return tile;
  }
}
