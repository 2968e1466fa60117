import { describe, expect, it } from 'vitest';
import { eventMessage } from '../../src/cmaf/event-message.js';
import { initSegment } from '../../src/cmaf/init-segment.js';
import { SegmentPlan } from '../../src/cmaf/segment-plan.js';
import { MAX_WAITING_EVENTS, Segmenter, type SegmenterPart } from '../../src/cmaf/segmenter.js';
import { cueOf } from '../support/cues.js';
import { SPLICE_OUT } from '../support/scte35.js';
import { frame, videoTrack } from '../support/synthetic-stream.js';
import { only, parseBoxes, readMovie, topLevel } from './read-back.js';

const PLACE = { timescale: 90_000, time: 2 ** 32 + 5 };
const hello = cueOf({ values: new Map([['text', 'Grüße "€"']]) });

/** The frames of an ID3v2.4 tag, as id and content, read from the specification. */
function id3Frames(tag: Buffer): [string, Buffer][] {
  const synchsafe = (at: number): number =>
    [0, 1, 2, 3].reduce((sum, i) => sum * 128 + tag.readUInt8(at + i), 0);
  expect(tag.toString('latin1', 0, 3)).toBe('ID3');
  expect([...tag.subarray(3, 6)]).toEqual([4, 0, 0]);
  expect(synchsafe(6)).toBe(tag.length - 10);
  const frames: [string, Buffer][] = [];
  for (let at = 10; at < tag.length; at += 10 + synchsafe(at + 4))
    frames.push([tag.toString('latin1', at, at + 4), tag.subarray(at + 10, at + 10 + synchsafe(at + 4))]);
  return frames;
}

describe('an event message', () => {
  it('carries what is said as an ID3 tag, at its time on the track', () => {
    const values = new Map([
      ['text', 'Grüße "€"'],
      ['long', 'x'.repeat(300)],
    ]);
    const box = eventMessage({ id: 7, time: 0, cue: cueOf({ values }) }, PLACE) ?? Buffer.alloc(0);
    const emsg = only(parseBoxes(box), 'emsg');
    expect(emsg).toMatchObject({
      version: 1,
      scheme_id_uri: 'https://aomedia.org/emsg/ID3',
      value: '',
      timescale: 90_000,
      event_duration: 0xffff_ffff,
      id: 7,
    });
    expect(box.readBigUInt64BE(16)).toBe(BigInt(PLACE.time));
    const tag = box.subarray(box.indexOf('ID3\x04'));
    const frames = id3Frames(tag).map(([id, content]) => [id, content[0], content.toString('utf8', 1)]);
    expect(frames).toEqual([
      ['TXXX', 3, 'text\0Grüße "€"'],
      ['TXXX', 3, `long\0${'x'.repeat(300)}`],
    ]);
  });

  it('P10: carries a SCTE 35 message as it came', () => {
    const cue = cueOf({ type: 'splice', role: 'out', duration: 30, scte35: SPLICE_OUT });
    const box = eventMessage({ id: 1, time: 0, cue }, PLACE) ?? Buffer.alloc(0);
    expect(only(parseBoxes(box), 'emsg')).toMatchObject({
      scheme_id_uri: 'urn:scte:scte35:2013:bin',
      event_duration: 30 * 90_000,
    });
    expect(box.subarray(-SPLICE_OUT.length)).toEqual(SPLICE_OUT);
  });

  it('is not made for what says nothing', () => {
    expect(eventMessage({ id: 1, time: 0, cue: cueOf() }, PLACE)).toBeUndefined();
  });
});

describe('events in the media', () => {
  const track = videoTrack();
  /** One segment of two seconds in parts of 200 ms; `said` at frames. */
  function parts(said: ReadonlyMap<number, readonly number[]>, baseTime = 0): SegmenterPart[] {
    const plan = new SegmentPlan({ firstMsn: 0, timescale: 90_000, segmentTarget: 2, targetDuration: 2 });
    const segmenter = new Segmenter({ track, plan, firstMsn: 0, partTicks: 18_000, baseTime });
    const out: SegmenterPart[] = [];
    for (let n = 0; n < 60; n++) {
      for (const time of said.get(n) ?? []) segmenter.announce({ id: n, time, cue: hello });
      const unit = frame(n);
      plan.offer(unit.dts, unit.pts, unit.duration, unit.keyframe);
      for (const output of segmenter.push(unit)) if (output.type === 'part') out.push(output);
    }
    return out;
  }
  const partsWithEvents = (all: readonly SegmenterPart[]): number[] =>
    all.filter(({ data }) => topLevel(data).includes('emsg')).map(({ index }) => index);

  it('stand before the fragment of the part they fall into, or of the next where that has gone out', () => {
    expect(partsWithEvents(parts(new Map([[0, [0, 450, 1999]]])))).toEqual([0, 2, 9]);
    expect(partsWithEvents(parts(new Map([[31, [100]]])))).toEqual([5]);
    expect(partsWithEvents(parts(new Map([[0, [2000]]])))).toEqual([]);
  });

  it('C2 C4: leave parts that add up to a segment that reads as before', () => {
    const said = new Map([[0, [0, 10, 900]]]);
    const [plain, talking] = [parts(new Map()), parts(said)];
    expect(topLevel(talking[0]!.data)).toEqual(['styp', 'emsg', 'emsg', 'moof', 'mdat']);
    expect(topLevel(talking[4]!.data)).toEqual(['emsg', 'moof', 'mdat']);
    const file = (all: readonly SegmenterPart[]): Buffer =>
      Buffer.concat([initSegment(track), ...all.map(({ data }) => data)]);
    const samples = (all: readonly SegmenterPart[]): unknown =>
      readMovie(file(all)).samples.map(({ dts, cts, duration, size, is_sync }) => [
        dts,
        cts,
        duration,
        size,
        is_sync,
      ]);
    expect(samples(talking)).toEqual(samples(plain));
    expect(talking.map(({ duration, independent }) => [duration, independent])).toEqual(
      plain.map(({ duration, independent }) => [duration, independent]),
    );
  });

  it('are timed on the timeline of the presentation', () => {
    const base = 100 * 90_000;
    const { data } = parts(new Map([[0, [450]]]), base)[2]!;
    expect(data.readBigUInt64BE(data.indexOf('emsg') + 12)).toBe(BigInt(base + 450 * 90));
  });

  it('are bounded while they wait', () => {
    const many = Array.from({ length: 3 * MAX_WAITING_EVENTS }, () => 0);
    const [first] = parts(new Map([[0, many]]));
    expect(topLevel(first!.data).filter((type) => type === 'emsg')).toHaveLength(MAX_WAITING_EVENTS);
  });
});
