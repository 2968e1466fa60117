import { describe, expect, it } from 'vitest';
import { bufferAhead, type Ranges } from '../../web/buffer.js';

function ranges(...pairs: [number, number][]): Ranges {
  return {
    length: pairs.length,
    start: (i) => pairs[i]?.[0] ?? Number.NaN,
    end: (i) => pairs[i]?.[1] ?? Number.NaN,
  };
}

describe('the buffer ahead of the playhead', () => {
  it('is nothing when nothing is buffered there', () => {
    expect(bufferAhead(ranges(), 4)).toBe(0);
    expect(bufferAhead(ranges([1, 3], [6, 8]), 4)).toBe(0);
  });

  it('reaches to the end of the range the playhead is in', () => {
    expect(bufferAhead(ranges([0, 3], [4, 6.5]), 5)).toBe(1.5);
  });

  it('reaches over a hole small enough to be stepped over', () => {
    expect(bufferAhead(ranges([0, 3], [3.2, 6]), 2)).toBe(4);
    expect(bufferAhead(ranges([3.2, 6]), 3)).toBe(3);
  });

  it('ends at a hole that is larger', () => {
    expect(bufferAhead(ranges([0, 3], [3.8, 6]), 2)).toBe(1);
  });
});
