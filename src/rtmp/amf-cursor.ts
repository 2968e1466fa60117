import { MillraceError } from '../errors.js';

/** Objects and arrays inside one another. */
export const MAX_AMF_DEPTH = 16;

/** Values in one message, nested ones and properties included. */
export const MAX_AMF_ELEMENTS = 4096;

/** Where a decoder of AMF0 or AMF3 stands in a message: both share the bytes and what a message may ask for. */
export class AmfCursor {
  position = 0;
  #elements = 0;

  constructor(readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.position === this.bytes.length;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  /** Enters one more value. Recursion is bounded by its depth, allocation by the number of values. */
  enter(depth: number): void {
    if (depth > MAX_AMF_DEPTH) throw malformed(`nested deeper than ${MAX_AMF_DEPTH}`);
    if (++this.#elements > MAX_AMF_ELEMENTS) throw malformed(`more than ${MAX_AMF_ELEMENTS} values`);
  }

  /** Claims the next `count` bytes and returns where they begin. */
  take(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) throw malformed(`ends inside a value at byte ${start}`);
    this.position += count;
    return start;
  }

  byte(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  double(): number {
    return this.bytes.readDoubleBE(this.take(8));
  }

  text(length: number): string {
    const start = this.take(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /** A count of values of at least `size` bytes each: no more of them than there are bytes left. */
  count(count: number, size = 1): number {
    if (count * size > this.left) throw malformed(`${count} values in too few bytes`);
    return count;
  }

  /** The error for a marker, the byte just read, that no value begins with. */
  unknownMarker(marker: number): MillraceError {
    return malformed(`marker 0x${marker.toString(16).padStart(2, '0')} at byte ${this.position - 1}`);
  }
}

export const malformed = (what: string): MillraceError => new MillraceError('AMF_MALFORMED', `AMF: ${what}`);
