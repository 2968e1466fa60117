import { expect, it } from 'vitest';
import { STALL_TIMEOUT, StallWatch } from '../../src/rtmp/stall-watch.js';

it('a peer has stalled when it has taken nothing of what waits for a while', () => {
  const watch = new StallWatch();
  expect(watch.stalls(100, 50, 0)).toBe(false);
  expect(watch.stalls(100, 70, STALL_TIMEOUT)).toBe(false);
  expect(watch.stalls(100, 90, STALL_TIMEOUT + 1)).toBe(true);
});

it('a peer that takes a little, however slowly, has not stalled', () => {
  const watch = new StallWatch();
  for (let i = 0; i < 10; i++) expect(watch.stalls(i, 50, i * (STALL_TIMEOUT - 1))).toBe(false);
});

it('a peer has the time that a slow line needs for all that waits, of which a part is not seen to be taken', () => {
  const watch = new StallWatch();
  const group = 10_000_000;
  expect(watch.stalls(100, 50, 0)).toBe(false);
  expect(watch.stalls(100, group, 80_000 + STALL_TIMEOUT - 1)).toBe(false);
  expect(watch.stalls(100, group, 80_000 + STALL_TIMEOUT)).toBe(true);
});

it('a peer that had nothing to take has not stalled', () => {
  const watch = new StallWatch();
  expect(watch.stalls(100, 50, 0)).toBe(false);
  expect(watch.stalls(150, 0, 1)).toBe(false);
  expect(watch.stalls(150, 50, 2 * STALL_TIMEOUT)).toBe(false);
  expect(watch.stalls(150, 50, 3 * STALL_TIMEOUT)).toBe(false);
  expect(watch.stalls(150, 50, 3 * STALL_TIMEOUT + 1)).toBe(true);
});
