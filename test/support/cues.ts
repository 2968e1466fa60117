import type { Cue } from '../../src/media/cue.js';

/** A cue of text, unless told. */
export const cueOf = (over: Partial<Cue> = {}): Cue => ({
  type: 'text',
  role: 'point',
  event: undefined,
  offset: 0,
  duration: undefined,
  values: new Map(),
  scte35: undefined,
  ...over,
});
