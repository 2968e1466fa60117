import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AccessUnit } from '../../src/media/access-unit.js';
import {
  Feed,
  MAX_GROUP_BYTES,
  MAX_GROUP_SECONDS,
  MAX_GROUP_UNITS,
  type FeedSubscriber,
} from '../../src/origin/feed.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

const GOP = 30;
const BIG = Buffer.alloc(MAX_GROUP_BYTES / 16 + 1);

/** Writes down what it gets: `start 2 s`, `v60`, `a94`, `away`, `end`. */
class Notebook implements FeedSubscriber {
  readonly lines: string[] = [];
  /** Pictures that came first after a start and were no keyframes. */
  badStarts = 0;
  #awaitsPicture = false;
  start(_: unknown, from: number): void {
    this.#awaitsPicture = true;
    this.lines.push(`start ${from} s`);
  }
  unit({ kind, unit }: { kind: 'video' | 'audio'; unit: AccessUnit }): void {
    if (kind === 'video') {
      if (this.#awaitsPicture && !unit.keyframe) this.badStarts++;
      this.#awaitsPicture = false;
    }
    this.lines.push(`${kind[0] ?? ''}${unit.data.readUInt32BE(unit.data.length - 4)}`);
  }
  away(): void {
    this.lines.push('away');
  }
  end(): void {
    this.lines.push('end');
  }
}

const strict = (): Feed =>
  new Feed((error) => {
    throw error;
  });

const picture = (feed: Feed, n: number): void =>
  feed.event({ type: 'unit', kind: 'video', unit: frame(n, GOP) });
const tone = (feed: Feed, n: number): void => feed.event({ type: 'unit', kind: 'audio', unit: sound(n) });
const begin = (feed: Feed): void => feed.event(started(videoTrack(), audioTrack()));

describe('a feed', () => {
  it('gives a subscriber that is there from the start everything in the order it came', () => {
    const feed = strict();
    const notes = new Notebook();
    feed.subscribe(notes);
    expect(feed.isLive).toBe(false);
    begin(feed);
    expect(feed.isLive).toBe(true);
    tone(feed, 0);
    for (let n = 0; n < 3; n++) picture(feed, n);
    tone(feed, 1);
    expect(notes.lines).toEqual(['start 0 s', 'a0', 'v0', 'v1', 'v2', 'a1']);
  });

  it('gives a joiner the newest keyframe and all that came since at once, then the rest as it comes', () => {
    const feed = strict();
    begin(feed);
    for (let n = 0; n < GOP + 3; n++) picture(feed, n);
    const notes = new Notebook();
    feed.subscribe(notes);
    expect(notes.lines).toEqual(['start 1 s', 'v30', 'v31', 'v32']);
    picture(feed, GOP + 3);
    expect(notes.lines.at(-1)).toBe('v33');
  });

  it('gives a joiner the sound of its first picture, though it came before it, and none that is older', () => {
    const feed = strict();
    begin(feed);
    for (let n = 0; n < GOP; n++) picture(feed, n);
    // The keyframe is shown at 1 s: sound 46 ends just after, 45 before, 60 is well ahead of the picture.
    for (const n of [45, 46, 60]) tone(feed, n);
    picture(feed, GOP);
    tone(feed, 61);
    const notes = new Notebook();
    feed.subscribe(notes);
    expect(notes.lines).toEqual(['start 1 s', 'v30', 'a46', 'a60', 'a61']);
  });

  it('lets a joiner begin with the next unit where there is no picture', () => {
    const feed = strict();
    feed.event(started(undefined, audioTrack()));
    for (let n = 0; n < 75; n++) tone(feed, n);
    const notes = new Notebook();
    feed.subscribe(notes);
    expect(notes.lines).toEqual([]);
    tone(feed, 75);
    expect(notes.lines).toEqual(['start 1.6 s', 'a75']);
  });

  it.each([
    ['bytes', (n: number) => ({ ...frame(n, 1e9), data: BIG })],
    ['units', (n: number) => frame(n, 1e9, videoTrack(1000))],
    ['seconds', (n: number) => frame(n, 1e9)],
  ])('keeps no group of pictures with too many %s: a joiner waits for the next keyframe', (_, unit) => {
    const feed = strict();
    begin(feed);
    for (let n = 0; n < Math.max(MAX_GROUP_UNITS, MAX_GROUP_SECONDS * 30) + 1; n++)
      feed.event({ type: 'unit', kind: 'video', unit: unit(n) });
    const notes = new Notebook();
    feed.subscribe(notes);
    expect(notes.lines).toEqual([]);
    picture(feed, 9000);
    picture(feed, 9001);
    expect(notes.lines).toEqual(['start 300 s', 'v9000', 'v9001']);
  });

  it('gives everybody a fresh start after a discontinuity, and joiners nothing from before it', () => {
    const feed = strict();
    const early = new Notebook();
    feed.subscribe(early);
    begin(feed);
    for (let n = 0; n < GOP + 3; n++) picture(feed, n);
    feed.event({ type: 'discontinuity', reason: 'test' });
    const late = new Notebook();
    feed.subscribe(late);
    picture(feed, 99);
    expect(late.lines).toEqual([]);
    begin(feed);
    picture(feed, 0);
    expect(late.lines).toEqual(['start 0 s', 'v0']);
    expect(early.lines.slice(-2)).toEqual(['start 0 s', 'v0']);
  });

  it('says that the publisher is away, that it is back, and that it is gone for good, each once', () => {
    const feed = strict();
    const notes = new Notebook();
    feed.subscribe(notes);
    feed.end();
    begin(feed);
    feed.away();
    feed.away();
    expect(feed.isLive).toBe(true);
    begin(feed);
    feed.away();
    feed.end();
    feed.end();
    expect(feed.isLive).toBe(false);
    expect(notes.lines).toEqual(['start 0 s', 'away', 'start 0 s', 'away', 'end']);
  });

  it('leaves tracks beside the default ones out', () => {
    const feed = strict();
    const notes = new Notebook();
    feed.subscribe(notes);
    begin(feed);
    feed.event({ type: 'unit', kind: 'video', alternate: 1, unit: frame(0, GOP) });
    expect(notes.lines).toEqual(['start 0 s']);
  });

  it('gives nothing more to one who has left', () => {
    const feed = strict();
    begin(feed);
    for (let n = 0; n < 10; n++) picture(feed, n);
    const notes = new Notebook();
    const leave = feed.subscribe(notes);
    leave();
    picture(feed, 10);
    expect(notes.lines).toHaveLength(11);
    expect(feed.subscribers).toBe(0);
  });

  it('gives whoever joins, whenever that is, a start, a keyframe, and then every picture in order', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('picture' as const) },
      { weight: 1, arbitrary: fc.constantFrom('keyframe', 'begin', 'discontinuity', 'away', 'end') },
      { weight: 2, arbitrary: fc.constantFrom('tone', 'join') },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const feed = strict();
        const early = new Notebook();
        feed.subscribe(early);
        const joiners: Notebook[] = [];
        // A stream begins with a keyframe: the timeline sees to it. Sounds have numbers that tell their times.
        let n = 0;
        const at = (keyframe: boolean): void =>
          feed.event({ type: 'unit', kind: 'video', unit: { ...frame(n), keyframe: keyframe || n === 0 } });
        for (const one of steps) {
          if (one === 'begin') {
            begin(feed);
            n = 0;
          } else if (one === 'join') {
            const joiner = new Notebook();
            joiners.push(joiner);
            feed.subscribe(joiner);
          } else if (one === 'discontinuity') feed.event({ type: 'discontinuity', reason: 'test' });
          else if (one === 'away') feed.away();
          else if (one === 'end') feed.end();
          else if (one === 'tone') tone(feed, Math.round(n * 1.5625));
          else {
            at(one === 'keyframe');
            n++;
          }
        }
        const isSound = (line: string): boolean => line.startsWith('a') && line !== 'away';
        for (const { badStarts, lines } of joiners) {
          expect(badStarts).toBe(0);
          const media = lines.filter((line) => !isSound(line));
          const all = early.lines.filter((line) => !isSound(line));
          const [first = 'end'] = media;
          if (first.startsWith('start')) {
            // A start in the middle of an epoch is the joiner's own.
            const tail = media.slice(1);
            expect(all.slice(all.length - tail.length)).toEqual(tail);
          } else expect(['away', 'end']).toContain(first);
        }
      }),
    );
  });

  it('goes on for the others when one subscriber throws, and says so', () => {
    const fault = new Error('broken');
    const onFault = vi.fn();
    const feed = new Feed(onFault);
    const notes = new Notebook();
    const broken = new Notebook();
    broken.unit = () => {
      throw fault;
    };
    feed.subscribe(broken);
    feed.subscribe(notes);
    begin(feed);
    for (let n = 0; n < 3; n++) picture(feed, n);
    expect(notes.lines).toEqual(['start 0 s', 'v0', 'v1', 'v2']);
    feed.subscribe(broken);
    expect(onFault.mock.calls).toEqual([[fault], [fault]]);
    expect(broken.lines).toEqual(['start 0 s', 'end', 'start 0 s', 'end']);
    expect(feed.subscribers).toBe(1);
  });
});
