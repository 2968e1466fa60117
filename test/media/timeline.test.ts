import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROBE_BYTES } from '../../src/media/probe.js';
import { Timeline, type RawAudio, type RawVideo } from '../../src/media/timeline.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import {
  ARRIVAL,
  ASC,
  discontinuities,
  OTHER_ASC,
  OTHER_RECORD,
  picture,
  RECORD,
  RECORD_25,
  sound,
  starts,
  stream,
  units,
  type Message,
} from './synthetic-publisher.js';

function timelineWith({
  record = RECORD,
  asc = ASC,
}: { record?: Buffer | null; asc?: Buffer | null } = {}): Timeline {
  const timeline = new Timeline();
  if (asc) timeline.audioConfig(asc);
  if (record) timeline.videoConfig(record);
  return timeline;
}

function feed(timeline: Timeline, messages: readonly Message[]): TimelineEvent[] {
  return messages.flatMap(({ kind, raw }) =>
    kind === 'video' ? timeline.video(raw as RawVideo) : timeline.audio(raw as RawAudio),
  );
}

const dataOf = (events: readonly TimelineEvent[]): Buffer[] => units(events).map((event) => event.unit.data);

describe('the start of an epoch', () => {
  it('D6: comes once both tracks are known, and then every unit held, in order and untouched', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const messages = stream({ ms: 4000 });
    const perMessage = messages.map((message) => feed(timeline, [message]));
    const startsAt = perMessage.findIndex((events) => events.length > 0);
    expect(messages[startsAt]?.raw.timestamp).toBe(80); // the third frame confirms the VUI's 25 per second

    const events = perMessage.flat();
    expect(events[0]).toMatchObject({
      type: 'start',
      wallClockZero: ARRIVAL,
      video: {
        codecString: 'avc1.64001f',
        width: 1280,
        height: 720,
        frameRate: { num: 25, den: 1 },
        timescale: 90000,
      },
      audio: {
        codecString: 'mp4a.40.2',
        sampleRate: 48000,
        channels: 2,
        frameSamples: 1024,
        timescale: 48000,
      },
    });
    expect(starts(events)).toHaveLength(1);
    const out = dataOf(events);
    expect(out).toHaveLength(messages.length);
    out.forEach((data, i) => expect(data).toBe(messages[i]?.raw.data));
    expect(timeline.droppedUnits).toBe(0);
  });

  it('T1: places video on the frame grid and audio on the count of samples', () => {
    const events = feed(timelineWith(), stream({ ms: 3000, frameMs: 1001 / 30 }));
    expect(starts(events)[0]?.video?.frameRate).toEqual({ num: 30, den: 1 }); // 29.97 is not told apart without a hint
    const hinted = timelineWith();
    hinted.metadata({ frameRate: 29.97 });
    const exact = feed(hinted, stream({ from: 70_000, ms: 3000, frameMs: 1001 / 30 }));
    expect(starts(exact)[0]?.video?.frameRate).toEqual({ num: 30000, den: 1001 });
    units(exact, 'video').forEach(({ unit }, i) => {
      expect(unit).toMatchObject({ dts: i * 3003, pts: i * 3003, duration: 3003, keyframe: i % 25 === 0 });
    });
    units(exact, 'audio').forEach(({ unit }, i) => {
      expect(unit).toMatchObject({ dts: i * 1024, pts: i * 1024, duration: 1024, keyframe: true });
    });
  });

  it('needs no hint for the frame rate once there are frames enough', () => {
    const timeline = timelineWith();
    const messages = stream({ ms: 1000, frameMs: 20, gop: 100 });
    const startsAt = messages.find((message) => starts(feed(timeline, [message])).length > 0);
    expect(startsAt?.raw.timestamp).toBe(14 * 20);
  });

  it('believes a frame rate given from outside before any other', () => {
    const timeline = new Timeline({ frameRateHint: { num: 24000, den: 1001 } });
    timeline.videoConfig(RECORD);
    timeline.audioConfig(ASC);
    timeline.metadata({ frameRate: 24 });
    const events = feed(timeline, stream({ ms: 500, frameMs: 1001 / 24 }));
    expect(starts(events)[0]?.video?.frameRate).toEqual({ num: 24000, den: 1001 });
  });

  it('D2: does not believe a frame rate that the timestamps contradict', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    timeline.metadata({ frameRate: 60 });
    const events = feed(timeline, stream({ ms: 1000, frameMs: 1000 / 30 }));
    expect(starts(events)[0]?.video?.frameRate).toEqual({ num: 30, den: 1 });
  });

  it('D3: does not depend on when the configurations come, and D4: ignores repeated ones', () => {
    const timeline = timelineWith();
    const messages = stream({ from: 16_780_000, ms: 2000 });
    const events = messages.flatMap((message, i) => {
      if (i % 10 === 0)
        return [
          ...timeline.videoConfig(Buffer.from(RECORD)),
          ...timeline.audioConfig(ASC),
          ...feed(timeline, [message]),
        ];
      return feed(timeline, [message]);
    });
    expect(starts(events)).toHaveLength(1);
    expect(discontinuities(events)).toHaveLength(0);
    expect(units(events)).toHaveLength(messages.length);
    expect(units(events, 'video')[0]?.unit).toMatchObject({ dts: 0, pts: 0 });
  });

  it('D7: drops video before the first keyframe and audio before media time 0', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const before = stream({ ms: 400 }).filter(
      ({ kind, raw }) => kind === 'audio' || !(raw as RawVideo).keyframe,
    );
    const events = [...feed(timeline, before), ...feed(timeline, stream({ from: 400, ms: 1000 }))];
    expect(units(events, 'video')[0]?.unit).toMatchObject({ dts: 0, pts: 0, keyframe: true });
    const soundAt = (units(events, 'audio')[0]?.unit.pts ?? NaN) / 48;
    expect(soundAt).toBeGreaterThanOrEqual(0);
    expect(soundAt).toBeLessThan(22);
    const held = stream({ ms: 400 }).filter(({ kind }) => kind === 'audio').length;
    expect(timeline.droppedUnits).toBe(9 + held);
  });

  it('C6, T2: begins with dts and pts 0 when encoders leave room for B-frames, and keeps audio in step', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const order = [0, 4, 2, 1, 3];
    const events: TimelineEvent[] = [];
    for (let i = 0; i < 50; i++) {
      const presented = Math.floor(i / 5) * 5 + (order[i % 5] ?? 0) + 2;
      events.push(
        ...timeline.video(picture(i * 40, i % 25 === 0, { compositionTime: (presented - i) * 40 })),
      );
      events.push(...timeline.audio(sound(i * 40)), ...timeline.audio(sound(i * 40 + 20)));
    }
    const video = units(events, 'video').map(({ unit }) => unit);
    expect(video.map((unit) => unit.dts)).toEqual(video.map((_, i) => i * 3600));
    for (const unit of video.filter((each) => each.keyframe)) expect(unit.pts).toBe(unit.dts);
    expect(video[1]).toMatchObject({ dts: 3600, pts: 4 * 3600 });
    expect(video[3]).toMatchObject({ dts: 3 * 3600, pts: 3600 });
    // Media time 0 is at 80 ms: the audio frame stamped 80 plays with the picture presented then.
    expect(units(events, 'audio')[0]?.unit).toMatchObject({ pts: 0, arrival: ARRIVAL + 80 });
  });

  it('anchors the wall clock on the unit that was delayed least', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const delays = [90, 40, 70];
    const events = delays.flatMap((delay, i) => [
      ...timeline.video(picture(1000 + i * 40, i === 0, { delay })),
      ...timeline.audio(sound(1000 + i * 40, delay + 5)),
    ]);
    expect(starts(events)[0]?.wallClockZero).toBe(ARRIVAL + 1000 + 40);
  });

  it('C3: takes an IDR picture for a keyframe and nothing else, whatever the publisher claims', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    const claimed = { ...picture(0, false), keyframe: true };
    expect(timeline.video(claimed)).toEqual([]);
    const events = [
      ...timeline.video({ ...picture(40, true), keyframe: false }),
      ...feed(timeline, stream({ from: 80, ms: 500 })),
    ];
    expect(timeline.droppedUnits).toBe(1);
    expect(units(events, 'video')[0]?.unit.keyframe).toBe(true);
  });
});

describe('streams of one track', () => {
  it('D6: video alone starts after a second, audio alone too', () => {
    for (const kind of ['video', 'audio'] as const) {
      const timeline = kind === 'video' ? timelineWith({ asc: null }) : timelineWith({ record: null });
      const messages = stream({ ms: 3000, video: kind === 'video', audio: kind === 'audio' });
      const perMessage = messages.map((message) => feed(timeline, [message]));
      const at = perMessage.findIndex((events) => events.length > 0);
      expect(messages[at]?.raw.timestamp).toBeGreaterThanOrEqual(1000);
      expect(messages[at]?.raw.timestamp).toBeLessThan(1050);
      const events = perMessage.flat();
      expect(starts(events)[0]?.[kind]).toBeDefined();
      expect(starts(events)[0]?.[kind === 'video' ? 'audio' : 'video']).toBeUndefined();
      expect(units(events)).toHaveLength(messages.length);
      expect(units(events)[0]?.unit).toMatchObject({ dts: 0, pts: 0 });
    }
  });

  it('D6: audio waits longer for video that has announced itself, but not for ever', () => {
    const timeline = timelineWith();
    const early = feed(timeline, stream({ ms: 9000, video: false }));
    expect(early).toEqual([]);
    const late = feed(timeline, stream({ from: 9000, ms: 2000, video: false }));
    expect(starts(late)[0]?.video).toBeUndefined();
    expect(units(late).length).toBe(
      stream({ ms: 9000, video: false }).length + stream({ ms: 2000, video: false }).length,
    );
  });

  it('D6: a track that appears after the start begins a new epoch with both', () => {
    const timeline = timelineWith({ asc: null });
    const alone = feed(timeline, stream({ ms: 3000, audio: false }));
    expect(starts(alone)).toHaveLength(1);
    timeline.audioConfig(ASC);
    const both = feed(timeline, stream({ from: 3000, ms: 2000 }));
    expect(discontinuities(both)).toEqual([{ type: 'discontinuity', reason: 'audio appeared' }]);
    expect(starts(both)).toHaveLength(1);
    expect(starts(both)[0]).toMatchObject({ video: { kind: 'video' }, audio: { kind: 'audio' } });
  });

  it('drops units of a track that has no configuration', () => {
    const timeline = timelineWith({ asc: null });
    feed(timeline, stream({ ms: 2000 }));
    expect(timeline.droppedUnits).toBe(stream({ ms: 2000, video: false }).length);
  });
});

describe('the end', () => {
  it('brings out what is still held when it makes a track', () => {
    const timeline = timelineWith();
    const messages = stream({ ms: 90 });
    expect(feed(timeline, messages)).toEqual([]);
    const events = timeline.finish();
    expect(starts(events)).toHaveLength(1);
    expect(dataOf(events)).toEqual(messages.map(({ raw }) => raw.data));
    expect(timeline.finish()).toEqual([]);
  });

  it('brings out nothing when nothing is held', () => {
    expect(new Timeline().finish()).toEqual([]);
    expect(timelineWith().finish()).toEqual([]);
  });
});

describe('a changed configuration', () => {
  it.each([
    ['video', (timeline: Timeline) => timeline.videoConfig(OTHER_RECORD)],
    ['audio', (timeline: Timeline) => timeline.audioConfig(OTHER_ASC)],
  ])('D4, M17: of %s ends the epoch at the next unit', (kind, change) => {
    const timeline = timelineWith();
    feed(timeline, stream({ ms: 2000 }));
    expect(change(timeline)).toEqual([]);
    const events = feed(timeline, stream({ from: 2000, ms: 2000 }));
    expect(discontinuities(events)).toEqual([
      { type: 'discontinuity', reason: `the ${kind} configuration changed` },
    ]);
    const index = events.findIndex((event) => event.type === 'start');
    expect(units(events.slice(index), 'video')[0]?.unit).toMatchObject({ dts: 0, pts: 0, keyframe: true });
    expect(starts(events)[0]).toMatchObject(
      kind === 'video' ? { video: { width: 640 } } : { audio: { sampleRate: 44100 } },
    );
  });

  it('that is malformed throws and changes nothing', () => {
    const timeline = timelineWith();
    feed(timeline, stream({ ms: 2000 }));
    expect(() => timeline.videoConfig(Buffer.from([1, 2, 3]))).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
    expect(() => timeline.audioConfig(Buffer.alloc(0))).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
    expect(discontinuities(feed(timeline, stream({ from: 2000, ms: 1000 })))).toEqual([]);
  });
});

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
              return timeline.videoConfig(delta ? RECORD : OTHER_RECORD);
            case 'asc':
              return timeline.audioConfig(delta ? ASC : OTHER_ASC);
            case 'finish':
              return timeline.finish();
            case 'empty':
              return timeline.audio({ ...raw, data: Buffer.alloc(0) });
            case 'damaged':
              fed.push(raw.data.subarray(3));
              return timeline.video({ ...picture(time, true), data: raw.data.subarray(3) });
            default:
              fed.push(raw.data);
              return kind === 'audio' ? timeline.audio(raw) : timeline.video(raw as RawVideo);
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
      } else {
        expect(running?.[event.kind]).toBe(true);
        expect(event.unit.dts).toBeGreaterThan(last[event.kind]);
        last[event.kind] = event.unit.dts;
      }
    }
  }
});
