/** A peer that takes nothing of what waits for it for this long (ms) is given up. */
export const STALL_TIMEOUT = 15_000;

/**
 * Bytes in a ms (1 Mb/s) that are waited for besides: a socket does not say that anything is taken before all is that it
 * was given at once, which with a group of pictures is a lot.
 */
const SLOWEST = 125;

/** Tells a peer that is slow from one that takes nothing any more. Time comes in from outside. */
export class StallWatch {
  #taken = 0;
  /** Since when nothing was taken. */
  #since: number | undefined;

  /** `taken`: bytes that the peer has taken so far; `queued`: bytes that wait; `now` in ms. True when it has stalled. */
  stalls(taken: number, queued: number, now: number): boolean {
    if (queued === 0 || this.#since === undefined || taken !== this.#taken) {
      this.#taken = taken;
      this.#since = queued === 0 ? undefined : now;
      return false;
    }
    return now - this.#since >= STALL_TIMEOUT + queued / SLOWEST;
  }
}
