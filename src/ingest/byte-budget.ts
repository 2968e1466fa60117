/** A publisher may send this many times the ceiling, steadily. */
const HEADROOM = 2;

/** Seconds' worth that may come at once. */
const BURST = 10;

/** A token bucket over the bytes of one connection. Time comes in from outside, in ms. */
export class ByteBudget {
  /** Bytes per ms. */
  readonly #rate: number;
  readonly #burst: number;
  #left: number;
  #last: number;

  /** @param maxBitrate bits per second */
  constructor(maxBitrate: number, now: number) {
    this.#rate = (maxBitrate * HEADROOM) / 8000;
    this.#burst = this.#rate * 1000 * BURST;
    this.#left = this.#burst;
    this.#last = now;
  }

  /** False when these bytes are more than the budget has left. */
  take(bytes: number, now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#last) * this.#rate) - bytes;
    this.#last = now;
    return this.#left >= 0;
  }
}
