import { describe, expect, it } from 'vitest';
import { iFrameReadiness, parseDirectives } from '../../src/hls/directives.js';
import type { Skip } from '../../src/hls/directives.js';
import { renderIFramePlaylist } from '../../src/hls/i-frame-playlist.js';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { Epoch } from '../../src/origin/epoch.js';
import type { Presentation } from '../../src/origin/presentation.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { WALL_CLOCK, frame, sound } from '../support/synthetic-stream.js';

/** A stream whose segments last two seconds and hold two keyframes each. */
const GOP = 30;

const render = (presentation: Presentation, skip: Skip = 'none'): ReadPlaylist =>
  readPlaylist(renderIFramePlaylist(presentation.snapshot(), 'source', skip) ?? '');

const renderMedia = (presentation: Presentation): ReadPlaylist =>
  readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'source') ?? '');

function live(frames: number, window = 60): { presentation: Presentation; epoch: Epoch } {
  const presentation = newPresentation(window, 7);
  const epoch = newEpoch(presentation);
  feed(epoch, 0, frames, GOP);
  presentation.open();
  return { presentation, epoch };
}

/** Pushes only pictures, with keyframes where it is said. */
function pushFrames(epoch: Epoch, from: number, to: number, isKeyframe: (n: number) => boolean): void {
  for (let n = from; n < to; n++) epoch.push('video', { ...frame(n), keyframe: isKeyframe(n) });
}

const durations = (p: ReadPlaylist): (number | undefined)[] => p.segments.map((s) => s.duration);

describe('the I-frame playlist', () => {
  it('V16 T6 T7 L23 says what it is, in the lowest version, and lists no parts', () => {
    const { presentation } = live(200);
    const text = renderIFramePlaylist(presentation.snapshot(), 'source') ?? '';
    expect(text).toMatch(/^#EXTM3U\n#EXT-X-VERSION:5\n/);
    expect(text).toContain('#EXT-X-I-FRAMES-ONLY\n');
    expect(text).not.toMatch(/EXT-X-PART|PRELOAD-HINT|ENDLIST/);
  });

  it('M4 L14 has the TARGETDURATION and the SERVER-CONTROL of the others', () => {
    const { presentation } = live(200);
    const [own, media] = [render(presentation), renderMedia(presentation)];
    expect(own.targetDuration).toBe(media.targetDuration);
    expect(own.tags.get('EXT-X-SERVER-CONTROL')).toEqual(media.tags.get('EXT-X-SERVER-CONTROL'));
  });

  it('V16 lists each I-frame of the complete segments for the time up to the next', () => {
    const { presentation } = live(60 * 3 + 40);
    const p = render(presentation);
    expect(p.mediaSequence).toBe(7);
    expect(durations(p)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(p.segments.map((s) => s.uri)).toEqual([7, 7, 8, 8, 9, 9].map((msn) => `p-1/${msn}.m4s`));
    expect(new Set(p.segments.map((s) => s.map))).toEqual(new Set(['p-1/init.mp4']));
  });

  it('P1 P2 P5 dates each I-frame by the clock of the media playlist', () => {
    const { presentation } = live(60 * 3 + 1);
    const p = render(presentation);
    expect(p.segments.map((s) => s.dateTime)).toEqual([0, 1, 2, 3, 4, 5].map((n) => WALL_CLOCK + n * 1000));
    expect(p.segments[2]?.dateTime).toBe(renderMedia(presentation).segments[1]?.dateTime);
  });

  it('V16 states ranges that go from a moof to the last byte of the I-frame', () => {
    const { presentation } = live(60 * 3 + 1);
    const segments = presentation.rendition('source');
    const ranges = render(presentation).segments.map(({ uri, range: [start, end] = [0, 0] }) => {
      const body = segments?.segment('p-1', Number(uri?.match(/(\d+)\.m4s/)?.[1]));
      return body?.subarray(start, end) ?? Buffer.alloc(0);
    });
    for (const [i, bytes] of ranges.entries()) {
      const moof = bytes.readUInt32BE(0);
      expect(bytes.toString('latin1', 4, 8)).toBe('moof');
      expect(bytes.toString('latin1', moof + 4, moof + 8)).toBe('mdat');
      expect(bytes.subarray(moof + 8).equals(frame(i * GOP, GOP).data)).toBe(true);
    }
    expect(ranges).toHaveLength(6);
  });

  it('M5 M6 M7 appends at the end and removes from the front, in step with the media playlist', () => {
    const { presentation, epoch } = live(61, 10);
    const seen = new Map<number, string>();
    let before = 0;
    feed(epoch, 61, 30 * 40, GOP, () => {
      const p = render(presentation);
      expect(p.mediaSequence).toBeGreaterThanOrEqual(before);
      before = p.mediaSequence;
      for (const s of p.segments) {
        const what = JSON.stringify([s.uri, s.range, s.duration, s.dateTime]);
        expect(seen.get(s.msn) ?? what).toBe(what);
        seen.set(s.msn, what);
      }
      expect(p.segments[0]?.dateTime).toBe(renderMedia(presentation).segments.find((s) => s.uri)?.dateTime);
    });
    expect(before).toBeGreaterThan(20);
    expect([...seen.keys()]).toEqual(Array.from({ length: 40 - 2 }, (_, i) => 7 + i));
  });

  it('M20 lists a gap up to the first I-frame of a segment that begins without one', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    // After two seconds the keyframes stop, so a segment has to begin without one; then they come back.
    pushFrames(epoch, 0, 400, (n) => n === 0 || n === 60 || n === 150 || n === 210 || n === 270 || n === 330);
    presentation.open();
    const [own, media] = [render(presentation), renderMedia(presentation)];
    const complete = media.segments.filter((s) => s.uri !== undefined);
    const forced = complete.find((s) => s.msn === 2);
    const entries = own.segments.filter((s) => s.uri === forced?.uri);
    expect(entries.map((s) => [s.gap, s.range === undefined])).toContainEqual([true, true]);
    expect(entries[0]?.dateTime).toBe(forced?.dateTime);
    for (const s of own.segments)
      expect(Math.round(s.duration ?? 99)).toBeLessThanOrEqual(own.targetDuration); // M1
    const total = (p: readonly { duration: number | undefined }[]): number =>
      p.reduce((sum, s) => sum + (s.duration ?? 0), 0);
    expect(total(own.segments)).toBeCloseTo(total(complete), 4);
  });

  it('M17 M19 M20 goes on behind a DISCONTINUITY, with a gap for each segment whose media are missing', () => {
    const { presentation, epoch } = live(60 * 2 + 1);
    epoch.finish();
    const second = newEpoch(presentation, {}, WALL_CLOCK + 60_000);
    pushFrames(second, 0, 61, (n) => n % 60 === 0);
    pushFrames(second, 240, 361, (n) => n % 60 === 0);
    for (let n = 0; n < 300; n++) second.push('audio', sound(n));
    const [own, media] = [render(presentation), renderMedia(presentation)];
    const breaks = (p: ReadPlaylist): unknown =>
      p.segments.filter((s) => s.discontinuity).map((s) => [s.uri, s.dateTime, s.map]);
    expect(breaks(own)).toEqual(breaks(media));
    expect(own.segments.filter((s) => s.discontinuity)).toHaveLength(1);
    const gaps = (p: ReadPlaylist): unknown =>
      p.segments.filter((s) => s.gap).map((s) => [s.uri, s.dateTime, s.duration]);
    expect(gaps(own)).toEqual(gaps(media));
    expect(own.segments.some((s) => s.gap)).toBe(true);
    expect(own.discontinuitySequence).toBe(media.discontinuitySequence);
  });

  it('M14 ends with ENDLIST, its last I-frame standing for the rest', () => {
    const { presentation, epoch } = live(100);
    epoch.finish();
    presentation.end();
    const p = render(presentation);
    expect(p.ended).toBe(true);
    expect(p.reports).toEqual([]);
    expect(durations(p)).toEqual([1, 1, 1, 0.33333]);
  });

  it('L21 reports on every other playlist and not on itself', () => {
    const { presentation } = live(200);
    expect(render(presentation).reports.map(({ URI }) => URI)).toEqual([
      '../source/index.m3u8',
      '../audio/index.m3u8',
    ]);
    const own = renderMedia(presentation).reports.find(({ URI }) => URI === '../source/iframes.m3u8');
    expect(Number(own?.['LAST-MSN'])).toBe(render(presentation).segments.at(-1)?.msn);
  });

  it('D10 D11 D12 D13 skips what lies beyond the boundary, and the rest rebuilds the whole', () => {
    const { presentation } = live(30 * 40);
    const [full, delta] = [render(presentation), render(presentation, 'segments')];
    expect(delta.tags.get('EXT-X-VERSION')).toEqual(['9']);
    expect(delta.mediaSequence).toBe(full.mediaSequence);
    expect(full.segments.length - delta.skipped).toBe(12);
    expect([...full.segments.slice(0, delta.skipped), ...delta.segments]).toEqual(full.segments);
    expect(render(live(300).presentation, 'segments').skipped).toBe(0);
  });

  it('there is none of sound', () => {
    const { presentation } = live(200);
    expect(renderIFramePlaylist(presentation.snapshot(), 'audio')).toBeUndefined();
    expect(renderIFramePlaylist(presentation.snapshot(), 'none')).toBeUndefined();
  });
});

describe('a request for the I-frame playlist', () => {
  it('V18 waits for the first I-frame', () => {
    const { presentation, epoch } = live(40);
    const state = (): string => {
      const snapshot = presentation.snapshot();
      return snapshot.renditions
        .filter((r) => r.name === 'source')
        .map((r) => iFrameReadiness(snapshot, r, parseDirectives('')))
        .join();
    };
    expect(state()).toBe('wait');
    feed(epoch, 40, 61, GOP);
    expect(state()).toBe('ready');
  });

  it('L23 D2 D6 D8 D9 waits for the I-frame that it names, whatever part it names besides', () => {
    const { presentation, epoch } = live(60 * 3 + 40); // I-frames 7 to 12 are listed
    const ask = (query: string): string => {
      const snapshot = presentation.snapshot();
      const source = snapshot.renditions.find((r) => r.name === 'source');
      if (source === undefined) throw new Error('no source');
      return iFrameReadiness(snapshot, source, parseDirectives(query));
    };
    expect(['', '_HLS_msn=0', '_HLS_msn=12', '_HLS_msn=12&_HLS_part=9'].map(ask)).toEqual(
      Array.from({ length: 4 }, () => 'ready'),
    );
    expect(['_HLS_msn=13', '_HLS_msn=14', '_HLS_msn=13&_HLS_part=0'].map(ask)).toEqual(
      Array.from({ length: 3 }, () => 'wait'),
    );
    expect(ask('_HLS_msn=15')).toBe('too-far');
    feed(epoch, 60 * 3 + 40, 60 * 4 + 1, GOP);
    expect(ask('_HLS_msn=13')).toBe('ready');
    presentation.end();
    expect(ask('_HLS_msn=99')).toBe('ready');
  });
});
