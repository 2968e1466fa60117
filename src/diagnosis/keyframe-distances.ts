/** So many of the last distances are looked at. */
const KEPT = 16;

/** Distances between keyframes, in seconds. */
export interface KeyframeInterval {
  readonly last: number;
  readonly shortest: number;
  readonly longest: number;
  readonly mean: number;
}

/** Remembers how far apart the last keyframes were. */
export class KeyframeDistances {
  readonly #ring = new Float64Array(KEPT);
  #count = 0;
  #lastAt: number | undefined;

  /** A keyframe at this decode time, in seconds. */
  keyframe(at: number): void {
    if (this.#lastAt !== undefined && at > this.#lastAt) {
      this.#ring[this.#count % KEPT] = at - this.#lastAt;
      this.#count++;
    }
    this.#lastAt = at;
  }

  /** The clock begins anew. */
  restart(): void {
    this.#count = 0;
    this.#lastAt = undefined;
  }

  /** How long the newest keyframe is ago. */
  since(now: number): number {
    return this.#lastAt === undefined ? 0 : Math.max(0, now - this.#lastAt);
  }

  /** Undefined before there are two keyframes. */
  interval(): KeyframeInterval | undefined {
    const known = this.#ring.subarray(0, Math.min(this.#count, KEPT));
    if (known.length === 0) return undefined;
    return {
      last: this.#ring[(this.#count - 1) % KEPT] ?? 0,
      shortest: Math.min(...known),
      longest: Math.max(...known),
      mean: known.reduce((sum, distance) => sum + distance, 0) / known.length,
    };
  }
}
