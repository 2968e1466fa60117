import { describe, expect, it } from 'vitest';
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
} from './synthetic-publisher.js';

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
    timeline.videoConfig({ track: 0, codec: 'avc', record: RECORD });
    timeline.audioConfig({ track: 0, codec: 'aac', record: ASC });
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
          ...timeline.videoConfig({ track: 0, codec: 'avc', record: Buffer.from(RECORD) }),
          ...timeline.audioConfig({ track: 0, codec: 'aac', record: ASC }),
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
    const before = stream({ ms: 400 }).filter(({ kind, raw }) => kind === 'audio' || !(raw.data[4] === 0x65));
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
    // The second picture, presented at media time 160 ms, had arrived at 40: media time 0 cannot have been later.
    expect(starts(events)[0]?.wallClockZero).toBe(ARRIVAL + 40 - 160);
    // Media time 0 is at 80 ms: the audio frame stamped 80 plays with the picture presented then.
    expect(units(events, 'audio')[0]?.unit).toMatchObject({ pts: 0, arrival: ARRIVAL + 80 });
  });

  it('P6: anchors the wall clock on the unit that was delayed least', () => {
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
    timeline.audioConfig({ track: 0, codec: 'aac', record: ASC });
    const both = feed(timeline, stream({ from: 3000, ms: 2000 }));
    expect(discontinuities(both)).toEqual([{ type: 'discontinuity', reason: 'audio appeared' }]);
    expect(starts(both)).toHaveLength(1);
    expect(starts(both)[0]).toMatchObject({ video: { kind: 'video' }, audio: { kind: 'audio' } });
  });

  it('D6: no picture is lost when sound appears between two keyframes', () => {
    const timeline = timelineWith({ asc: null });
    feed(timeline, stream({ ms: 3000, audio: false }));
    timeline.audioConfig({ track: 0, codec: 'aac', record: ASC });
    // The next keyframe is 1 s later: sound from 3.48 s on waits for it.
    const messages = [
      ...stream({ from: 3000, ms: 480, audio: false }),
      ...stream({ from: 3480, ms: 520, gop: 10_000, video: false }),
    ];
    const between = feed(timeline, messages);
    expect(discontinuities(between)).toEqual([]);
    expect(dataOf(between)).toHaveLength(12);
    const both = feed(timeline, stream({ from: 4000, ms: 1000 }));
    expect(discontinuities(both)).toEqual([{ type: 'discontinuity', reason: 'audio appeared' }]);
    expect(both.filter((event) => event.type === 'unit' && event.kind === 'video')).toHaveLength(25);
  });

  it('D6: sound that is announced is waited for longer than sound that is not', () => {
    const timeline = timelineWith();
    expect(feed(timeline, stream({ ms: 2000, audio: false }))).toEqual([]);
    const events = feed(timeline, stream({ from: 2000, ms: 200 }));
    expect(starts(events)[0]).toMatchObject({ video: { kind: 'video' }, audio: { kind: 'audio' } });
  });

  it('T3: sound that was away and is back with the picture leaves a hole, not a discontinuity', () => {
    const timeline = timelineWith();
    const events = [
      ...feed(timeline, stream({ ms: 2000 })),
      ...feed(timeline, stream({ from: 2000, ms: 4000, audio: false })),
      ...feed(timeline, stream({ from: 6000, ms: 1000 })),
    ];
    expect(discontinuities(events)).toEqual([]);
    expect(events.filter((event) => event.type === 'unit' && event.kind === 'video')).toHaveLength(175);
    const times = events.flatMap((event) =>
      event.type === 'unit' && event.kind === 'audio' ? [event.unit.dts / 48_000] : [],
    );
    const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.max(...steps)).toBeGreaterThan(3.9);
    expect(Math.max(...steps)).toBeLessThan(4.1);
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
    ['video', (timeline: Timeline) => timeline.videoConfig({ track: 0, codec: 'avc', record: OTHER_RECORD })],
    ['audio', (timeline: Timeline) => timeline.audioConfig({ track: 0, codec: 'aac', record: OTHER_ASC })],
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
    expect(() => timeline.videoConfig({ track: 0, codec: 'avc', record: Buffer.from([1, 2, 3]) })).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
    expect(() => timeline.audioConfig({ track: 0, codec: 'aac', record: Buffer.alloc(0) })).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
    expect(discontinuities(feed(timeline, stream({ from: 2000, ms: 1000 })))).toEqual([]);
  });
});
