import type { Milliseconds } from './timestamp.js';

/** Longest text kept of any one value of a cue, in characters. */
export const MAX_CUE_TEXT = 512;

/** Values kept of a cue. */
export const MAX_CUE_VALUES = 16;

/** Longest splice_info_section kept, in bytes: section_length has twelve bits (SCTE 35 9.6), and few need two hundred. */
export const MAX_SCTE35_BYTES = 1024;

/**
 * Something that a publisher says of an instant of its stream: a place where a break begins or ends, a line of text, a
 * value of an application.
 */
export interface Cue {
  /** What it is about: a splice of the programme, text to be read, or anything else. */
  readonly type: 'splice' | 'text' | 'data';
  /** `out` begins a span whose end another cue tells, `in` ends it; a `point` stands for itself. */
  readonly role: 'out' | 'in' | 'point';
  /** What an `out` and its `in` have in common, and a cue with its repetitions; undefined where the publisher gave none. */
  readonly event: string | undefined;
  /** From the time of its message to the instant meant; above 0 where it is announced. */
  readonly offset: Milliseconds;
  /** Seconds: of an `out` as planned, of a `point` as it is. */
  readonly duration: number | undefined;
  /** What the publisher said beside that, by its own names; no more than {@link MAX_CUE_VALUES}. */
  readonly values: ReadonlyMap<string, string>;
  /** A whole splice_info_section (SCTE 35 9.6). */
  readonly scte35: Buffer | undefined;
}
