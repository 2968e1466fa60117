/** What becomes of a publisher whose key another one asks for. */
export interface TakeoverOptions {
  /**
   * `silent`: it loses the key once it has been silent for long enough. `always`: it loses it at once. `never`: it keeps
   * it until its connection is gone.
   */
  readonly policy: 'silent' | 'always' | 'never';
  /** Seconds. */
  readonly silence: number;
}

/** The publisher that has the key, as far as the decision needs to know it. */
export interface Rival {
  /** ms since the last byte of media came from it. */
  silentForMs(): number;
}

/** `granted`: the newcomer gets the key, and the rival, if it is still there, is to go. */
export type Verdict = 'granted' | 'busy' | 'replaced' | 'cancelled' | 'closing';

/**
 * Media that comes later than this after the request (ms) was sent after it: by then, what was on its way has arrived.
 * A rival from which some comes is alive.
 */
const PROOF_OF_LIFE = 1000;

/** How often a rival is looked at while a newcomer waits (ms). */
const LOOK_INTERVAL = 100;

interface Newcomer {
  readonly rival: Rival;
  readonly since: number;
  readonly settle: (verdict: Verdict) => void;
}

/**
 * Decides between a publisher and a newcomer with the same key. An encoder whose connection died comes back within
 * seconds, while the dead connection still looks open; and an encoder that is told that its key is taken may give up for
 * good. So a newcomer waits until it is known which of the two it is: the rival falls silent, or it shows to be alive.
 * That takes no longer than the silence and the proof of life together, since a byte that comes before the proof counts
 * leaves only the silence to wait for.
 *
 * One newcomer waits at a time: one that comes later is the more likely to be there still, and takes the place.
 */
export class Takeover {
  readonly #options: TakeoverOptions;
  #newcomer: Newcomer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TakeoverOptions) {
    this.#options = options;
  }

  /** The verdict, at once where it is known. `cancelled` aborts when the newcomer has gone while it waited. */
  ask(rival: Rival, cancelled?: AbortSignal): Verdict | Promise<Verdict> {
    const { policy } = this.#options;
    if (policy === 'always' || (policy === 'silent' && this.#isSilent(rival))) {
      this.#settle('replaced');
      return 'granted';
    }
    return new Promise((resolve) => {
      this.#settle('replaced');
      const cancel = (): void => this.#settle('cancelled');
      cancelled?.addEventListener('abort', cancel, { once: true });
      const settle = (verdict: Verdict): void => {
        cancelled?.removeEventListener('abort', cancel);
        resolve(verdict);
      };
      this.#newcomer = { rival, since: performance.now(), settle };
      this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL);
    });
  }

  /** The rival has gone by itself: the key is free for who waits for it. */
  rivalGone(): void {
    this.#settle('granted');
  }

  /** Nobody publishes here any more. */
  close(): void {
    this.#settle('closing');
  }

  #look(): void {
    const { rival, since } = this.#newcomer!;
    const waited = performance.now() - since;
    const { policy, silence } = this.#options;
    if (policy === 'never') {
      if (waited >= PROOF_OF_LIFE + silence * 1000) this.#settle('busy');
    } else if (this.#isSilent(rival)) this.#settle('granted');
    else if (waited - rival.silentForMs() > PROOF_OF_LIFE) this.#settle('busy');
  }

  #isSilent(rival: Rival): boolean {
    return rival.silentForMs() >= this.#options.silence * 1000;
  }

  #settle(verdict: Verdict): void {
    const newcomer = this.#newcomer;
    this.#newcomer = undefined;
    clearInterval(this.#timer);
    newcomer?.settle(verdict);
  }
}
