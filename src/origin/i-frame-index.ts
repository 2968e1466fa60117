import type { SegmenterPart } from '../cmaf/segmenter.js';
import { toSeconds } from '../media/time.js';
import { BandwidthMeter, SHORTEST_MEASURED } from './bandwidth.js';
import type { IFrameInfo, IFrameTotals, SegmentInfo } from './snapshot.js';

/** Bits per second stated until an I-frame was measured. */
const UNKNOWN_BANDWIDTH = 1;

const round5 = (seconds: number): number => Math.round(seconds * 1e5) / 1e5;

/**
 * The I-frames of one video rendition as its I-frame playlist lists them: how they are numbered and what they cost.
 *
 * An I-frame stands for the time up to the next one or to the end of its segment, whichever comes first: what is listed
 * never changes, and a segment that follows without a keyframe at its start begins with a gap.
 */
export class IFrameIndex {
  readonly #bandwidth = new BandwidthMeter(UNKNOWN_BANDWIDTH);
  #first: number;
  #next: number;
  #count = 0;

  /** @param first media sequence number of the first I-frame */
  constructor(first: number) {
    this.#first = first;
    this.#next = first;
  }

  /** The media sequence number of the next I-frame. */
  get next(): number {
    return this.#next;
  }

  get totals(): IFrameTotals {
    return {
      count: this.#count,
      first: this.#first,
      next: this.#next,
      peakBandwidth: this.#bandwidth.peak,
      averageBandwidth: this.#bandwidth.average,
    };
  }

  /** Takes a complete segment; `parts` is empty where its media are missing. I-frames within a part are passed over. */
  add(
    { duration, programDateTime }: SegmentInfo,
    parts: readonly SegmenterPart[],
    timescale: number,
  ): IFrameInfo[] {
    const start = parts[0]?.start ?? 0;
    const found: { at: number; bytes: IFrameInfo['bytes'] }[] = [];
    let position = 0;
    for (const { start: partStart, iFrame, data } of parts) {
      if (iFrame !== undefined) {
        const bytes = { offset: position + iFrame.offset, length: iFrame.length };
        found.push({ at: round5(toSeconds(partStart - start, timescale)), bytes });
      }
      position += data.length;
    }
    if (parts[0]?.iFrame === undefined) found.unshift({ at: 0, bytes: undefined });
    const iFrames = found.map(({ at, bytes }, i) => ({
      duration: round5((found[i + 1]?.at ?? duration) - at),
      programDateTime: programDateTime + at * 1000,
      bytes,
    }));
    this.#next += iFrames.length;
    this.#count += countShown(iFrames);
    this.#measure(iFrames);
    return iFrames;
  }

  /** A segment left the playlist, and its I-frames with it. */
  remove({ iFrames }: SegmentInfo): void {
    this.#first += iFrames.length;
    this.#count -= countShown(iFrames);
  }

  /** Those that follow each other fast are measured together: a moment says nothing of a rate. */
  #measure(iFrames: readonly IFrameInfo[]): void {
    let total = 0;
    let seconds = 0;
    for (const { bytes, duration } of iFrames) {
      if (bytes === undefined) continue;
      total += bytes.length;
      seconds += duration;
      if (seconds < SHORTEST_MEASURED) continue;
      this.#bandwidth.addSegment(total, seconds);
      total = seconds = 0;
    }
    this.#bandwidth.addSegment(total, seconds);
  }
}

const countShown = (iFrames: readonly IFrameInfo[]): number =>
  iFrames.reduce((count, { bytes }) => (bytes === undefined ? count : count + 1), 0);
