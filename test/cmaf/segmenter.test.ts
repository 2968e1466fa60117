import { describe, expect, it } from 'vitest';
import { SegmentPlan } from '../../src/cmaf/segment-plan.js';
import { Segmenter, type SegmenterOutput } from '../../src/cmaf/segmenter.js';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { audioTrack, frame, sound, videoTrack } from '../support/synthetic-stream.js';

const PART = 18_000;

function setUp(targetDuration = 2) {
  const plan = new SegmentPlan({ firstMsn: 0, timescale: 90_000, segmentTarget: 2, targetDuration });
  const segmenter = new Segmenter({ track: videoTrack(), plan, firstMsn: 0, partTicks: PART, baseTime: 0 });
  const push = (unit: AccessUnit): SegmenterOutput[] => {
    plan.offer(unit.dts, unit.pts, unit.duration, unit.keyframe);
    return segmenter.push(unit);
  };
  return { plan, segmenter, push };
}

const brief = (outputs: readonly SegmenterOutput[]): string[] =>
  outputs.map((o) =>
    o.type === 'part' ? `${o.msn}.${o.index} ${o.duration}${o.independent ? ' I' : ''}` : `end ${o.msn}`,
  );

/** tfdt of a part: after moof's mfhd and tfhd; found by its name, which no test payload holds. */
function decodeTime(part: Buffer): number {
  return Number(part.readBigUInt64BE(part.indexOf('tfdt') + 8));
}

describe('the segmenter', () => {
  it('closes a part as soon as its last frame is there, and a segment when the next keyframe is', () => {
    const { push } = setUp();
    const outputs: string[] = [];
    for (let n = 0; n < 61; n++) outputs.push(...brief(push(frame(n))).map((line) => `${n}: ${line}`));
    expect(outputs[0]).toBe('5: 0.0 18000 I');
    expect(outputs[1]).toBe('11: 0.1 18000');
    expect(outputs.slice(-2)).toEqual(['59: 0.9 18000', '60: end 0']);
  });

  it('V16 tells where a keyframe lies that a part begins with: from the moof to the end of its first sample', () => {
    const { push } = setUp();
    const parts = Array.from({ length: 61 }, (_, n) => push(frame(n, 30)))
      .flat()
      .filter((o) => o.type === 'part');
    expect(parts.map((part) => part.iFrame !== undefined)).toEqual(parts.map((_, i) => i % 5 === 0));
    for (const [i, { data, iFrame }] of parts.entries()) {
      if (iFrame === undefined) continue;
      const range = data.subarray(iFrame.offset, iFrame.offset + iFrame.length);
      expect(range.toString('latin1', 4, 8)).toBe('moof');
      expect(range.subarray(-12).equals(frame(i * 6, 30).data)).toBe(true);
      expect(data.length - iFrame.offset - iFrame.length).toBe(5 * 12);
    }
  });

  it('V16 tells of no keyframe within a part, and of none of sound', () => {
    const { plan, push } = setUp(4);
    const parts = Array.from({ length: 12 }, (_, n) => push({ ...frame(n), keyframe: n === 0 || n === 8 }))
      .flat()
      .filter((o) => o.type === 'part');
    expect(parts.map((part) => [part.independent, part.iFrame !== undefined])).toEqual([
      [true, true],
      [true, false],
    ]);
    const track = audioTrack();
    const audio = new Segmenter({ track, plan, firstMsn: 0, partTicks: 9 * 1024, baseTime: 0 });
    const [first] = Array.from({ length: 9 }, (_, n) => audio.push(sound(n))).flat();
    expect(first).toMatchObject({ independent: true, iFrame: undefined });
  });

  it('L3 ends a segment with a short part where the keyframe comes early', () => {
    const { push } = setUp();
    const outputs = Array.from({ length: 51 }, (_, n) => push(frame(n, 50))).flat();
    expect(brief(outputs).slice(-2)).toEqual(['0.8 6000', 'end 0']);
  });

  it('closes the last part and the segment at once where the boundary is known already', () => {
    const { plan, push } = setUp();
    for (let n = 0; n <= 60; n++) push(frame(n));
    const rung = new Segmenter({ track: videoTrack(), plan, firstMsn: 0, partTicks: PART, baseTime: 0 });
    const last = Array.from({ length: 60 }, (_, n) => rung.push(frame(n))).at(-1) ?? [];
    expect(brief(last)).toEqual(['0.9 18000', 'end 0']);
  });

  it('cuts sound at the frame nearest to the boundary of the picture', () => {
    const { plan, push } = setUp();
    for (let n = 0; n <= 120; n++) push(frame(n));
    const track = audioTrack();
    const audio = new Segmenter({ track, plan, firstMsn: 0, partTicks: 9 * 1024, baseTime: 0 });
    const starts = Array.from({ length: 200 }, (_, n) => audio.push(sound(n)))
      .flat()
      .filter((o) => o.type === 'part' && o.index === 0)
      .map((o) => (o.type === 'part' ? o.start : 0));
    for (const [i, start] of starts.entries()) expect(Math.abs(start - i * 96_000)).toBeLessThanOrEqual(512);
    expect(starts).toHaveLength(3);
  });

  it('puts the epoch at its place on the presentation timeline', () => {
    const plan = new SegmentPlan({ firstMsn: 3, timescale: 90_000, segmentTarget: 2, targetDuration: 2 });
    const base = 60 * 60 * 24 * 90_000;
    const segmenter = new Segmenter({
      track: videoTrack(),
      plan,
      firstMsn: 3,
      partTicks: PART,
      baseTime: base,
    });
    const parts = Array.from({ length: 6 }, (_, n) => {
      plan.offer(n * 3000, n * 3000, 3000, n === 0);
      return segmenter.push(frame(n));
    }).flat();
    expect(parts.map((o) => (o.type === 'part' ? decodeTime(o.data) : 0))).toEqual([base]);
  });

  it('L2 L3 L4 M15 M16 fills every part where the clock of the source is followed in small steps', () => {
    const { push } = setUp();
    const late = (n: number): AccessUnit => {
      const steps = Math.floor(n / 7) * 100;
      return { ...frame(n), dts: n * 3000 + steps, pts: n * 3000 + steps };
    };
    const outputs = Array.from({ length: 61 }, (_, n) => push(late(n))).flat();
    expect(outputs.at(-1)).toMatchObject({ type: 'segment-end', start: 0, end: 180_000 });
    const parts = outputs.filter((o) => o.type === 'part');
    expect(parts).toHaveLength(10);
    for (const [i, { start, duration }] of parts.entries()) {
      expect([start, duration]).toEqual([i * 18_000, 18_000]);
    }
  });

  it('L2 M16 covers a hole of the source without a part longer than the target or a break in time', () => {
    const { push } = setUp(4);
    const outputs = [0, 1, 2, 3, 30, 31, 32, 33, 34, 35, 36, 60].flatMap((n) => push(frame(n)));
    const parts = outputs.filter((o) => o.type === 'part');
    expect(parts.map((o) => [o.start / 3000, o.duration / 3000])).toEqual([
      [0, 6],
      [6, 6],
      [31, 6],
    ]);
    expect(outputs.at(-1)).toMatchObject({ type: 'segment-end', start: 0, end: 60 * 3000 });
  });

  it('M16 shows the frame after a dropped one from the end of the part before', () => {
    const { push } = setUp();
    const outputs = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11].flatMap((n) => push(frame(n)));
    const parts = outputs.filter((o) => o.type === 'part');
    expect(parts.map((o) => [o.start / 3000, o.duration / 3000])).toEqual([
      [0, 6],
      [6, 6],
    ]);
    expect(parts.map((o) => decodeTime(o.data) / 3000)).toEqual([0, 6]);
  });

  it('stretches a frame over a dropped one within a part', () => {
    const { push } = setUp();
    const outputs = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12].flatMap((n) => push(frame(n)));
    const parts = outputs.filter((o) => o.type === 'part');
    expect(parts.map((o) => [o.start / 3000, o.duration / 3000])).toEqual([
      [0, 6],
      [6, 6],
    ]);
  });

  it('P5 ends a segment where the next begins, whatever is missing between', () => {
    const { push } = setUp();
    const frames = Array.from({ length: 130 }, (_, n) => n).filter((n) => n % 60 < 50 || n >= 120);
    const ends = frames.flatMap((n) => push(frame(n))).filter((o) => o.type === 'segment-end');
    expect(ends.map((o) => [(o.start ?? 0) / 3000, o.end / 3000])).toEqual([
      [0, 60],
      [60, 120],
    ]);
  });

  it('numbers on when a rung missed a whole segment', () => {
    const { plan, push } = setUp();
    for (let n = 0; n <= 180; n++) push(frame(n));
    const rung = new Segmenter({ track: videoTrack(), plan, firstMsn: 0, partTicks: PART, baseTime: 0 });
    const ends = [0, 1, 2, 120, 121]
      .flatMap((n) => rung.push(frame(n)))
      .filter((o) => o.type === 'segment-end');
    expect(ends.map((o) => [o.msn, o.start])).toEqual([
      [0, 0],
      [1, undefined],
    ]);
  });

  it('L17 hints the next part, and the next segment where this one is expected to end', () => {
    const { segmenter, push } = setUp();
    const hints: string[] = [];
    for (let n = 0; n < 126; n++) {
      push(frame(n));
      hints.push(`${segmenter.next.msn}.${segmenter.next.part}`);
    }
    expect(hints[0]).toBe('0.0');
    expect(hints[5]).toBe('0.1');
    expect(hints[119]).toBe('2.0');
    expect(hints[125]).toBe('2.1');
  });

  it('C3: leaves a picture in its segment that is decoded behind the one shown last', () => {
    const { plan, push } = setUp();
    // 0, 2, 1, 4, 3 to 60, 59, and so on.
    const reordered = (n: number): AccessUnit => {
      const at = n % 61;
      const shown = at === 0 ? n : at % 2 === 1 ? n + 1 : n - 1;
      return { ...frame(n, 61), pts: shown * 3000 };
    };
    for (let n = 0; n <= 61; n++) push(reordered(n));
    const late = new Segmenter({ track: videoTrack(), plan, firstMsn: 0, partTicks: PART, baseTime: 0 });
    const outputs = Array.from({ length: 61 }, (_, n) => late.push(reordered(n))).flat();
    expect(brief(outputs).slice(-2)).toEqual(['0.10 3000', 'end 0']);
  });

  it('M16, P5, L17: begins a segment with the pictures that are decoded behind its keyframe and shown before it', () => {
    const { segmenter, push } = setUp();
    const open = (n: number): AccessUnit => {
      const at = n < 58 ? 0 : (n + 2) % 60;
      const shown = n < 58 ? n : at === 0 ? n + 2 : at <= 2 ? n - 1 : n;
      return { ...frame(n), keyframe: n === 0 || (n >= 58 && at === 0), pts: shown * 3000 };
    };
    const ends: unknown[] = [];
    const hints: string[] = [];
    for (let n = 0; n <= 178; n++) {
      for (const o of push(open(n)))
        if (o.type === 'segment-end') ends.push([(o.start ?? 0) / 3000, o.end / 3000]);
      hints.push(`${segmenter.next.msn}.${segmenter.next.part}`);
    }
    expect(ends).toEqual([
      [0, 58],
      [58, 118],
      [118, 178],
    ]);
    expect([hints[117], hints[177]]).toEqual(['2.0', '3.0']);
  });

  it('finishes with whatever is pending', () => {
    const { segmenter, push } = setUp();
    const outputs = Array.from({ length: 8 }, (_, n) => push(frame(n))).flat();
    outputs.push(...segmenter.finish());
    expect(brief(outputs)).toEqual(['0.0 18000 I', '0.1 6000', 'end 0']);
    expect(segmenter.finish()).toEqual([]);
  });
});
