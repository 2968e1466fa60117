/**
 * Repeats an asynchronous question politely: one at a time, at an interval that the asker chooses anew each time,
 * with jitter so that many viewers do not ask in step.
 */
const JITTER = 0.2;

export class Poller {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  readonly #ask: () => Promise<void>;
  readonly #interval: () => number;

  /** `interval` gives seconds. What `ask` rejects with is the caller's of `now`; the polling goes on. */
  constructor(ask: () => Promise<void>, interval: () => number) {
    this.#ask = ask;
    this.#interval = interval;
  }

  /** Asks at once, unless a question is under way already. */
  async now(): Promise<void> {
    if (this.#asking) return;
    clearTimeout(this.#timer);
    this.#asking = true;
    try {
      await this.#ask();
    } finally {
      this.#asking = false;
      this.#schedule();
    }
  }

  /** The interval may have become shorter: count it from now. */
  reschedule(): void {
    if (!this.#asking) this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const jitter = 1 + JITTER * (2 * Math.random() - 1);
    this.#timer = setTimeout(() => void this.now(), this.#interval() * 1000 * jitter);
  }
}
