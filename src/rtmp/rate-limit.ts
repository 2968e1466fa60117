/** A token bucket holding one second's worth: bursts up to that, then the steady rate. Time comes in from outside. */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #last: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Takes tokens, one if not said; false when fewer are left. `now` in ms of any clock that does not run backwards. */
  take(now: number, count = 1): boolean {
    if (count === 0) return true;
    const elapsed = Math.max(0, now - (this.#last ?? now));
    this.#last = now;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsed * this.#perSecond) / 1000);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
