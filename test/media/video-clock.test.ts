import { describe, expect, it } from 'vitest';
import { VideoClock } from '../../src/media/video-clock.js';

const FPS_30 = { num: 30, den: 1 };

interface Picture {
  readonly time: number;
  readonly shown?: number;
  readonly keyframe?: boolean;
  readonly skippedAtStart?: boolean;
  readonly resumes?: boolean;
}

/** Where pictures go, as [dts, pts] in ms; undefined for those that are dropped. */
function place(pictures: readonly Picture[], zero: number, rate = FPS_30): (number[] | undefined)[] {
  const clock = new VideoClock(rate);
  return pictures.map(({ time, shown = time, keyframe = false, skippedAtStart = false, resumes = false }) => {
    const stamp = { kind: 'video', track: 0, time, compositionTime: shown - time } as const;
    const rest = { samples: 0, data: Buffer.alloc(1), arrival: 0 };
    const placed = clock.place({ ...stamp, ...rest, keyframe, skippedAtStart, resumes }, zero);
    return placed && [Math.round(placed.dts / 90), Math.round(placed.pts / 90)];
  });
}

describe('VideoClock', () => {
  it('begins with the first keyframe that is not shown before media time 0', () => {
    const pictures = [
      { time: 900, keyframe: true },
      { time: 933 },
      { time: 1100, keyframe: true },
      { time: 1133 },
    ];
    expect(place(pictures, 1000)).toEqual([undefined, undefined, [100, 100], [133, 133]]);
  });

  it('takes a keyframe that rounding has put a little before media time 0 as its beginning', () => {
    expect(place([{ time: 999, keyframe: true }, { time: 1033 }], 1000)).toEqual([
      [0, 0],
      [33, 33],
    ]);
  });

  it('T1, V13: begins on the grid that frames of its rate have from media time 0 on', () => {
    const clock = new VideoClock({ num: 30_000, den: 1001 });
    const unit = { kind: 'video', track: 1, compositionTime: 0, samples: 0, data: Buffer.alloc(1) } as const;
    const rest = { keyframe: true, skippedAtStart: false, resumes: false, arrival: 0 };
    // The 30th frame, rounded to ms.
    expect(clock.place({ ...unit, ...rest, time: 5001 }, 4000)).toMatchObject({ dts: 90_090, pts: 90_090 });
  });

  it('keeps its own time where it lies between the frames', () => {
    expect(place([{ time: 1015, keyframe: true }], 1000)).toEqual([[15, 15]]);
  });

  it('drops HEVC pictures that lean on what came before the start, and only there', () => {
    const pictures = [
      { time: 0, shown: 80, keyframe: true },
      { time: 33, shown: 46, skippedAtStart: true },
      { time: 66, shown: 146 },
      { time: 100, shown: 180, keyframe: true },
      { time: 133, shown: 146, skippedAtStart: true },
      { time: 166, shown: 246, keyframe: true, resumes: true },
      { time: 200, shown: 213, skippedAtStart: true },
      { time: 233, shown: 313 },
    ];
    expect(place(pictures, 80).map((placed) => placed !== undefined)).toEqual([
      ...[true, false, true],
      ...[true, true],
      ...[true, false, true],
    ]);
  });
});
