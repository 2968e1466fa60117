/** A picture in yuv420p whose planes lie anywhere in memory. Width and height are even. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Luma, Cb, Cr. */
  readonly planes: readonly [Plane, Plane, Plane];
}

export interface Plane {
  readonly data: Uint8Array;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** Y, Cb, Cr in BT.709 video range. */
export type Colour = readonly [number, number, number];

/** From red, green and blue, 0 to 255. */
export function rgb(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [
    Math.round(16 + (luma * 219) / 255),
    Math.round(128 + (((blue - luma) / 1.8556) * 224) / 255),
    Math.round(128 + (((red - luma) / 1.5748) * 224) / 255),
  ];
}

/** A picture in memory of its own. */
export function createPicture(width: number, height: number): Picture {
  const plane = (w: number, h: number): Plane => ({
    data: new Uint8Array(w * h),
    stride: w,
    width: w,
    height: h,
  });
  return {
    width,
    height,
    planes: [plane(width, height), plane(width / 2, height / 2), plane(width / 2, height / 2)],
  };
}

/** Copies every pixel to a picture of the same size, whatever its strides. */
export function copyPicture(from: Picture, to: Picture): void {
  from.planes.forEach((source, i) => {
    const target = to.planes[i]!;
    for (let y = 0; y < source.height; y++) {
      const row = source.data.subarray(y * source.stride, y * source.stride + source.width);
      target.data.set(row, y * target.stride);
    }
  });
}

/** How much of a pixel a shape covers, 0 to 1, at a point in luma pixels. */
export type Coverage = (x: number, y: number) => number;

/** Blends a colour, or one that depends on the place, over part of a picture. For preparing, not for every frame. */
export function paint(
  picture: Picture,
  area: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  colour: Colour | ((x: number, y: number) => Colour),
  coverage: Coverage = () => 1,
): void {
  picture.planes.forEach((plane, i) => {
    const step = i === 0 ? 1 : 2;
    const left = Math.max(0, Math.floor(area.x / step));
    const top = Math.max(0, Math.floor(area.y / step));
    const right = Math.min(plane.width, Math.ceil((area.x + area.width) / step));
    const bottom = Math.min(plane.height, Math.ceil((area.y + area.height) / step));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const px = (x + 0.5) * step;
        const py = (y + 0.5) * step;
        const alpha = coverage(px, py);
        if (alpha <= 0) continue;
        const value = (typeof colour === 'function' ? colour(px, py) : colour)[i]!;
        const at = y * plane.stride + x;
        plane.data[at] = Math.round(plane.data[at]! + (value - plane.data[at]!) * Math.min(1, alpha));
      }
    }
  });
}

/** Fills the rows above `bottom` (even), each with one colour. */
export function fillRows(picture: Picture, bottom: number, colourAt: (y: number) => Colour): void {
  picture.planes.forEach((plane, i) => {
    const step = i === 0 ? 1 : 2;
    for (let y = 0; y < bottom / step; y++) {
      const value = Math.round(colourAt((y + 0.5) * step)[i]!);
      plane.data.fill(value, y * plane.stride, y * plane.stride + plane.width);
    }
  });
}

/** Coverage of a half plane edge: 1 inside (distance below 0), 0 outside, smooth over one pixel. */
export const smoothEdge = (distance: number): number => Math.min(1, Math.max(0, 0.5 - distance));

export const mix = (from: Colour, to: Colour, part: number): Colour => [
  from[0] + (to[0] - from[0]) * part,
  from[1] + (to[1] - from[1]) * part,
  from[2] + (to[2] - from[2]) * part,
];
