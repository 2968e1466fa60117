/** Lets a few things happen at once and then one in each interval. The clock is the caller's: any unit. */
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

  /** Takes tokens, one if not said; false when fewer are left. A clock that goes back gives nothing and takes nothing. */
  take(now: number, count = 1): boolean {
    const elapsed = Math.max(0, now - (this.#last ?? now));
    this.#last = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed / this.#interval);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

/** So many a second, and a second's worth at once; times in ms. */
export const perSecond = (count: number): TokenBucket => new TokenBucket(count, 1000 / count);
