import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TONE_RATE, fillTone } from '../../src/publish/tone.js';

const HUM_PEAK = 0.03;

/** ms of media time at which beeps begin in that many seconds of tone. */
function beeps(wallClockZero: number, seconds: number): number[] {
  const samples = new Float32Array(seconds * TONE_RATE);
  fillTone(samples, 0, wallClockZero);
  const starts: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) <= 2 * HUM_PEAK) return;
    if (i - last > TONE_RATE / 100) starts.push((i * 1000) / TONE_RATE);
    last = i;
  });
  return starts;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

describe('the tone', () => {
  it('beeps at each full second of the clock, wherever the clock stands at its start', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 }), (zero) => {
        // A beep that the tone may begin in is over by then.
        const heard = beeps(zero, 3.2).filter((start) => start > 120);
        expect(heard.length).toBeGreaterThanOrEqual(2);
        for (const start of heard) expect((zero + start) % 1000).toBeLessThan(4);
      }),
      { numRuns: 20 },
    );
  });

  it('is the same in blocks of 1024 as in one piece', () => {
    const zero = Date.UTC(2026, 6, 1, 12, 0, 57, 345);
    const whole = new Float32Array(1024 * 200);
    fillTone(whole, 5120, zero);
    const block = new Float32Array(1024);
    for (let i = 0; i < 200; i++) {
      fillTone(block, 5120 + i * 1024, zero);
      expect(Buffer.compare(bytesOf(block), bytesOf(whole.subarray(i * 1024, (i + 1) * 1024)))).toBe(0);
    }
  });

  it('is soft, without jumps, and a number in every sample', () => {
    const samples = new Float32Array(3 * TONE_RATE);
    fillTone(samples, 0, Date.UTC(2026, 6, 1, 12, 0, 59, 0));
    let [loudest, steepest] = [0, 0];
    samples.forEach((sample, i) => {
      loudest = Math.max(loudest, Math.abs(sample));
      if (i > 0) steepest = Math.max(steepest, Math.abs(sample - samples[i - 1]!));
    });
    // 1.5 kHz at its loudest, and the hum.
    expect(steepest).toBeLessThan(0.16 * 2 * Math.PI * (1500 / TONE_RATE) + 0.01);
    expect(loudest).toBeLessThan(0.2);
  });
});
