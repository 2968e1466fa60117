import { MillraceError } from '../errors.js';

/** Reads a decoder configuration bit by bit, most significant first. Reading past the end is MEDIA_BAD_CONFIG. */
export class BitReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** An unsigned integer of `count` bits, 0 to 32. */
  bits(count: number): number {
    if (count > this.bitsLeft)
      throw new MillraceError('MEDIA_BAD_CONFIG', 'the configuration ends too early');
    let value = 0;
    for (let i = 0; i < count; i++, this.#position++) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
    }
    return value;
  }

  skip(count: number): void {
    if (count > this.bitsLeft)
      throw new MillraceError('MEDIA_BAD_CONFIG', 'the configuration ends too early');
    this.#position += count;
  }

  /** Moves to the next byte boundary, counted from the first bit. */
  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  /** ue(v), ITU-T H.264 9.1: an Exp-Golomb code of at most 32 bits' value, which must not exceed `max`. */
  unsignedGolomb(max: number): number {
    let zeros = 0;
    while (!this.flag()) {
      if (++zeros > 31) throw new MillraceError('MEDIA_BAD_CONFIG', 'an Exp-Golomb code is too long');
    }
    const value = 2 ** zeros - 1 + this.bits(zeros);
    if (value > max)
      throw new MillraceError('MEDIA_BAD_CONFIG', `an Exp-Golomb value of ${value} exceeds ${max}`);
    return value;
  }

  /** se(v), ITU-T H.264 9.1.1. */
  signedGolomb(): number {
    const code = this.unsignedGolomb(0xffff_ffff);
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
