import { afterEach, expect, test } from 'vitest';
import { loadAddon } from '../../src/transcode/addon.js';

afterEach(() => {
  delete process.env['MILLRACE_NO_ADDON'];
});

test('the addon is built and says which libavcodec it runs with', () => {
  const state = loadAddon();
  if (!state.available) throw new Error(state.reason);
  expect(state.addon.libavcodec).toMatch(/^\d+\.\d+\.\d+$/);
});

test('loading again gives the same addon', () => {
  expect(loadAddon()).toBe(loadAddon());
});

test('MILLRACE_NO_ADDON=1 makes it unavailable, for one line of reason', () => {
  process.env['MILLRACE_NO_ADDON'] = '1';
  expect(loadAddon()).toEqual({ available: false, reason: 'MILLRACE_NO_ADDON is set' });
});
