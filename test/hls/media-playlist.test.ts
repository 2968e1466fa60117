import { describe, expect, it } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { readAttributes, readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { WALL_CLOCK } from '../support/synthetic-stream.js';

/** Every version of a rendition's playlist over `frames` frames, in order, without repeats. */
function versions(rendition: string, frames: number, window = 60, gop = 60): ReadPlaylist[] {
  const presentation = newPresentation(window);
  const epoch = newEpoch(presentation);
  const texts: string[] = [];
  feed(epoch, 0, frames, gop, () => {
    if (!presentation.isOpen && presentation.targetDuration !== undefined) presentation.open();
    const text = presentation.isOpen ? renderMediaPlaylist(presentation.snapshot(), rendition) : undefined;
    if (text !== undefined && text !== texts.at(-1)) texts.push(text);
  });
  return texts.map(readPlaylist);
}

describe.each(['source', 'audio'])('the media playlist of %s over time', (rendition) => {
  const all = versions(rendition, 30 * 40, 20);

  it('M2 M4 L14 keeps TARGETDURATION, PART-TARGET and SERVER-CONTROL constant', () => {
    expect(all.length).toBeGreaterThan(150);
    expect(new Set(all.map((p) => p.targetDuration))).toEqual(new Set([2]));
    expect(new Set(all.map((p) => p.partTarget))).toEqual(new Set([0.2]));
    expect(new Set(all.map((p) => p.tags.get('EXT-X-SERVER-CONTROL')?.join())).size).toBe(1);
  });

  it('T4 states each playlist tag once', () => {
    for (const p of all) {
      for (const tag of [
        'EXT-X-TARGETDURATION',
        'EXT-X-MEDIA-SEQUENCE',
        'EXT-X-PART-INF',
        'EXT-X-SERVER-CONTROL',
        'EXT-X-VERSION',
      ]) {
        expect(p.tags.get(tag)).toHaveLength(1);
      }
    }
  });

  it('M5 M6 M7 only appends at the end and removes from the front', () => {
    const seen = new Map<number, string>();
    for (const [i, p] of all.entries()) {
      expect(p.mediaSequence).toBeGreaterThanOrEqual(all[i - 1]?.mediaSequence ?? 0);
      for (const s of p.segments) {
        if (s.uri === undefined) continue;
        const what = JSON.stringify([s.uri, s.duration, s.dateTime, s.discontinuity, s.map]);
        expect(seen.get(s.msn) ?? what).toBe(what);
        seen.set(s.msn, what);
      }
    }
    expect(seen.size).toBe(Math.max(...seen.keys()) + 1);
  });

  it('M8 never gets shorter than three target durations, nor than the window', () => {
    for (const p of all.slice(-20)) {
      const listed = p.segments.reduce((sum, s) => sum + (s.duration ?? 0), 0);
      expect(listed).toBeGreaterThanOrEqual(20);
      expect(listed).toBeLessThan(20 + 2 * 2);
    }
  });

  it('M1 L2 L3 L4 keeps segments and parts within their targets, and parts add up to their segment', () => {
    for (const p of all) {
      for (const s of p.segments) {
        if (s.duration !== undefined) expect(Math.round(s.duration)).toBeLessThanOrEqual(p.targetDuration);
        for (const [i, part] of s.parts.entries()) {
          expect(part.duration).toBeLessThanOrEqual(p.partTarget);
          const last = s.uri !== undefined && i === s.parts.length - 1;
          if (!last) expect(part.duration).toBeGreaterThanOrEqual(0.85 * p.partTarget);
        }
        if (s.uri === undefined || s.parts.length === 0) continue;
        const sum = s.parts.reduce((total, part) => total + part.duration, 0);
        expect(Math.abs(sum - (s.duration ?? 0))).toBeLessThan(0.001);
      }
    }
  });

  it('L8 lists parts only near the live edge', () => {
    for (const p of all.slice(-20)) {
      expect(p.segments[0]?.parts).toEqual([]);
      expect(p.segments.at(-2)?.parts.length).toBeGreaterThan(0);
    }
  });

  it('L16 L17 hints exactly one part, which appears verbatim next', () => {
    for (const [i, p] of all.entries()) {
      expect(p.tags.get('EXT-X-PRELOAD-HINT')).toHaveLength(1);
      const next = all[i + 1];
      if (next === undefined) continue;
      const before = new Set(p.segments.flatMap((s) => s.parts.map((part) => part.uri)));
      const added = next.segments
        .flatMap((s) => s.parts.map((part) => part.uri))
        .filter((uri) => !before.has(uri));
      if (added[0] !== undefined) expect(added[0]).toBe(p.hint);
    }
  });

  it('P1 P3 P5 dates every segment by media time', () => {
    for (const p of all) {
      for (const [i, s] of p.segments.entries()) {
        const previous = p.segments[i - 1];
        expect(s.dateTime).toBeGreaterThanOrEqual(WALL_CLOCK);
        if (previous?.dateTime === undefined) continue;
        expect(
          Math.abs((s.dateTime ?? 0) - previous.dateTime - (previous.duration ?? 0) * 1000),
        ).toBeLessThanOrEqual(1);
      }
    }
  });

  it('L11 L12 L13 states hold-backs and the skip boundary that players demand', () => {
    const control = readAttributes(all[0]?.tags.get('EXT-X-SERVER-CONTROL')?.[0] ?? '');
    expect(control).toEqual({
      'CAN-BLOCK-RELOAD': 'YES',
      'CAN-SKIP-UNTIL': '12',
      'CAN-SKIP-DATERANGES': 'YES',
      'HOLD-BACK': '6',
      'PART-HOLD-BACK': '0.6',
    });
  });

  it('L21 reports on the other rendition, and on the I-frame playlist', () => {
    const other = rendition === 'source' ? 'audio' : 'source';
    for (const p of all) {
      const uris = p.reports.map(({ URI }) => URI);
      expect(uris.toSorted()).toEqual([`../${other}/index.m3u8`, '../source/iframes.m3u8'].toSorted());
      for (const report of p.reports)
        expect(Number(report['LAST-MSN'])).toBeGreaterThanOrEqual(p.mediaSequence);
      const parts = p.reports.filter((report) => report['LAST-PART'] !== undefined).map(({ URI }) => URI);
      expect(parts).toEqual(p.reports.filter(({ URI }) => URI?.includes('index')).map(({ URI }) => URI));
    }
  });
});

describe('the media playlist', () => {
  it('L5 marks the parts that hold a keyframe, and every part of sound', () => {
    const video = versions('source', 200).at(-1);
    const marked = video?.segments.map((s) => s.parts.map((part) => part.independent));
    expect(marked?.[0]).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
    const audio = versions('audio', 200).at(-1);
    expect(audio?.segments.every((s) => s.parts.every((part) => part.independent))).toBe(true);
  });

  it('V13 V14 cuts sound and picture at the same instants', () => {
    const [video, audio] = ['source', 'audio'].map((name) => versions(name, 400).at(-1));
    for (const s of video?.segments ?? []) {
      const other = audio?.segments.find((a) => a.msn === s.msn);
      expect(Math.abs((other?.dateTime ?? 0) - (s.dateTime ?? 0))).toBeLessThanOrEqual(1024 / 48 / 2 + 1);
    }
  });

  it('M14 ends with ENDLIST and without a hint', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 100);
    presentation.open();
    epoch.finish();
    presentation.end();
    const last = readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'source') ?? '');
    expect(last.ended).toBe(true);
    expect(last.hint).toBeUndefined();
    expect(last.segments.map((s) => s.duration)).toEqual([2, 1.33333]);
  });

  it('D10 D11 D12 skips what lies beyond the boundary, and the rest rebuilds the full playlist', () => {
    const presentation = newPresentation(60);
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 30 * 40);
    presentation.open();
    const snapshot = presentation.snapshot();
    const full = readPlaylist(renderMediaPlaylist(snapshot, 'source') ?? '');
    const text = renderMediaPlaylist(snapshot, 'source', 'segments') ?? '';
    const delta = readPlaylist(text);
    expect(text).toContain('#EXT-X-VERSION:9');
    expect(delta.skipped).toBeGreaterThan(5);
    expect(delta.mediaSequence).toBe(full.mediaSequence);
    expect([...full.segments.slice(0, delta.skipped), ...delta.segments]).toEqual(full.segments);
    const kept = delta.segments.reduce((sum, s) => sum + (s.duration ?? 0), 0);
    expect(kept).toBeLessThanOrEqual(6 * 2);
    expect(kept + 2).toBeGreaterThan(6 * 2);
  });

  it('D13 is sent whole when there is nothing to skip', () => {
    const presentation = newPresentation(60);
    feed(newEpoch(presentation), 0, 200);
    presentation.open();
    const snapshot = presentation.snapshot();
    expect(renderMediaPlaylist(snapshot, 'source', 'segments')).toBe(renderMediaPlaylist(snapshot, 'source'));
  });
});
