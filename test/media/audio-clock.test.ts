import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioClock, MAX_AUDIO_DRIFT_MS } from '../../src/media/audio-clock.js';

const FRAME = 1024;

describe('AudioClock', () => {
  it('T1: counts samples exactly, whatever the milliseconds are rounded to', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8000, 22050, 44100, 48000, 96000),
        fc.integer({ min: 0, max: 500 }),
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 100, maxLength: 100 }),
        (sampleRate, start, jitter) => {
          const clock = new AudioClock(sampleRate);
          const first = clock.place(start, FRAME);
          expect(first).toBe(Math.round((start * sampleRate) / 1000));
          jitter.forEach((offset, i) => {
            const time = Math.round(start + ((i + 1) * FRAME * 1000) / sampleRate) + offset;
            expect(clock.place(time, FRAME)).toBe((first ?? 0) + (i + 1) * FRAME);
          });
        },
      ),
    );
  });

  it('T1: leaves a gap as a hole', () => {
    const clock = new AudioClock(48000);
    clock.place(0, FRAME);
    clock.place(21, FRAME);
    expect(clock.place(500, FRAME)).toBe(24000);
    expect(clock.place(521, FRAME)).toBe(24000 + FRAME);
  });

  it('T3: drops surplus frames until the count is right, and never goes back', () => {
    const clock = new AudioClock(48000);
    const places: (number | undefined)[] = [];
    // Frames arrive at twice the rate that their timestamps say.
    for (let i = 0; i < 200; i++) places.push(clock.place(Math.round((i * FRAME * 500) / 48000), FRAME));
    const kept = places.filter((place) => place !== undefined);
    expect(kept).toEqual(kept.map((_, i) => i * FRAME));
    expect(kept.length).toBeLessThan(200);
    const end = Math.round((199 * FRAME * 500) / 48000);
    expect(((kept.at(-1) ?? 0) * 1000) / 48000 - end).toBeLessThanOrEqual(MAX_AUDIO_DRIFT_MS + 22);
  });

  it('drops what comes before media time 0', () => {
    const clock = new AudioClock(48000);
    expect(clock.place(-30, FRAME)).toBeUndefined();
    expect(clock.place(-9, FRAME)).toBeUndefined();
    expect(clock.place(12, FRAME)).toBe(576);
  });

  it('T1: counts each frame by its own length', () => {
    const clock = new AudioClock(48000);
    const lengths = [960, 480, 2880, 120, 960];
    let time = 0;
    const places = lengths.map((samples) => {
      const place = clock.place(Math.round(time / 48), samples);
      time += samples;
      return place;
    });
    expect(places).toEqual([0, 960, 1440, 4320, 4440]);
  });
});
