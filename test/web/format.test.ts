import { describe, expect, it } from 'vitest';
import {
  formatBitrate,
  formatChannels,
  formatClock,
  formatLatency,
  formatResolution,
  formatUptime,
} from '../../web/format.js';

describe('formatting', () => {
  it.each([
    [2_800_000, '2.8 Mb/s'],
    [12_340_000, '12 Mb/s'],
    [9_960_000, '10 Mb/s'],
    [999_999, '1.0 Mb/s'],
    [700_000, '700 kb/s'],
  ])('writes %d bits per second as %s', (bits, text) => {
    expect(formatBitrate(bits)).toBe(text);
  });

  it.each([
    [1, 'Mono'],
    [2, 'Stereo'],
    [6, '5.1'],
    [3, '3 channels'],
    [Number.NaN, ''],
  ])('names %d channels %s', (count, text) => {
    expect(formatChannels(count)).toBe(text);
  });

  it.each([
    [1280, 720, 60, '720p60'],
    [1280, 720, 59.94, '720p60'],
    [1920, 1080, 29.97, '1080p'],
    [1080, 1920, 30, '1080p'],
    [0, 0, 0, '0p'],
  ])('names a picture of %d x %d at %d frames per second %s', (width, height, rate, text) => {
    expect(formatResolution(width, height, rate)).toBe(text);
  });

  it.each([
    [0.63, '0.6 s'],
    [-0.2, '0.0 s'],
    [9.97, '10 s'],
    [42.4, '42 s'],
    [59.7, '1:00'],
    [125, '2:05'],
  ])('writes a latency of %d seconds as %s', (seconds, text) => {
    expect(formatLatency(seconds)).toBe(text);
  });

  it.each([
    [5, '0:05'],
    [75.4, '1:15'],
    [3675, '1:01:15'],
  ])('writes %d seconds on a clock as %s', (seconds, text) => {
    expect(formatClock(seconds)).toBe(text);
  });

  it.each([
    [-3, '0 s'],
    [59, '59 s'],
    [60 * 12, '12 min'],
    [3600, '1 h'],
    [3 * 3600 + 5 * 60, '3 h 5 min'],
    [24 * 3600, '1 d'],
    [52 * 3600, '2 d 4 h'],
  ])('writes an uptime of %d seconds as %s', (seconds, text) => {
    expect(formatUptime(seconds)).toBe(text);
  });
});
