import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROBE_BYTES } from '../../src/media/probe.js';
import type { RawAudio, RawVideo } from '../../src/media/raw-unit.js';
import { Timeline } from '../../src/media/timeline.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import {
  ARRIVAL,
  ASC,
  dataOf,
  discontinuities,
  feed,
  OTHER_ASC,
  OTHER_RECORD,
  picture,
  RECORD,
  RECORD_25,
  sound,
  starts,
  stream,
  timelineWith,
  units,
  type Message,
} from './synthetic-publisher.js';

describe('timestamps', () => {
  it.each([
    ['2^32', 2 ** 32, 2 ** 32],
    ['2^31, as FFmpeg wraps', 2 ** 31, 2 ** 31],
    ['2^24, where the extended timestamp begins', 2 ** 24, 2 ** 32],
  ])('T4, T5, C7: go on across %s', (_name, border, modulus) => {
    const timeline = timelineWith({ record: RECORD_25 });
    const messages = stream({ from: border - 2000, ms: 4000 }).map(
      ({ kind, raw }) => ({ kind, raw: { ...raw, timestamp: (raw.arrival - ARRIVAL) % modulus } }) as Message,
    );
    const events = feed(timeline, messages);
    expect(discontinuities(events)).toEqual([]);
    expect(units(events, 'video').map(({ unit }) => unit.dts)).toEqual(
      Array.from({ length: 100 }, (_, i) => i * 3600),
    );
    expect(units(events, 'audio').at(-1)?.unit.dts).toBe(187 * 1024);
  });

  it.each([
    ['back to zero', 0],
    ['back by half a second', 1500],
    ['on by three seconds', 5000],
    ['on by an hour', 3_600_000],
  ])('T3: that jump %s begin a new epoch', (_name, to) => {
    const timeline = timelineWith({ record: RECORD_25 });
    const before = stream({ ms: 2000 });
    const after = stream({ from: to, ms: 2000 });
    const events = [...feed(timeline, before), ...feed(timeline, after)];
    expect(discontinuities(events)).toHaveLength(1);
    expect(starts(events)).toHaveLength(2);
    expect(dataOf(events)).toEqual([...before, ...after].map(({ raw }) => raw.data));
    const second = units(events.slice(events.findIndex((e) => e.type === 'discontinuity')), 'video');
    expect(second[0]?.unit).toMatchObject({ dts: 0, pts: 0, keyframe: true });
  });

  it('T3: that restart while late audio of the old clock still comes do not mix the two', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    feed(timeline, stream({ from: 100_000, ms: 2000 }));
    const late = stream({ from: 102_000, ms: 300, video: false });
    const fresh = stream({ ms: 2000 });
    const events = [
      ...feed(timeline, fresh.slice(0, 1)),
      ...feed(timeline, late),
      ...feed(timeline, fresh.slice(1)),
    ];
    expect(discontinuities(events)).toHaveLength(1);
    expect(starts(events)[0]).toMatchObject({ video: { kind: 'video' }, audio: { kind: 'audio' } });
    expect(dataOf(events)).toEqual(fresh.map(({ raw }) => raw.data));
  });

  it('T3: that jump while the tracks are still being found out start from the new clock', () => {
    const timeline = timelineWith();
    feed(timeline, stream({ ms: 100 }));
    const fresh = stream({ from: 5_000_000, ms: 2000 });
    const events = feed(timeline, fresh);
    expect(discontinuities(events)).toEqual([]);
    expect(units(events, 'video')).toHaveLength(50);
    expect(units(events, 'video')[0]?.unit.data).toBe(fresh.find(({ kind }) => kind === 'video')?.raw.data);
  });

  it('T1: leave a hole of whole frames where frames were dropped, and none for a second of audio ahead', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const messages = stream({ ms: 4000 }).filter(
      ({ kind, raw }) => kind === 'audio' || raw.timestamp < 2000 || raw.timestamp >= 2200,
    );
    const ahead = [...messages].sort((a, b) => sortTime(a) - sortTime(b));
    const events = feed(timeline, ahead);
    expect(discontinuities(events)).toEqual([]);
    const dts = units(events, 'video').map(({ unit }) => unit.dts / 3600);
    expect(dts).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => i < 50 || i >= 55));
    expect(units(events, 'audio').map(({ unit }) => unit.dts / 1024)).toEqual(
      units(events, 'audio').map((_, i) => i),
    );
  });

  const sortTime = ({ kind, raw }: Message) => raw.timestamp - (kind === 'audio' ? 900 : 0);
});

describe('damaged units', () => {
  it('are dropped with all that follows until the next keyframe', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const messages = stream({ ms: 4000 });
    const video = messages.filter(({ kind }) => kind === 'video');
    const damaged = messages.map((message) =>
      message === video[30]
        ? { ...message, raw: { ...message.raw, data: Buffer.from([0, 0, 0, 9, 0x41]) } }
        : message,
    ) as Message[];
    const events = feed(timeline, damaged);
    expect(timeline.droppedUnits).toBe(20);
    expect(discontinuities(events)).toEqual([]);
    expect(units(events, 'video').map(({ unit }) => unit.dts / 3600)).toEqual(
      Array.from({ length: 100 }, (_, i) => i).filter((i) => i < 30 || i >= 50),
    );
  });

  it('without any data are ignored', () => {
    const timeline = timelineWith();
    expect(timeline.video({ ...picture(0, true), data: Buffer.alloc(0) })).toEqual([]);
    expect(timeline.audio({ ...sound(0), data: Buffer.alloc(0) })).toEqual([]);
    expect(timeline.droppedUnits).toBe(0);
  });
});

describe('what is held while probing', () => {
  it('is bounded in bytes', () => {
    const timeline = timelineWith();
    const half = Buffer.alloc(MAX_PROBE_BYTES / 2);
    expect(timeline.audio({ ...sound(0), data: half })).toEqual([]);
    expect(timeline.audio({ ...sound(21), data: half })).not.toEqual([]);
  });

  it('is bounded in units', () => {
    const timeline = timelineWith();
    let held = 0;
    while (timeline.audio(sound(0)).length === 0) expect(++held).toBeLessThan(5000);
  });
});

describe('any stream at all', () => {
  const step = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        kind: fc.constantFrom('video', 'audio'),
        delta: fc.integer({ min: 0, max: 60 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('video', 'audio'),
        delta: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('damaged', 'empty'), delta: fc.nat(50) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('record', 'asc', 'finish'), delta: fc.nat(1) }),
    },
  );

  it('T3: comes out as epochs in which each unit stands once, in order, its decode times rising', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.boolean(), (steps, withConfigs) => {
        const timeline = withConfigs ? timelineWith() : new Timeline();
        const fed: Buffer[] = [];
        let time = 0;
        const events = steps.flatMap(({ kind, delta }, i) => {
          time += delta;
          const raw =
            kind === 'audio' ? sound(time) : picture(time, i % 7 === 0, { compositionTime: delta % 50 });
          switch (kind) {
            case 'record':
              return timeline.videoConfig({ track: 0, codec: 'avc', record: delta ? RECORD : OTHER_RECORD });
            case 'asc':
              return timeline.audioConfig({ track: 0, codec: 'aac', record: delta ? ASC : OTHER_ASC });
            case 'finish':
              return timeline.finish();
            case 'empty':
              return timeline.audio({ ...sound(time), data: Buffer.alloc(0) });
            case 'damaged':
              fed.push(raw.data.subarray(3));
              return timeline.video({ ...picture(time, true), data: raw.data.subarray(3) });
            default:
              fed.push(raw.data);
              return kind === 'audio' ? timeline.audio(raw as RawAudio) : timeline.video(raw as RawVideo);
          }
        });
        events.push(...timeline.finish());

        const out = dataOf(events);
        expect(out.length + timeline.droppedUnits).toBe(fed.length);
        let from = 0;
        for (const data of out) {
          from = fed.indexOf(data, from) + 1;
          expect(from).toBeGreaterThan(0);
        }
        expectWellFormed(events);
      }),
      { numRuns: 300 },
    );
  });

  /** Start, units of its tracks with rising dts, discontinuity, start and so on. */
  function expectWellFormed(events: readonly TimelineEvent[]): void {
    let running: { video: boolean; audio: boolean } | undefined;
    const last = { video: -1, audio: -1 };
    for (const event of events) {
      if (event.type === 'start') {
        expect(running).toBeUndefined();
        expect(event.video ?? event.audio).toBeDefined();
        running = { video: event.video !== undefined, audio: event.audio !== undefined };
        last.video = last.audio = -1;
      } else if (event.type === 'discontinuity') {
        expect(running).toBeDefined();
        running = undefined;
      } else if (event.type === 'unit') {
        expect(running?.[event.kind]).toBe(true);
        expect(event.unit.dts).toBeGreaterThan(last[event.kind]);
        last[event.kind] = event.unit.dts;
      }
    }
  }
});
