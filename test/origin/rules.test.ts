import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderIFramePlaylist } from '../../src/hls/i-frame-playlist.js';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { AlternateTrack } from '../../src/media/track.js';
import type { Channel } from '../../src/origin/channel.js';
import type { PublishSession } from '../../src/origin/publishing.js';
import { ATTEMPT, atOnce, newChannel } from '../support/channel.js';
import { fakeTranscoders, type FakeTranscoder } from '../support/fake-transcoder.js';
import { readPlaylist, type ReadPlaylist, type ReadSegment } from '../support/playlist.js';
import { WALL_CLOCK, audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

const FPS = 30;
/** Segments at the end of a playlist that one change can touch. */
const NEWEST = 4;

const RENDITIONS = ['source', 'audio', '90p', 'audio-2'];

/** One publish: where its keyframes are, what is missing of it, and how far its sound is from its picture. */
interface Publish {
  readonly keyframeDistances: readonly number[];
  readonly hole: { readonly at: number; readonly frames: number };
  /** Audio frames that the sound runs ahead of the picture (or behind it). */
  readonly audioLead: number;
  /** Frames that the rung lags behind. */
  readonly rungLag: number;
  readonly frames: number;
  readonly hasAudio: boolean;
  /** The encoder sends a smaller picture and a second sound itself, and there is no rung. */
  readonly alternates: Alternates | undefined;
}

interface Alternates {
  /** Frames that the smaller picture is behind the source; ahead of it where negative. */
  readonly lag: number;
  /** What of both does not come. */
  readonly silence: { readonly at: number; readonly frames: number };
  /** Each so many of its keyframes is missing. */
  readonly lostKeyframes: number;
}

const publish: fc.Arbitrary<Publish> = fc.record({
  keyframeDistances: fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 3, maxLength: 12 }),
  hole: fc.record({ at: fc.integer({ min: 1, max: 400 }), frames: fc.integer({ min: 0, max: 55 }) }),
  audioLead: fc.integer({ min: -40, max: 40 }),
  rungLag: fc.integer({ min: 0, max: 5 }),
  frames: fc.integer({ min: 1, max: 400 }),
  hasAudio: fc.boolean(),
  alternates: fc.option(
    fc.record({
      lag: fc.integer({ min: -20, max: 20 }),
      silence: fc.record({ at: fc.integer({ min: 0, max: 300 }), frames: fc.integer({ min: 0, max: 300 }) }),
      lostKeyframes: fc.integer({ min: 2, max: 6 }),
    }),
    { nil: undefined },
  ),
});

class Follower {
  readonly #channel: Channel;
  readonly #seen = new Map<string, string>();
  readonly #last = new Map<string, ReadPlaylist>();
  /** The last complete segment of each rendition when its I-frames were looked at. */
  readonly #complete = new Map<string, number>();
  readonly #iFrameSequence = new Map<string, number>();
  #version: number | undefined;
  targets: string | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Looks at every playlist there is now and holds it against the rules and against what it said before. */
  look(): void {
    const snapshot = this.#channel.presentation?.snapshot();
    if (snapshot === undefined || snapshot.version === this.#version) return;
    this.#version = snapshot.version;
    for (const name of RENDITIONS) {
      const text = renderMediaPlaylist(snapshot, name);
      if (text === undefined) continue;
      const playlist = readPlaylist(text);
      this.#check(name, playlist);
      const complete = playlist.segments.filter((s) => s.uri !== undefined).at(-1);
      if (complete !== undefined && complete.msn !== this.#complete.get(name)) {
        this.#complete.set(name, complete.msn);
        const iFrames = renderIFramePlaylist(snapshot, name);
        if (iFrames !== undefined) this.#checkIFrames(name, readPlaylist(iFrames), playlist);
      }
    }
  }

  /** All renditions that there are, newest version. */
  get playlists(): ReadPlaylist[] {
    return [...this.#last.values()];
  }

  #check(name: string, p: ReadPlaylist): void {
    const targets = `${p.targetDuration} ${p.partTarget}`;
    expect((this.targets ??= targets)).toBe(targets); // M2, L14
    const before = this.#last.get(name);
    this.#last.set(name, p);
    expect(p.mediaSequence).toBeGreaterThanOrEqual(before?.mediaSequence ?? 0); // M5
    expect(p.discontinuitySequence).toBeGreaterThanOrEqual(before?.discontinuitySequence ?? 0); // M18
    if (!p.ended)
      expect(p.tags.get('EXT-X-PRELOAD-HINT')?.filter((hint) => hint.includes('PART'))).toHaveLength(1); // L16
    // What is older was looked at when it was new; a look at all of it each time takes minutes.
    const from = Math.max(0, p.segments.length - NEWEST);
    for (let i = from; i < p.segments.length; i++) {
      const segment = p.segments[i];
      if (segment !== undefined) this.#checkSegment(name, p, segment, p.segments[i - 1]);
    }
  }

  /** The I-frames of the newest segments fill the time of these segments, and of no others. */
  #checkIFrames(name: string, p: ReadPlaylist, media: ReadPlaylist): void {
    const complete = media.segments.filter((s) => s.uri !== undefined);
    expect([p.targetDuration, p.discontinuitySequence]).toEqual([
      media.targetDuration,
      media.discontinuitySequence,
    ]); // M4, M19
    expect(p.mediaSequence).toBeGreaterThanOrEqual(this.#iFrameSequence.get(name) ?? 0); // M5
    this.#iFrameSequence.set(name, p.mediaSequence);
    expect(p.segments[0]?.dateTime).toBe(complete[0]?.dateTime);
    for (const segment of complete.slice(-NEWEST)) {
      const own = p.segments.filter((s) => s.uri === segment.uri);
      const [first] = own;
      expect([first?.dateTime, first?.discontinuity]).toEqual([segment.dateTime, segment.discontinuity]); // P2, M19
      const total = own.reduce((sum, s) => sum + (s.duration ?? 0), 0);
      expect(Math.abs(total - (segment.duration ?? Number.NaN))).toBeLessThan(1e-4); // V16, M1
      for (const s of own) {
        expect([s.range === undefined, s.gap && s !== first]).toEqual([s.gap, false]); // V16
        const what = JSON.stringify([s.uri, s.duration, s.dateTime, s.range, s.map]);
        expect(this.#seen.get(`${name} I-frame ${s.msn}`) ?? what).toBe(what); // M6
        this.#seen.set(`${name} I-frame ${s.msn}`, what);
      }
    }
  }

  #checkSegment(name: string, p: ReadPlaylist, s: ReadSegment, previous: ReadSegment | undefined): void {
    expect(s.dateTime).toBeDefined(); // P1
    for (const part of s.parts) expect(part.duration).toBeLessThanOrEqual(p.partTarget); // L2
    for (const part of s.parts.slice(0, -1))
      expect(part.duration).toBeGreaterThanOrEqual(p.partTarget * 0.85); // L3
    if (s.uri === undefined) return;
    expect(Math.round(s.duration ?? Number.NaN)).toBeLessThanOrEqual(p.targetDuration); // M1
    const what = JSON.stringify([s.uri, s.duration, s.dateTime, s.discontinuity, s.map, s.gap]);
    expect(this.#seen.get(`${name} ${s.msn}`) ?? what).toBe(what); // M6
    this.#seen.set(`${name} ${s.msn}`, what);
    if (previous?.dateTime === undefined || s.discontinuity) return;
    const gap = (s.dateTime ?? 0) - previous.dateTime - (previous.duration ?? 0) * 1000;
    // P5; sound begins at the frame nearest to the boundary, so a gap of it may be off by half a frame on either side.
    expect(Math.abs(gap)).toBeLessThanOrEqual(name.startsWith('audio') ? 23 : 1.1);
  }
}

const NO_ALTERNATES: Alternates = {
  lag: Number.POSITIVE_INFINITY,
  silence: { at: 0, frames: 0 },
  lostKeyframes: 2,
};

const alternateTracks = (withAudio: boolean): AlternateTrack[] => [
  { id: 1, track: videoTrack(30, { displayWidth: 160, displayHeight: 90 }) },
  ...(withAudio ? [{ id: 1, track: audioTrack() }] : []),
];

function play(
  session: PublishSession,
  made: readonly FakeTranscoder[],
  p: Publish,
  from: number,
  look: () => void,
): void {
  const keyframes = new Set([0]);
  let at = 0;
  while (at < p.frames) for (const distance of p.keyframeDistances) keyframes.add((at += distance));
  const { alternates } = p;
  const { lag, silence, lostKeyframes } = alternates ?? NO_ALTERNATES;
  session.event({
    ...started(videoTrack(), p.hasAudio ? audioTrack() : undefined, WALL_CLOCK + from),
    alternates: alternates === undefined ? [] : alternateTracks(p.hasAudio),
  });
  const isSilent = (n: number): boolean => n < 0 || (n >= silence.at && n < silence.at + silence.frames);
  let audio = 0;
  let sent = 0;
  for (let n = 0; n < p.frames; n++) {
    const missing = n >= p.hole.at && n < p.hole.at + p.hole.frames;
    if (!missing) {
      const unit = frame(n, 1_000_000);
      session.event({ type: 'unit', kind: 'video', unit: { ...unit, keyframe: keyframes.has(n) } });
    }
    for (; sent <= n - lag; sent++) {
      if (isSilent(sent)) continue;
      const keyframe = keyframes.has(sent) && sent % lostKeyframes !== 1;
      const unit = { ...frame(sent, 1_000_000), keyframe };
      session.event({ type: 'unit', kind: 'video', alternate: 1, unit });
    }
    const until = ((n + 1) / FPS) * (48_000 / 1024) + p.audioLead;
    for (; p.hasAudio && audio < until; audio++) {
      session.event({ type: 'unit', kind: 'audio', unit: sound(audio) });
      if (alternates !== undefined && !isSilent(n))
        session.event({ type: 'unit', kind: 'audio', alternate: 1, unit: sound(audio) });
    }
    made.at(-1)?.give(p.rungLag);
    look();
  }
}

describe('whatever a publisher does, the playlists of all renditions', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('M1 M2 M4 M5 M6 M18 M19 L2 L3 L14 L16 P1 P2 P5 V13 V16 keep the rules, over every publish and in step', () => {
    fc.assert(
      fc.property(fc.array(publish, { minLength: 1, maxLength: 3 }), fc.boolean(), (publishes, goodbye) => {
        vi.clearAllTimers();
        const { create, made } = fakeTranscoders();
        const channel = newChannel({
          createTranscoder: create,
          ladder: () => [{ name: '90p', width: 160, height: 90, videoBitrate: 100_000 }],
        });
        let follower = new Follower(channel);
        let presentation = channel.presentation;
        let wallClock = 0;
        for (const [i, p] of publishes.entries()) {
          const control = { close: () => undefined, silentForMs: () => 0 };
          const grant = atOnce(channel.publish(ATTEMPT, control));
          if (!grant.accepted) throw new Error(grant.description);
          const look = (): void => {
            if (channel.presentation !== presentation) follower = new Follower(channel);
            presentation = channel.presentation;
            follower.look();
          };
          play(grant.session, made, p, wallClock, look);
          const last = i === publishes.length - 1;
          grant.session.end(last && goodbye ? 'goodbye' : 'vanished');
          made.at(-1)?.end();
          look();
          wallClock += (p.frames / FPS) * 1000 + 1500;
          const after = follower.playlists;
          // M19, V13: when a publish is over, every rendition ends with the same segment and has the same discontinuities.
          expect(new Set(after.map((x) => x.segments.at(-1)?.msn)).size).toBeLessThanOrEqual(1);
          const shared = Math.max(...after.map((x) => x.mediaSequence + 1), 0);
          const breaks = after.map((x) =>
            x.segments.filter((s) => s.discontinuity && s.msn >= shared).map((s) => s.msn),
          );
          for (const other of breaks) expect(other).toEqual(breaks[0]);
          const numbers = after.map(
            (x) => x.discontinuitySequence + x.segments.filter((s) => s.discontinuity).length,
          );
          expect(new Set(numbers).size).toBeLessThanOrEqual(1);
          if (last && goodbye) for (const x of after) expect(x.ended).toBe(true);
        }
      }),
      // Shrinking plays thousands of streams; the seed that failed is enough to look at one.
      { numRuns: Number(process.env.RULES_RUNS ?? 30), endOnFailure: true },
    );
  }, 120_000);
});
