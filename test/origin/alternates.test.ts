import { describe, expect, it } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { AccessUnit } from '../../src/media/access-unit.js';
import type { TimelineStart } from '../../src/media/timeline-events.js';
import type { AlternateTrack } from '../../src/media/track.js';
import type { Epoch } from '../../src/origin/epoch.js';
import { nameAlternates } from '../../src/origin/rendition-names.js';
import type { Presentation } from '../../src/origin/presentation.js';
import { fakeTranscoders } from '../support/fake-transcoder.js';
import { newEpoch, newPresentation } from '../support/presentation.js';
import { readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

const picture = (id: number, height: number, fps = 30): AlternateTrack => ({
  id,
  track: videoTrack(fps, { displayWidth: (height * 16) / 9, displayHeight: height }),
});
const voice = (id: number): AlternateTrack => ({ id, track: audioTrack() });

const withAlternates = (...alternates: AlternateTrack[]): TimelineStart => ({
  ...started(videoTrack(30, { displayWidth: 1920, displayHeight: 1080 }), audioTrack()),
  alternates,
});

const read = (presentation: Presentation, name: string): ReadPlaylist =>
  readPlaylist(renderMediaPlaylist(presentation.snapshot(), name) ?? '');

const active = (presentation: Presentation): string[] =>
  presentation
    .snapshot()
    .renditions.filter((r) => r.active)
    .map((r) => r.name);

interface Offered {
  /** The alternate's unit that comes with the source's frame `n`; undefined for none. */
  readonly video?: (n: number) => AccessUnit | undefined;
  readonly audio?: (n: number) => boolean;
}

/** Frames [from, to) of the source with its sound, and of the alternate picture 1 and sound 1 what is offered. */
function play(
  epoch: Epoch,
  from: number,
  to: number,
  { video = frame, audio = () => true }: Offered = {},
): void {
  let next = Math.ceil(((from / 30) * 48_000) / 1024);
  for (let n = from; n < to; n++) {
    epoch.push('video', frame(n));
    const unit = video(n);
    if (unit) epoch.push('video', unit, 1);
    for (; next * 1024 < ((n + 1) / 30) * 48_000; next++) {
      epoch.push('audio', sound(next));
      if (audio(n)) epoch.push('audio', sound(next), 1);
    }
  }
}

describe('the tracks that an encoder sends beside the default ones', () => {
  it('E5: are named by their size, and sound by number', () => {
    const portrait = { id: 7, track: videoTrack(30, { displayWidth: 720, displayHeight: 1280 }) };
    const named = nameAlternates([picture(1, 720), picture(2, 360), portrait, voice(1), voice(4)]);
    expect(named.map(({ name }) => name)).toEqual(['720p', '360p', '720p-2', 'audio-2', 'audio-3']);
  });

  it('E5, V13: become renditions whose segments are those of the source, and no encoder runs', () => {
    const { create, made } = fakeTranscoders();
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, {
      start: withAlternates(picture(1, 720), voice(1)),
      rungs: [{ name: '90p', width: 160, height: 90, videoBitrate: 100_000 }],
      createTranscoder: create,
    });
    play(epoch, 0, 190);
    expect(made).toEqual([]);
    expect(epoch.rungStats()).toEqual([]);
    expect(active(presentation)).toEqual(['source', 'audio', '720p', 'audio-2']);
    const spans = (name: string): unknown[] =>
      read(presentation, name).segments.map((s) => [s.msn, s.uri, s.duration, s.dateTime, s.gap]);
    expect(spans('720p')).toEqual(spans('source'));
    expect(spans('audio-2')).toEqual(spans('audio'));
    expect(read(presentation, 'source').segments.filter((s) => s.uri)).toHaveLength(3);
  });

  it('L1: are out as early as the source: a part is not held back for a frame', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    play(epoch, 0, 66);
    const parts = (name: string): number | undefined =>
      read(presentation, name).segments.at(-1)?.parts.length;
    expect(parts('source')).toBe(1);
    expect(parts('720p')).toBe(1);
  });

  it('wait for the source where they run ahead of it', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    for (let n = 0; n < 20; n++) epoch.push('video', frame(n), 1);
    expect(active(presentation)).toEqual([]);
    play(epoch, 0, 130, { video: (n) => frame(n + 20) });
    expect(read(presentation, '720p').segments.map((s) => [s.msn, s.duration])).toEqual(
      read(presentation, 'source').segments.map((s) => [s.msn, s.duration]),
    );
  });

  it('M20: list a GAP where their picture has no keyframe at a segment, and nothing they list is without', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    play(epoch, 0, 310, {
      video: (n) => (n < 120 || n >= 180 ? frame(n) : { ...frame(n), keyframe: n === 130 }),
    });
    const { segments } = read(presentation, '720p');
    expect(segments.map((s) => s.gap)).toEqual([false, false, true, false, false, false]);
    for (const s of segments) if (!s.gap) expect(s.parts[0]?.independent ?? true).toBe(true);
    expect(segments.map((s) => s.msn)).toEqual(read(presentation, 'source').segments.map((s) => s.msn));
  });

  it('go on with the source where that itself has no keyframe at a segment', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    const sparse = (n: number): AccessUnit => ({
      ...frame(n),
      keyframe: n % 60 === 0 && (n < 70 || n > 200),
    });
    for (let n = 0; n < 260; n++) {
      epoch.push('video', sparse(n));
      epoch.push('video', sparse(n), 1);
    }
    expect(read(presentation, '720p').segments.map((s) => [s.msn, s.gap, s.duration])).toEqual(
      read(presentation, 'source').segments.map((s) => [s.msn, s.gap, s.duration]),
    );
    expect(read(presentation, 'source').segments.some((s) => s.parts[0]?.independent === false)).toBe(true);
  });

  it('M20: rest where nothing comes of them, in step with the source, and come back at a segment', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720), voice(1)) });
    play(epoch, 0, 130);
    expect(active(presentation)).toContain('720p');
    play(epoch, 130, 430, { video: () => undefined, audio: () => false });
    expect(active(presentation)).toEqual(['source', 'audio']);
    for (const name of ['720p', 'audio-2']) {
      const gaps = read(presentation, name).segments.map((s) => s.gap);
      expect(gaps).toEqual([false, false, false, true, true, true, true]);
    }
    play(epoch, 430, 610);
    expect(active(presentation)).toEqual(['source', 'audio', '720p', 'audio-2']);
    for (const name of ['720p', 'audio-2']) {
      const { segments } = read(presentation, name);
      expect(segments.map((s) => s.gap).slice(-3)).toEqual([false, false, false]);
      expect(segments.at(-1)?.msn).toBe(read(presentation, 'source').segments.at(-1)?.msn);
    }
  });

  it('are never offered when none of their keyframes meets one of the source', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    play(epoch, 0, 300, { video: (n) => ({ ...frame(n), keyframe: n % 60 === 20 }) });
    expect(active(presentation)).toEqual(['source', 'audio']);
  });

  it('A8: hold no more than a bound when the source has stopped', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 720)) });
    play(epoch, 0, 70);
    for (let n = 70; n < 5000; n++) epoch.push('video', frame(n), 1);
    expect(read(presentation, '720p').segments.length).toBeLessThan(5);
    epoch.finish();
    const last = (name: string): number | undefined => read(presentation, name).segments.at(-1)?.msn;
    expect(last('720p')).toBe(last('source'));
  });

  it('have half the frames where they are sent so', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: withAlternates(picture(1, 360, 15)) });
    const half = picture(1, 360, 15).track;
    play(epoch, 0, 190, {
      video: (n) => (n % 2 === 0 && half.kind === 'video' ? frame(n / 2, 30, half) : undefined),
    });
    expect(read(presentation, '360p').segments.map((s) => [s.msn, s.duration])).toEqual(
      read(presentation, 'source').segments.map((s) => [s.msn, s.duration]),
    );
  });
});
