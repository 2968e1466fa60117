import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePartTarget, fitPartTarget } from '../../src/cmaf/part-target.js';

const RATES = [
  [24_000, 1001],
  [24, 1],
  [25, 1],
  [30_000, 1001],
  [30, 1],
  [48, 1],
  [50, 1],
  [60_000, 1001],
  [60, 1],
  [120, 1],
] as const;

describe('the part target', () => {
  it('is a whole number of frames: 29.97 takes six, not five', () => {
    const target = choosePartTarget({ wanted: 0.2, frameRate: { num: 30_000, den: 1001 }, audio: undefined });
    expect(target).toEqual({ seconds: 0.2002, videoTicks: 18_018, audioTicks: undefined });
  });

  it('L2 and L3: full parts of every track last between 85 % and all of it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES),
        fc.constantFrom(16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
        fc.constantFrom(0.1, 0.2, 0.25, 0.333, 0.5, 1),
        ([num, den], sampleRate, wanted) => {
          const audio = { frameSamples: 1024, timescale: sampleRate };
          const target = choosePartTarget({ wanted, frameRate: { num, den }, audio });
          for (const length of [(target.videoTicks ?? 0) / 90_000, (target.audioTicks ?? 0) / sampleRate]) {
            expect(length).toBeLessThanOrEqual(target.seconds + 1e-9);
            expect(length).toBeGreaterThanOrEqual(target.seconds * 0.85 - 2e-5);
          }
          expect(target.seconds).toBeLessThan(wanted + 0.35);
        },
      ),
    );
  });

  it('of an audio-only stream is a whole number of audio frames', () => {
    const target = choosePartTarget({
      wanted: 0.2,
      frameRate: undefined,
      audio: { frameSamples: 1024, timescale: 44_100 },
    });
    expect(target.audioTicks).toBe(9 * 1024);
    expect(target.seconds).toBe(0.20898);
  });

  it('stays what it was when a later epoch has another frame rate', () => {
    const target = fitPartTarget(0.2, {
      frameRate: { num: 25, den: 1 },
      audio: { frameSamples: 1024, timescale: 44_100 },
    });
    expect(target).toEqual({ seconds: 0.2, videoTicks: 18_000, audioTicks: 8192 });
  });
});
