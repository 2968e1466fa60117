import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePartTarget, partTicksOf, type PacedTrack } from '../../src/cmaf/part-target.js';

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

const video = (num: number, den = 1): PacedTrack => ({ kind: 'video', frameRate: { num, den } });
const audio = (timescale: number, frameSamples = 1024): PacedTrack => ({
  kind: 'audio',
  frameSamples,
  timescale,
});

describe('the part target', () => {
  it('is a whole number of frames: 29.97 takes six, not five', () => {
    const track = video(30_000, 1001);
    const target = choosePartTarget(0.2, [track]);
    expect(target).toBe(0.2002);
    expect(partTicksOf(track, target)).toBe(18_018);
  });

  it('L2 and L3: full parts of every track last between 85 % and all of it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES),
        fc.constantFrom(16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
        fc.constantFrom(0.1, 0.2, 0.25, 0.333, 0.5, 1),
        ([num, den], sampleRate, wanted) => {
          const picture = video(num, den);
          const sound = audio(sampleRate);
          const target = choosePartTarget(wanted, [picture, sound]);
          for (const length of [
            partTicksOf(picture, target) / 90_000,
            partTicksOf(sound, target) / sampleRate,
          ]) {
            expect(length).toBeLessThanOrEqual(target + 1e-9);
            expect(length).toBeGreaterThanOrEqual(target * 0.85 - 2e-5);
          }
          expect(target).toBeLessThan(wanted + 0.35);
        },
      ),
    );
  });

  it('L3: suits alternates too: half the frame rate, and sound of longer frames', () => {
    const tracks = [video(60), audio(48_000), video(30), audio(48_000, 4608)];
    const target = choosePartTarget(0.2, tracks);
    expect(target).toBe(0.2);
    for (const track of [video(50), video(25), audio(44_100, 4096)]) {
      const chosen = choosePartTarget(0.2, [video(50), video(25), audio(44_100, 4096)]);
      const scale = track.kind === 'video' ? 90_000 : track.timescale;
      expect(partTicksOf(track, chosen) / scale).toBeGreaterThanOrEqual(chosen * 0.85);
    }
  });

  it('of an audio-only stream is a whole number of audio frames', () => {
    const track = audio(44_100);
    const target = choosePartTarget(0.2, [track]);
    expect(target).toBe(0.20898);
    expect(partTicksOf(track, target)).toBe(9 * 1024);
  });

  it('stays what it was when a later epoch has another frame rate: parts hold the whole frames that fit', () => {
    expect(partTicksOf(video(25), 0.2)).toBe(18_000);
    expect(partTicksOf(audio(44_100), 0.2)).toBe(8192);
  });
});
