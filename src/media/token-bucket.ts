/** Lets a few things happen at once and then one in each interval. The clock is the caller's. */
export class TokenBucket {
  readonly #burst: number;
  readonly #interval: number;
  #tokens: number;
  #last: number | undefined;

  /** @param interval in the unit of the times given to `take` */
  constructor(burst: number, interval: number) {
    this.#burst = burst;
    this.#interval = interval;
    this.#tokens = burst;
  }

  /** True when it may happen now. A clock that goes back gives nothing and takes nothing. */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - (this.#last ?? now));
    this.#last = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed / this.#interval);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
