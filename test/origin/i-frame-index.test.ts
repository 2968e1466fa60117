import { describe, expect, it } from 'vitest';
import type { SegmenterPart } from '../../src/cmaf/segmenter.js';
import { IFrameIndex } from '../../src/origin/i-frame-index.js';
import type { SegmentInfo } from '../../src/origin/snapshot.js';

const PART = 18_000;

/** Parts of 0.2 s and 1000 bytes; each number is the length of the I-frame that one begins with. */
const partsOf = (...iFrames: readonly (number | undefined)[]): SegmenterPart[] =>
  iFrames.map((length, index) => ({
    type: 'part',
    msn: 0,
    index,
    start: 90_000 + index * PART,
    duration: PART,
    independent: length !== undefined,
    iFrame: length === undefined ? undefined : { offset: index === 0 ? 24 : 0, length },
    data: Buffer.alloc(1000),
    arrival: 0,
  }));

const segment = (duration: number, over: Partial<SegmentInfo> = {}): SegmentInfo => ({
  msn: 0,
  epoch: 'p-1',
  discontinuity: false,
  duration,
  programDateTime: 5000,
  complete: true,
  gap: false,
  parts: [],
  iFrames: [],
  ...over,
});

describe('the index of I-frames', () => {
  it('V16 places each in its segment and gives it the time up to the next, or to the end', () => {
    const parts = partsOf(500, undefined, undefined, 300, undefined);
    expect(new IFrameIndex(0).add(segment(1), parts, 90_000)).toEqual([
      { duration: 0.6, programDateTime: 5000, bytes: { offset: 24, length: 500 } },
      { duration: 0.4, programDateTime: 5600, bytes: { offset: 3000, length: 300 } },
    ]);
  });

  it('M20 fills the time before the first, and a segment without any', () => {
    const index = new IFrameIndex(0);
    expect(index.add(segment(0.4), partsOf(undefined, 300), 90_000)).toEqual([
      { duration: 0.2, programDateTime: 5000, bytes: undefined },
      { duration: 0.2, programDateTime: 5200, bytes: { offset: 1000, length: 300 } },
    ]);
    const nothing = [{ duration: 2, programDateTime: 5000, bytes: undefined }];
    expect(index.add(segment(2), partsOf(undefined), 90_000)).toEqual(nothing);
    expect(index.add(segment(2, { gap: true }), [], 90_000)).toEqual(nothing);
    expect(index.totals).toMatchObject({ count: 1, first: 0, next: 4 });
  });

  it('M5 numbers on, and forgets what left the playlist', () => {
    const index = new IFrameIndex(7);
    const parts = partsOf(undefined, 500, 300);
    const iFrames = index.add(segment(0.6), parts, 90_000);
    index.add(segment(0.6), parts, 90_000);
    expect(index.totals).toMatchObject({ count: 4, first: 7, next: 13 });
    index.remove(segment(0.6, { iFrames }));
    expect(index.totals).toMatchObject({ count: 2, first: 10, next: 13 });
    expect(index.next).toBe(13);
  });

  it('V2 measures I-frames alone, those that follow each other fast together, and gaps not at all', () => {
    const index = new IFrameIndex(0);
    index.add(segment(2), partsOf(500), 90_000);
    index.add(segment(2), [], 90_000);
    expect(index.totals).toMatchObject({ peakBandwidth: 2000, averageBandwidth: 2000 });
    index.add(segment(1.2), partsOf(900, 300, 300), 90_000);
    // 1500 bytes for 1.2 s, the first two of which are too short to tell alone; 2000 for 3.2 s in all.
    expect(index.totals).toMatchObject({ peakBandwidth: 10_000, averageBandwidth: 5000 });
  });
});
