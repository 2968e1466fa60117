import type { Clock } from '../../../src/check/transport.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that runs only while everybody sleeps: a minute passes in as long as its work takes. */
export class VirtualClock implements Clock {
  readonly #timers: Timer[] = [];
  #now: number;
  #count = 0;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#timers.push({ at: this.#now + Math.max(0, ms), order: this.#count++, wake });
    });
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    for (;;) {
      // By then everything that can go on without time passing has done so.
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return work;
      this.#timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#timers.shift();
      if (next === undefined) throw new Error('everybody waits and nobody sleeps');
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}
