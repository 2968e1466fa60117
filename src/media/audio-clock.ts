import { rescale, type Ticks } from './time.js';
import type { Milliseconds } from './timestamp.js';

/** How far the count of samples may run from the timestamps before they win. */
export const MAX_AUDIO_DRIFT_MS = 100;

/**
 * Counts samples instead of believing millisecond timestamps: each frame begins where the last one ended, in ticks of
 * the sample rate. Beyond MAX_AUDIO_DRIFT_MS the timestamps win: a gap is left as a hole, and surplus frames are
 * dropped until the count is right again.
 */
export class AudioClock {
  readonly #sampleRate: number;
  #next: Ticks | undefined;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /**
   * Where the next frame goes; undefined when it must be dropped. `time` is its timestamp in ms after media time 0,
   * `samples` its own length: frames of one track may differ in it.
   */
  place(time: Milliseconds, samples: Ticks): Ticks | undefined {
    const stamped = rescale(time, 1000, this.#sampleRate);
    const maxDrift = rescale(MAX_AUDIO_DRIFT_MS, 1000, this.#sampleRate);
    if (this.#next === undefined) {
      if (stamped < 0) return undefined;
      this.#next = stamped;
    } else if (stamped > this.#next + maxDrift) {
      this.#next = stamped;
    } else if (stamped < this.#next - maxDrift) {
      return undefined;
    }
    const start = this.#next;
    this.#next += samples;
    return start;
  }
}
