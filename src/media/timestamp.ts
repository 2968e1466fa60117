/** A wrapping message timestamp: unsigned 32-bit milliseconds (RTMP 1.0 5.3.1, 6.1.1). */
export type WireTimestamp = number;

/** A timestamp in ms that no longer wraps. May be negative just after the start, never fractional. */
export type Milliseconds = number;

/** How near to a distance of exactly 2^31 ms a step must be to be read as a wrap of 31 bits. */
export const WRAP_31_WINDOW_MS = 60_000;

/** A step back by more than this on one track is a new timeline; less is a disorder to be smoothed. */
export const BACKWARD_JUMP_MS = 300;

/** A step forward by more than this on one track is a new timeline; less is a hole in this one. */
export const FORWARD_JUMP_MS = 2000;

const WRAP_31 = 2 ** 31;

/**
 * Unwraps timestamps that wrap at 2^32 by serial number arithmetic (RFC 1982), and those of senders that keep only 31
 * bits (FFmpeg's FLV muxer), whose wrap shows as a step of almost exactly 2^31.
 */
export class TimestampUnwrapper {
  #lastRaw: WireTimestamp | undefined;
  #time: Milliseconds = 0;

  /** What was unwrapped last; 0 to begin with. */
  get time(): Milliseconds {
    return this.#time;
  }

  /** Also takes steps back; no two successive timestamps may be more than 2^31 ms apart. */
  unwrap(raw: WireTimestamp): Milliseconds {
    this.#time = this.near(raw);
    this.#lastRaw = raw;
    return this.#time;
  }

  /** As {@link unwrap}, for a timestamp that the next ones need not be near to. */
  near(raw: WireTimestamp): Milliseconds {
    if (this.#lastRaw === undefined) return raw;
    const step = (raw - this.#lastRaw) | 0;
    const wraps31 = Math.abs(step) >= WRAP_31 - WRAP_31_WINDOW_MS;
    return this.#time + (wraps31 ? step - Math.sign(step) * WRAP_31 : step);
  }
}

/** True when two successive times of one track cannot belong to one timeline. */
export const isJump = (previous: Milliseconds, next: Milliseconds): boolean =>
  next < previous - BACKWARD_JUMP_MS || next > previous + FORWARD_JUMP_MS;
