import { beforeAll, describe, expect, it } from 'vitest';
import { parseDirectives, readiness, type Readiness } from '../../src/hls/directives.js';
import type { PresentationSnapshot } from '../../src/origin/snapshot.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';

describe('delivery directives', () => {
  it('D5 refuses a part without a segment', () => {
    expect(() => parseDirectives('_HLS_part=2')).toThrow(expect.objectContaining({ code: 'BAD_DIRECTIVE' }));
  });

  it.each(['-1', '1.5', 'x', '', '99999999999999999999', '1&_HLS_msn=2'])(
    'D16 refuses _HLS_msn=%s',
    (value) => {
      expect(() => parseDirectives(`_HLS_msn=${value}`)).toThrow(
        expect.objectContaining({ code: 'BAD_DIRECTIVE' }),
      );
    },
  );

  it('D15 takes any order and ignores what it does not know', () => {
    expect(parseDirectives('token=a&_HLS_part=3&_HLS_other=1&_HLS_msn=7')).toEqual({
      msn: 7,
      part: 3,
      skip: 'none',
    });
    expect(parseDirectives('_HLS_skip=YES')).toEqual({ msn: undefined, part: undefined, skip: 'segments' });
    expect(parseDirectives('_HLS_skip=v2').skip).toBe('date-ranges');
    expect(parseDirectives('_HLS_skip=no').skip).toBe('none');
  });
});

describe('a blocking reload', () => {
  let midSegment: PresentationSnapshot;
  let closedSegment: PresentationSnapshot;
  let ended: PresentationSnapshot;

  const ask = (snapshot: PresentationSnapshot, query: string): Readiness => {
    const rendition = snapshot.renditions.find((r) => r.name === 'source');
    if (rendition === undefined) throw new Error('no source');
    return readiness(snapshot, rendition, parseDirectives(query));
  };

  beforeAll(() => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 60 * 5 + 20);
    presentation.open();
    midSegment = presentation.snapshot(); // open segment 5 has parts 0, 1, 2
    feed(epoch, 60 * 5 + 20, 60 * 6 + 1);
    closedSegment = presentation.snapshot(); // segment 5 is complete with parts 0 to 9, 6 has none
    epoch.finish();
    presentation.end();
    ended = presentation.snapshot();
  });

  it('D2 waits for the whole segment when no part is named', () => {
    expect(ask(midSegment, '_HLS_msn=4')).toBe('ready');
    expect(ask(midSegment, '_HLS_msn=5')).toBe('wait');
    expect(ask(closedSegment, '_HLS_msn=5')).toBe('ready');
  });

  it('D3 waits for the named part or anything later', () => {
    expect(ask(midSegment, '_HLS_msn=5&_HLS_part=2')).toBe('ready');
    expect(ask(midSegment, '_HLS_msn=5&_HLS_part=3')).toBe('wait');
    expect(ask(closedSegment, '_HLS_msn=5&_HLS_part=3')).toBe('ready');
    expect(ask(closedSegment, '_HLS_msn=6&_HLS_part=0')).toBe('wait');
  });

  it('D4 takes a part beyond the end of a closed segment for the first of the next', () => {
    expect(ask(closedSegment, '_HLS_msn=5&_HLS_part=10')).toBe('wait');
    expect(ask(midSegment, '_HLS_msn=4&_HLS_part=10')).toBe('ready');
  });

  it('D6 refuses what is too far ahead', () => {
    expect(ask(midSegment, '_HLS_msn=7')).toBe('wait');
    expect(ask(midSegment, '_HLS_msn=8')).toBe('too-far');
    expect(ask(midSegment, '_HLS_msn=5&_HLS_part=17')).toBe('wait');
    expect(ask(midSegment, '_HLS_msn=5&_HLS_part=18')).toBe('too-far');
    expect(ask(closedSegment, '_HLS_msn=5&_HLS_part=24')).toBe('wait');
    expect(ask(closedSegment, '_HLS_msn=5&_HLS_part=25')).toBe('too-far');
  });

  it('D17 waits for the next part, whichever way a player counts at the end of a segment', () => {
    expect(ask(closedSegment, '_HLS_msn=6&_HLS_part=0')).toBe('wait');
    expect(ask(closedSegment, '_HLS_msn=5&_HLS_part=10')).toBe('wait');
    expect(ask(midSegment, '_HLS_msn=6&_HLS_part=0')).toBe('wait');
    expect(ask(midSegment, '_HLS_msn=6')).toBe('wait');
  });

  it('D8 answers at once for what is listed or gone', () => {
    expect(ask(midSegment, '_HLS_msn=0')).toBe('ready');
    expect(ask(midSegment, '_HLS_msn=0&_HLS_part=99')).toBe('ready');
  });

  it('D9 ignores directives after ENDLIST', () => {
    expect(ask(ended, '_HLS_msn=999')).toBe('ready');
  });
});
