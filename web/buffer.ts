/** The part of the browser's TimeRanges that is needed to measure a buffer. */
export interface Ranges {
  readonly length: number;
  start(index: number): number;
  end(index: number): number;
}

/** A hole that the browser or hls.js steps over by itself, in seconds. */
const STEPPABLE_HOLE = 0.5;

/** Seconds of media in hand from `time` on; small holes do not end it. */
export function bufferAhead(ranges: Ranges, time: number): number {
  let reached = time;
  for (let i = 0; i < ranges.length; i += 1) {
    if (ranges.end(i) <= reached) continue;
    if (ranges.start(i) > reached + STEPPABLE_HOLE) break;
    reached = ranges.end(i);
  }
  return reached - time;
}
