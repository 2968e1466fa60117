/**
 * A clock for machines, burned into the top of the picture: one row of black and white cells that survives encoding at
 * a few hundred kilobits per second and scaling to 360 lines. From left to right: 4 cells that calibrate black and
 * white, 44 bits of milliseconds since the Unix epoch (most significant first), 12 bits of checksum, 4 cells that
 * calibrate again.
 */
const TIME_BITS = 44;
const CHECK_BITS = 12;
const HEAD = [1, 0, 1, 0];
const TAIL = [0, 1, 0, 1];

export const CLOCK_CELLS = HEAD.length + TIME_BITS + CHECK_BITS + TAIL.length;
const CALIBRATION = [
  ...HEAD.map((value, index) => ({ index, value })),
  ...TAIL.map((value, i) => ({ index: CLOCK_CELLS - TAIL.length + i, value })),
];
/** The row is this part of the picture's height. */
const HEIGHT_DIVISOR = 30;
const BLACK = 16;
const WHITE = 235;
/** Black and white nearer to each other than this are no clock. */
const MIN_CONTRAST = 60;
/** x^12 + x^11 + x^3 + x^2 + x + 1, the 12-bit CRC of telecommunications. */
const CRC_POLYNOMIAL = 0x80f;
/** So that a row of zeros does not check. */
const CRC_START = 0xfff;

/** Rows of pixels that the clock takes at the top of a picture of that height. */
export const clockHeight = (height: number): number =>
  Math.max(4, Math.round(height / HEIGHT_DIVISOR / 2) * 2);

/** The cells of a time in ms since the Unix epoch, 1 for white. Throws RangeError outside 0 to 2^44 - 1. */
export function encodeClock(ms: number): Uint8Array {
  if (!Number.isInteger(ms) || ms < 0 || ms >= 2 ** TIME_BITS) throw new RangeError(`no clock for ${ms} ms`);
  const cells = new Uint8Array(CLOCK_CELLS);
  cells.set(HEAD);
  writeBits(cells, HEAD.length, TIME_BITS, ms);
  writeBits(cells, HEAD.length + TIME_BITS, CHECK_BITS, checksum(cells));
  cells.set(TAIL, CLOCK_CELLS - TAIL.length);
  return cells;
}

/** Paints cells into the top rows of a luma plane. */
export function paintClock(
  luma: Uint8Array,
  stride: number,
  width: number,
  height: number,
  cells: Uint8Array,
): void {
  for (let i = 0; i < CLOCK_CELLS; i++) {
    luma.fill(cells[i] === 1 ? WHITE : BLACK, edge(i, width), edge(i + 1, width));
  }
  for (let y = 1; y < clockHeight(height); y++) luma.copyWithin(y * stride, 0, width);
}

/**
 * Reads the clock back from the luma of a decoded picture of any size, in video or full range. Undefined when there is
 * none or its checksum is wrong.
 */
export function readClock(
  luma: Uint8Array,
  width: number,
  height: number,
  stride = width,
): number | undefined {
  const levels = Float64Array.from({ length: CLOCK_CELLS }, (_, i) =>
    cellLevel(luma, stride, width, height, i),
  );
  const levelsOf = (value: number): number[] =>
    CALIBRATION.filter((cell) => cell.value === value).map(({ index }) => levels[index] ?? 0);
  const white = Math.min(...levelsOf(1));
  const black = Math.max(...levelsOf(0));
  if (!(white - black >= MIN_CONTRAST)) return undefined;

  const middle = (white + black) / 2;
  const cells = Uint8Array.from(levels, (level) => (level > middle ? 1 : 0));
  const check = readBits(cells, HEAD.length + TIME_BITS, CHECK_BITS);
  return check === checksum(cells) ? readBits(cells, HEAD.length, TIME_BITS) : undefined;
}

const edge = (cell: number, width: number): number => Math.round((cell * width) / CLOCK_CELLS);

/** Mean luma of a cell's middle, where its neighbours have bled in the least. */
function cellLevel(luma: Uint8Array, stride: number, width: number, height: number, cell: number): number {
  const cellWidth = width / CLOCK_CELLS;
  const left = Math.floor((cell + 0.3) * cellWidth);
  const right = Math.max(left + 1, Math.ceil((cell + 0.7) * cellWidth));
  const rows = clockHeight(height);
  const top = Math.floor(rows * 0.3);
  const bottom = Math.max(top + 1, Math.ceil(rows * 0.7));
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += luma[y * stride + x] ?? 0;
  }
  return sum / ((bottom - top) * (right - left));
}

/** CRC of the cells that hold the time. */
function checksum(cells: Uint8Array): number {
  let crc = CRC_START;
  for (let i = HEAD.length; i < HEAD.length + TIME_BITS; i++) {
    const carry = (crc >> (CHECK_BITS - 1)) ^ (cells[i] ?? 0);
    crc = ((crc << 1) & 0xfff) ^ (carry === 1 ? CRC_POLYNOMIAL : 0);
  }
  return crc;
}

function writeBits(cells: Uint8Array, start: number, count: number, value: number): void {
  for (let i = 0; i < count; i++) cells[start + i] = Math.floor(value / 2 ** (count - 1 - i)) % 2;
}

function readBits(cells: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = 2 * value + (cells[start + i] ?? 0);
  return value;
}
