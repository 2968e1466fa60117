import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAvcConfig } from '../../src/media/avc-config.js';
import { MAX_TRACKS } from '../../src/media/lane.js';
import type { Timeline } from '../../src/media/timeline.js';
import type { TimelineEvent, TimelineUnit } from '../../src/media/timeline-events.js';
import {
  ASC,
  dataOf,
  discontinuities,
  feed,
  OTHER_RECORD,
  RECORD_25,
  starts,
  stream,
  timelineWith,
  units,
  type Message,
  type StreamShape,
} from './synthetic-publisher.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps } from './sps-writer.js';

/** AAC-LC, 48 kHz, one channel. */
const MONO_ASC = Buffer.from([0x11, 0x88]);

/** The same stream on another track. */
const on = (track: number, messages: readonly Message[]): Message[] =>
  messages.map((message) => ({ ...message, raw: { ...message.raw, track } }) as Message);

const inOrder = (...tracks: readonly Message[][]): Message[] =>
  tracks.flat().sort((a, b) => a.raw.arrival - b.raw.arrival || a.raw.track - b.raw.track);

const picture = (shape: StreamShape): Message[] => stream({ ...shape, audio: false });
const sound = (shape: StreamShape): Message[] => stream({ ...shape, video: false });

/** A timeline that has been told of so many tracks of each kind. */
function announced(video: number, audio: number): Timeline {
  const timeline = timelineWith({ record: RECORD_25 });
  for (let track = 1; track < video; track++)
    timeline.videoConfig({ track, codec: 'avc', record: OTHER_RECORD });
  for (let track = 1; track < audio; track++) timeline.audioConfig({ track, codec: 'aac', record: MONO_ASC });
  return timeline;
}

const ofAlternate = (events: readonly TimelineEvent[], alternate: number | undefined): TimelineUnit[] =>
  units(events).filter((unit) => unit.alternate === alternate);

describe('several tracks of a kind', () => {
  it('E5: come out beside the default one, on one clock, each with all its units', () => {
    const timeline = announced(3, 2);
    const messages = inOrder(
      stream({ ms: 3000 }),
      on(1, stream({ ms: 3000 })),
      on(2, picture({ ms: 3000, frameMs: 80 })),
    );
    const events = feed(timeline, messages);
    expect(starts(events)).toHaveLength(1);
    expect(starts(events)[0]).toMatchObject({
      video: { width: 1280 },
      audio: { sampleRate: 48_000 },
      alternates: [
        { id: 1, track: { kind: 'video', width: 640, frameRate: { num: 25, den: 1 } } },
        { id: 2, track: { kind: 'video', width: 640, frameRate: { num: 25, den: 2 } } },
        { id: 1, track: { kind: 'audio', sampleRate: 48_000, channels: 1 } },
      ],
    });
    expect(discontinuities(events)).toEqual([]);
    expect(timeline.droppedUnits).toBe(0);
    expect(dataOf(events)).toEqual(messages.map(({ raw }) => raw.data));
    const pictures = (alternate: number | undefined): TimelineUnit[] =>
      ofAlternate(units(events, 'video'), alternate);
    expect(pictures(undefined).map(({ unit }) => unit.dts)).toEqual(pictures(1).map(({ unit }) => unit.dts));
    expect(pictures(2).map(({ unit }) => unit.pts)).toEqual(Array.from({ length: 38 }, (_, i) => i * 7200));
  });

  it('E5: the lowest id that sends leads, whatever it is', () => {
    const timeline = announced(4, 1);
    const events = feed(
      timeline,
      inOrder(on(3, picture({ ms: 4500 })), on(2, stream({ ms: 4500, audio: false }))),
    );
    events.push(...timeline.finish());
    expect(starts(events)[0]).toMatchObject({ video: { width: 640 }, alternates: [{ id: 3 }] });
    expect(ofAlternate(events, undefined)).toHaveLength(113);
  });

  it('E5: an announced one is waited for, 3 s at most', () => {
    const late = announced(2, 1);
    const before = feed(late, inOrder(stream({ ms: 2000 })));
    expect(before).toEqual([]);
    const with1 = feed(
      late,
      inOrder(stream({ from: 2000, ms: 2000 }), on(1, picture({ from: 2000, ms: 2000 }))),
    );
    expect(starts(with1)[0]?.alternates).toMatchObject([{ id: 1 }]);
    expect(ofAlternate(with1, 1)[0]?.unit.pts).toBe(2 * 90_000);

    const never = feed(announced(2, 1), stream({ ms: 3500 }));
    expect(starts(never)[0]?.alternates).toEqual([]);
    expect(units(never, 'video')).toHaveLength(88);
  });

  it('E5: one whose keyframes do not begin with the default one begins at its own, on the same clock', () => {
    const timeline = announced(2, 1);
    const other = on(1, picture({ ms: 4000 }).slice(10));
    const events = feed(timeline, inOrder(stream({ ms: 4000 }), other));
    const units1 = ofAlternate(events, 1);
    expect(units1[0]?.unit).toMatchObject({ keyframe: true, pts: 90_000, dts: 90_000 });
    expect(units1).toHaveLength(75);
  });

  it('E5: one that appears late is taken up at a keyframe of the default one, none of whose pictures is lost', () => {
    const timeline = announced(1, 1);
    const alone = stream({ ms: 4400 });
    const events = feed(timeline, alone);
    timeline.videoConfig({ track: 5, codec: 'avc', record: OTHER_RECORD });
    const both = inOrder(stream({ from: 5000, ms: 3000 }), on(5, picture({ from: 5000, ms: 3000 })));
    events.push(
      ...feed(timeline, picture({ from: 4400, ms: 600, gop: 100 }).slice(1)),
      ...feed(timeline, both),
    );
    expect(discontinuities(events).map(({ reason }) => reason)).toEqual(['video track 5 appeared']);
    expect(starts(events)[1]?.alternates).toMatchObject([{ id: 5 }]);
    expect(ofAlternate(units(events, 'video'), undefined)).toHaveLength(110 + 14 + 75);
    expect(ofAlternate(events, 5)).toHaveLength(50);
  });

  it('E5: one that appears and never has what it takes does not end epoch after epoch', () => {
    const timeline = announced(1, 1);
    const reasons: string[] = [];
    for (let second = 0; second < 60; second++) {
      if (second === 3) timeline.videoConfig({ track: 1, codec: 'avc', record: OTHER_RECORD });
      const from = second * 1000;
      // A keyframe now and then, and nothing else, while the other is being waited for elsewhere.
      const flicker = second % 6 === 4 ? on(1, picture({ from: from + 500, ms: 40 })) : [];
      reasons.push(
        ...discontinuities(feed(timeline, inOrder(stream({ from, ms: 1000 }), flicker))).map(
          ({ reason }) => reason,
        ),
      );
    }
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.length).toBeLessThanOrEqual(4);
  });

  it('E5, T3: one that falls silent rests, and comes back where the default one is', () => {
    const timeline = announced(2, 2);
    const events = [
      ...feed(timeline, inOrder(stream({ ms: 3000 }), on(1, stream({ ms: 3000 })))),
      ...feed(timeline, stream({ from: 3000, ms: 30_000 })),
      ...feed(
        timeline,
        inOrder(stream({ from: 33_000, ms: 2000 }), on(1, stream({ from: 33_000, ms: 2000 }))),
      ),
    ];
    expect(discontinuities(events)).toEqual([]);
    expect(ofAlternate(units(events, 'video'), 1).map(({ unit }) => unit.pts / 3600)).toEqual(
      [...Array(75).keys(), ...Array(50).keys()].map((i, at) => (at < 75 ? i : 825 + i)),
    );
    const back = ofAlternate(units(events, 'audio'), 1).find(({ unit }) => unit.pts > 30 * 48_000);
    expect((back?.unit.pts ?? 0) / 48_000).toBeCloseTo(33, 1);
  });

  it('E5, T3: one with a clock of its own is left out, and the default one goes on', () => {
    const timeline = announced(2, 1);
    const events = feed(
      timeline,
      inOrder(stream({ ms: 6000 }), on(1, picture({ ms: 6000 }).map(shift(500_000)))),
    );
    expect(discontinuities(events)).toEqual([]);
    expect(starts(events)[0]?.alternates).toEqual([]);
    expect(ofAlternate(units(events, 'video'), undefined)).toHaveLength(150);
  });

  it('E5: when the default one falls silent for good, the next one leads', () => {
    const timeline = announced(2, 1);
    const events = [
      ...feed(timeline, inOrder(stream({ ms: 3000 }), on(1, picture({ ms: 3000 })))),
      ...feed(
        timeline,
        inOrder(sound({ from: 3000, ms: 20_000 }), on(1, picture({ from: 3000, ms: 20_000 }))),
      ),
    ];
    expect(discontinuities(events).map(({ reason }) => reason)).toEqual(['the first video track is silent']);
    expect(starts(events)[1]).toMatchObject({ video: { width: 640 }, audio: {}, alternates: [] });
  });

  it('D4, M17: a changed configuration of any of them ends the epoch', () => {
    const timeline = announced(2, 1);
    const both = (from: number): Message[] =>
      inOrder(stream({ from, ms: 2000 }), on(1, picture({ from, ms: 2000 })));
    const events = feed(timeline, both(0));
    timeline.videoConfig({ track: 1, codec: 'avc', record: RECORD_25 });
    events.push(...feed(timeline, both(2000)));
    expect(discontinuities(events).map(({ reason }) => reason)).toEqual([
      'the video track 1 configuration changed',
    ]);
    expect(starts(events)[1]?.alternates).toMatchObject([{ id: 1, track: { width: 1280 } }]);
  });

  it(`A9: more than ${MAX_TRACKS} are refused, and the others go on`, () => {
    const timeline = announced(MAX_TRACKS, 1);
    expect(() => timeline.videoConfig({ track: 200, codec: 'avc', record: OTHER_RECORD })).toThrow(
      expect.objectContaining({ code: 'MEDIA_UNSUPPORTED' }),
    );
    expect(starts(feed(timeline, stream({ ms: 4000 })))).toHaveLength(1);
  });

  it('E5, T3: in any mixture come out as epochs in which every track has rising times and stands in the start', () => {
    const step = fc.record({
      kind: fc.constantFrom('video', 'audio'),
      track: fc.constantFrom(0, 0, 1, 2),
      delta: fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 0, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }) },
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const timeline = announced(3, 3);
        let time = 0;
        const messages = steps.flatMap(({ kind, track, delta }, i) => {
          time += delta;
          return on(
            track,
            stream({ from: time, ms: 1, gop: i % 5 === 0 ? 1 : 25, [otherThan(kind)]: false }),
          );
        });
        const events = [...feed(timeline, messages), ...timeline.finish()];
        expect(units(events).length + timeline.droppedUnits).toBe(messages.length);
        let tracks = new Map<string, number>();
        for (const event of events) {
          if (event.type === 'start') {
            const { video, audio, alternates } = event;
            const names = [
              video && 'video',
              audio && 'audio',
              ...alternates.map((a) => `${a.track.kind} ${a.id}`),
            ];
            tracks = new Map(names.flatMap((name) => (name === undefined ? [] : [[name, -1]])));
          } else if (event.type === 'unit') {
            const name = event.alternate === undefined ? event.kind : `${event.kind} ${event.alternate}`;
            expect(event.unit.dts).toBeGreaterThan(tracks.get(name) ?? Number.POSITIVE_INFINITY);
            tracks.set(name, event.unit.dts);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const otherThan = (kind: string): 'video' | 'audio' => (kind === 'video' ? 'audio' : 'video');

const shift =
  (by: number) =>
  (message: Message): Message =>
    ({ ...message, raw: { ...message.raw, timestamp: message.raw.timestamp + by } }) as Message;

describe('what is said beside the bitstream', () => {
  it('E8: colour counts before the bitstream, and a changed one begins a new epoch', () => {
    const timeline = announced(1, 1);
    const PQ = { primaries: 9, transfer: 16, matrix: 9 };
    timeline.videoColour(0, PQ);
    const events = feed(timeline, stream({ ms: 2000 }));
    expect(starts(events)[0]?.video).toMatchObject({ videoRange: 'PQ', colour: { ...PQ, fullRange: false } });
    timeline.videoColour(0, { ...PQ });
    expect(discontinuities(feed(timeline, stream({ from: 2000, ms: 1000 })))).toEqual([]);
    timeline.videoColour(0, undefined);
    const after = feed(timeline, stream({ from: 3000, ms: 2000 }));
    expect(discontinuities(after)).toHaveLength(1);
    expect(starts(after)[0]?.video).toMatchObject({ videoRange: 'SDR' });
  });
});

describe('a track that changes its mind', () => {
  it('A9: a flood of changed configurations does not make an epoch each', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    let count = 0;
    for (let n = 0; n < 40; n++) {
      const record = n % 2 === 0 ? OTHER_RECORD : RECORD_25;
      timeline.videoConfig({ track: 0, codec: 'avc', record });
      count += discontinuities(feed(timeline, stream({ from: n * 250, ms: 250 }))).length;
    }
    expect(count).toBeGreaterThan(4);
    expect(count).toBeLessThanOrEqual(4 + 10);
  });

  it('A8: neither does one whose clock jumps all the time', () => {
    const timeline = announced(1, 1);
    let count = 0;
    for (let n = 0; n < 100; n++) {
      const messages = stream({ from: n * 200, ms: 200, gop: 1 }).map(shift((n % 2) * 3_600_000));
      count += discontinuities(feed(timeline, messages)).length;
    }
    expect(count).toBeGreaterThan(4);
    expect(count).toBeLessThanOrEqual(4 + 20);
  });

  it('A8: a jump of hours makes no silence and no frames of its own', () => {
    const timeline = announced(1, 1);
    const events = [
      ...feed(timeline, stream({ ms: 2000 })),
      ...feed(timeline, stream({ from: 2 ** 30, ms: 2000 })),
    ];
    expect(discontinuities(events)).toHaveLength(1);
    for (const { unit } of units(events)) expect(unit.dts).toBeLessThan(2 * 90_000);
  });

  it('D4: units of another codec wait for their configuration', () => {
    const timeline = timelineWith({ asc: ASC, record: RECORD_25 });
    feed(timeline, stream({ ms: 2000 }));
    const before = timeline.droppedUnits;
    const [first] = picture({ from: 2000, ms: 40 });
    expect(feed(timeline, [{ ...first, raw: { ...first?.raw, codec: 'hevc' } } as Message])).toEqual([]);
    expect(timeline.droppedUnits).toBe(before + 1);
  });
});

describe('what no decoder here is asked for', () => {
  const record = (widthInMacroblocks: number, heightInMapUnits: number): Buffer =>
    buildAvcConfig([writeSps({ ...PLAIN_SPS, widthInMacroblocks, heightInMapUnits })], [PLAIN_PPS]);

  it.each([
    [256, 144, true],
    [144, 256, true],
    [257, 144, false],
    [256, 145, false],
    [145, 256, false],
  ])('A9: pictures of %i x %i macroblocks', (width, height, accepted) => {
    const timeline = timelineWith({ record: null });
    const configure = (): unknown =>
      timeline.videoConfig({ track: 0, codec: 'avc', record: record(width, height) });
    if (accepted) expect(configure()).toEqual([]);
    else expect(configure).toThrow(expect.objectContaining({ code: 'MEDIA_UNSUPPORTED' }));
    const events = feed(timeline, stream({ ms: 4000 }));
    expect(starts(events)[0]?.video === undefined).toBe(!accepted);
    expect(starts(events)[0]?.audio).toBeDefined();
  });

  it('A9: a picture that grows too large is no longer carried, and the sound goes on', () => {
    const timeline = timelineWith({ record: RECORD_25 });
    feed(timeline, stream({ ms: 2000 }));
    const config = { track: 0, codec: 'avc', record: record(300, 200) } as const;
    expect(() => timeline.videoConfig(config)).toThrow(
      expect.objectContaining({ code: 'MEDIA_UNSUPPORTED' }),
    );
    expect(timeline.videoConfig(config)).toEqual([]);
    const events = feed(timeline, stream({ from: 2000, ms: 1000 }));
    expect(units(events, 'video')).toEqual([]);
    expect(units(events, 'audio').length).toBeGreaterThan(40);
  });

  it('A9: configurations of more than 64 KiB', () => {
    const timeline = timelineWith();
    const huge = Buffer.concat([RECORD_25, Buffer.alloc(64 * 1024)]);
    for (const configure of [
      () => timeline.videoConfig({ track: 0, codec: 'avc', record: huge }),
      () => timeline.audioConfig({ track: 0, codec: 'flac', record: huge }),
    ])
      expect(configure).toThrow(expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }));
  });

  it('A9: more than 120 frames a second, but not a burst of them at the start', () => {
    const fast = timelineWith();
    expect(() => feed(fast, stream({ ms: 2000, frameMs: 4 }))).toThrow(
      expect.objectContaining({ code: 'MEDIA_UNSUPPORTED' }),
    );
    expect(starts(feed(timelineWith(), stream({ ms: 2000, frameMs: 1000 / 120 })))[0]?.video).toBeDefined();
    const burst = inOrder(
      stream({ ms: 60, frameMs: 3, gop: 500 }),
      stream({ from: 60, ms: 3000, gop: 500 }).slice(2),
    );
    const events = feed(timelineWith(), burst);
    expect(starts(events)[0]?.video).toBeDefined();
  });
});
