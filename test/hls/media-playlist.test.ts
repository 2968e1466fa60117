import { describe, expect, it } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { readAttributes, readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { WALL_CLOCK, frame, started, videoTrack } from '../support/synthetic-stream.js';

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

  it('M2 M4 L1 L14 keeps TARGETDURATION, PART-TARGET and SERVER-CONTROL constant', () => {
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

  it('T6 T7 states the version that EXT-X-MAP needs, and no higher one', () => {
    for (const p of all)
      expect([p.tags.get('EXT-X-VERSION'), p.tags.has('EXT-X-MAP')]).toEqual([['6'], true]);
  });

  it('M13 M23 M24 M25 has no tag of playlists that never shrink, begin elsewhere, tell rates or are encrypted', () => {
    for (const tag of ['EXT-X-PLAYLIST-TYPE', 'EXT-X-START', 'EXT-X-BITRATE', 'EXT-X-KEY'])
      expect(all.some((p) => p.tags.has(tag))).toBe(false);
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

  it('L6 L22 lists a part, and in every rendition, within a part target of its last frame', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 300, 60, (n) => {
      if (presentation.targetDuration === undefined) return;
      if (!presentation.isOpen) presentation.open();
      const text = renderMediaPlaylist(presentation.snapshot(), rendition) ?? '';
      const last = readPlaylist(text).segments.at(-1);
      const parts = last?.duration === undefined ? (last?.parts ?? []) : [];
      const listed = last?.duration ?? parts.reduce((sum, part) => sum + part.duration, 0);
      const edge = ((last?.dateTime ?? 0) - WALL_CLOCK) / 1000 + listed;
      // Sound waits for the picture of its time: a frame of each.
      expect((n + 1) / 30 - edge).toBeLessThan(0.2 + 1 / 30 + 1024 / 48_000);
    });
  });

  it('L8 L9 lists parts only near the live edge, of all segments from one on', () => {
    for (const p of all) {
      const bare = p.segments.findLastIndex((s) => s.parts.length === 0 && s.duration !== undefined);
      expect(p.segments.slice(0, bare + 1).flatMap((s) => s.parts)).toEqual([]);
    }
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

  it('P7 states date, init segment and discontinuity of a segment in front of its first part', () => {
    const presentation = newPresentation();
    const first = newEpoch(presentation);
    feed(first, 0, 130);
    presentation.open();
    first.finish();
    presentation.awaitNextEpoch();
    feed(newEpoch(presentation, {}, WALL_CLOCK + 6000), 0, 20);
    const lines = (renderMediaPlaylist(presentation.snapshot(), rendition) ?? '').split('\n');
    const from = lines.indexOf('#EXT-X-DISCONTINUITY');
    const tags = lines.slice(from, from + 4).map((line) => line.slice(1, line.indexOf(':')));
    expect(from).toBeGreaterThan(0);
    expect(tags.slice(1)).toEqual(['EXT-X-MAP', 'EXT-X-PROGRAM-DATE-TIME', 'EXT-X-PART']);
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

  it('T9 is one version of the presentation, whatever is added while it is sent', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 130);
    presentation.open();
    const snapshot = presentation.snapshot();
    const before = renderMediaPlaylist(snapshot, 'source');
    feed(epoch, 130, 400);
    expect(renderMediaPlaylist(snapshot, 'source')).toBe(before);
    expect(renderMediaPlaylist(presentation.snapshot(), 'source')).not.toBe(before);
  });

  it('M3 has the target duration of six seconds where such segments are asked for', () => {
    const presentation = newPresentation();
    feed(newEpoch(presentation, { segmentTarget: 6 }), 0, 30 * 20);
    presentation.open();
    const p = readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'source') ?? '');
    expect([p.targetDuration, ...p.segments.slice(0, 3).map((s) => s.duration)]).toEqual([6, 6, 6, 6]);
  });

  it('M9 lists six segments at least, however short the window is', () => {
    for (const p of versions('source', 30 * 40, 6).slice(-30))
      expect(p.segments.filter((s) => s.uri !== undefined)).toHaveLength(6);
  });

  it('L8 M11 keeps segments and parts that have left it for three target durations', () => {
    const presentation = newPresentation(20);
    feed(newEpoch(presentation), 0, 30 * 40);
    presentation.open();
    const { mediaSequence = 0, segments = [] } = presentation.snapshot().renditions[0] ?? {};
    const epoch = segments[0]?.epoch ?? '';
    const rendition = presentation.rendition('source');
    expect(mediaSequence).toBeGreaterThan(5);
    for (const msn of [1, 2, 3].map((n) => mediaSequence - n)) {
      expect(rendition?.segment(epoch, msn)?.length).toBeGreaterThan(0);
      expect(rendition?.part(epoch, msn, 9)?.length).toBeGreaterThan(0);
    }
  });

  it.each([23.976, 29.97, 59.94])('M15 adds up to the media at %d frames per second', (fps) => {
    const track = videoTrack(fps);
    const presentation = newPresentation(600);
    const epoch = newEpoch(presentation, { start: started(track, undefined) });
    for (let n = 0; n < fps * 120; n++) epoch.push('video', frame(n, Math.round(2 * fps), track));
    presentation.open();
    const { segments } = readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'source') ?? '');
    const listed = segments.filter((s) => s.uri !== undefined);
    const media = (listed.length * Math.round(2 * fps)) / (Math.round(fps * 1.001) / 1.001);
    expect(listed.length).toBeGreaterThan(55);
    expect(Math.abs(listed.reduce((sum, s) => sum + (s.duration ?? 0), 0) - media)).toBeLessThan(1 / fps);
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

  it('D20 offers delta updates of windows longer than two minutes', () => {
    const presentation = newPresentation(150);
    feed(newEpoch(presentation), 0, 30 * 160);
    presentation.open();
    const snapshot = presentation.snapshot();
    const delta = readPlaylist(renderMediaPlaylist(snapshot, 'source', 'segments') ?? '');
    expect(delta.skipped).toBeGreaterThan(60);
    expect(delta.segments.length).toBeLessThan(10);
  });

  it('D10 D11 D12 T6 skips what lies beyond the boundary, and the rest rebuilds the full playlist', () => {
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
