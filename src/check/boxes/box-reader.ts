/** A box of the ISO base media file format (ISO/IEC 14496-12 4.2) as a view into its file. */
export interface Box {
  readonly type: string;
  /** Position of the header in the file. */
  readonly offset: number;
  readonly size: number;
  /** What stands after the header. */
  readonly body: Buffer;
}

/** Boxes looked at in one container: what is beyond is a fault of the file. */
const MAX_BOXES = 10_000;

export interface BoxList {
  readonly boxes: readonly Box[];
  /** What is wrong with the boxes' sizes, in plain words; undefined when they add up. */
  readonly fault: string | undefined;
}

/** The boxes in a buffer, in order. Never throws. */
export function readBoxes(data: Buffer, base = 0): BoxList {
  const boxes: Box[] = [];
  let position = 0;
  while (position < data.length) {
    if (boxes.length >= MAX_BOXES) return { boxes, fault: 'there are too many boxes' };
    const left = data.length - position;
    if (left < 8) return { boxes, fault: `${left} bytes are left over after the last box` };
    const type = data.toString('latin1', position + 4, position + 8);
    let size = data.readUInt32BE(position);
    let header = 8;
    if (size === 1 && left >= 16) {
      size = Number(data.readBigUInt64BE(position + 8));
      header = 16;
    } else if (size === 0) size = left;
    if (size < header || size > left)
      return { boxes, fault: `box "${printable(type)}" at ${base + position} says ${size} of ${left} bytes` };
    boxes.push({
      type,
      offset: base + position,
      size,
      body: data.subarray(position + header, position + size),
    });
    position += size;
  }
  return { boxes, fault: undefined };
}

const printable = (type: string): string => type.replace(/[^\x20-\x7e]/g, '?');

export const childrenOf = (box: Box): readonly Box[] => readBoxes(box.body, box.offset).boxes;

export const find = (boxes: readonly Box[], type: string): Box | undefined =>
  boxes.find((box) => box.type === type);

/** The box at the end of a path of types. */
export function findPath(boxes: readonly Box[], ...path: readonly string[]): Box | undefined {
  let level = boxes;
  let found: Box | undefined;
  for (const type of path) {
    found = find(level, type);
    if (found === undefined) return undefined;
    level = childrenOf(found);
  }
  return found;
}

/** Reads numbers from the front of a box; past the end it gives zeros and remembers that it did. */
export class Cursor {
  readonly #data: Buffer;
  #position = 0;
  overrun = false;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length - this.#position;
  }

  /** An unsigned number of 1, 2, 3, 4 or 8 bytes. */
  unsigned(bytes: 1 | 2 | 3 | 4 | 8): number {
    const at = this.#advance(bytes);
    if (at === undefined) return 0;
    return bytes === 8 ? Number(this.#data.readBigUInt64BE(at)) : this.#data.readUIntBE(at, bytes);
  }

  signed(bytes: 4 | 8): number {
    const at = this.#advance(bytes);
    if (at === undefined) return 0;
    return bytes === 8 ? Number(this.#data.readBigInt64BE(at)) : this.#data.readInt32BE(at);
  }

  text(bytes: number): string {
    const at = this.#advance(bytes);
    return at === undefined ? '' : this.#data.toString('latin1', at, at + bytes);
  }

  skip(bytes: number): void {
    this.#advance(bytes);
  }

  rest(): Buffer {
    return this.#data.subarray(this.#position);
  }

  #advance(bytes: number): number | undefined {
    const at = this.#position;
    if (at + bytes > this.#data.length) {
      this.overrun = true;
      return undefined;
    }
    this.#position = at + bytes;
    return at;
  }
}
