import type { Random } from './random.js';

const TELLING_BYTES = [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xc0, 0xc2, 0xfe, 0xff];

/** Most changes are of so many bytes at most; one in five goes up to the second bound. */
const SHORT = 16;
const LONG = 2000;

/**
 * Changes some bytes: bits flipped, telling values put in, pieces cut out, doubled or taken from another input.
 * @param from changes lie behind this place, save for one in twenty
 */
export function mutate(
  original: Buffer,
  random: Random,
  { from = 0, others = [original] }: { readonly from?: number; readonly others?: readonly Buffer[] } = {},
): Buffer {
  let bytes = Buffer.from(original);
  for (let left = 1 + random.below(6); left > 0 && bytes.length > from; left--) {
    // Near the start, where headers are, rather than at the end.
    const start = random.chance(0.05) ? 0 : from;
    const at = Math.min(bytes.length - 1, start + Math.floor(random.next() ** 2 * (bytes.length - start)));
    const length = 1 + random.below(random.chance(0.8) ? SHORT : LONG);
    switch (random.below(6)) {
      case 0:
        bytes[at] = bytes[at]! ^ (1 << random.below(8));
        break;
      case 1:
        bytes[at] = random.of(TELLING_BYTES);
        break;
      case 2:
        bytes.fill(random.of(TELLING_BYTES), at, Math.min(at + length, at + 8, bytes.length));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default: {
        const other = random.of(others);
        const place = random.below(other.length);
        const piece = other.subarray(place, place + length);
        bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}
