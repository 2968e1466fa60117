/** A segment shorter than this says nothing of the peak rate (a cut-off last segment, mostly one keyframe). */
export const SHORTEST_MEASURED = 0.5;

/** Measures a rendition's peak and average rate from its complete segments, container included, HTTP not. */
export class BandwidthMeter {
  readonly #nominal: number;
  #peak = 0;
  #bytes = 0;
  #seconds = 0;
  #partBytes = 0;
  #partSeconds = 0;

  /** @param nominal bits per second to state until a segment was measured, and never to go below */
  constructor(nominal: number) {
    this.#nominal = nominal;
  }

  /** Parts tell until the first segment is complete. */
  addPart(bytes: number, seconds: number): void {
    if (this.#seconds > 0) return;
    this.#partBytes += bytes;
    this.#partSeconds += seconds;
  }

  addSegment(bytes: number, seconds: number): void {
    if (seconds <= 0) return;
    this.#bytes += bytes;
    this.#seconds += seconds;
    if (seconds >= SHORTEST_MEASURED) this.#peak = Math.max(this.#peak, (bytes * 8) / seconds);
  }

  /** Bits per second of the dearest segment so far. */
  get peak(): number {
    return Math.ceil(Math.max(this.#peak, this.#provisional, this.#nominal));
  }

  /** Bits per second over all segments so far. */
  get average(): number {
    const measured =
      this.#seconds === 0 ? this.#provisional || this.#nominal : (this.#bytes * 8) / this.#seconds;
    return Math.ceil(measured);
  }

  get #provisional(): number {
    return this.#peak > 0 || this.#partSeconds === 0 ? 0 : (this.#partBytes * 8) / this.#partSeconds;
  }
}
