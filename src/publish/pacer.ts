import type { Rational } from '../media/time.js';

export interface PacerOptions {
  /** Ticks per second. */
  readonly rate: Rational;
  /** At most this many ticks are made up for at once; what lies further back is skipped. */
  readonly maxBehind: number;
}

/** Which ticks are due now: `count` of them from `first` on, after `skipped` that came too late. */
export interface Due {
  readonly first: number;
  readonly count: number;
  readonly skipped: number;
}

/**
 * Hands out the ticks of a fixed rate in real time. Tick n is due n periods after the start, whatever happened before,
 * so nothing drifts. Knows no clock: `now` is in ms of one that never jumps.
 */
export class Pacer {
  readonly #start: number;
  readonly #period: number;
  readonly #maxBehind: number;
  #next = 0;

  constructor(start: number, { rate, maxBehind }: PacerOptions) {
    this.#start = start;
    this.#period = (1000 * rate.den) / rate.num;
    this.#maxBehind = maxBehind;
  }

  due(now: number): Due {
    const until = Math.floor((now - this.#start) / this.#period) + 1;
    const first = Math.max(this.#next, until - this.#maxBehind);
    const due = { first, count: Math.max(0, until - first), skipped: first - this.#next };
    this.#next = first + due.count;
    return due;
  }

  /** ms until a tick is due, 0 when one is. */
  wait(now: number): number {
    return Math.max(0, this.#start + this.#next * this.#period - now);
  }
}
