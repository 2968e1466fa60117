import { beforeAll, describe, expect, it } from 'vitest';
import type { TimelineUnit } from '../../src/media/timeline-events.js';
import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { parseCommand } from '../../src/rtmp/messages/command.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { ServerSession, type SessionResult } from '../../src/rtmp/server-session.js';
import { Random } from '../fuzz/random.js';
import { publicationOf, readCaptures } from '../fuzz/support.js';
import { encodeVideo } from '../support/elementary-stream.js';
import { readAll, singleBytes } from './support.js';
import * as written from './written-encoders.js';
import type { Clip, Tag } from './written-encoders.js';

const HANDSHAKE_END = 1 + 2 * HANDSHAKE_SIZE;
/** Behind the handshake: commands, metadata, configurations and the first pictures. Every cut in there is tried. */
const START = 1900;
const ARRIVAL = 1_700_000_000_000;
const LATER = 2 ** 24 + 1000;

interface Replay {
  readonly units: readonly TimelineUnit[];
  readonly results: readonly SessionResult[];
}

/** Session, tag readers and timeline, over pieces that lie in one buffer that is used again and again. */
function replay(pieces: readonly Buffer[]): Replay {
  const session = new ServerSession();
  const units: TimelineUnit[] = [];
  const results: SessionResult[] = [];
  const publication = publicationOf((event) => {
    if (event.type === 'unit') units.push(event);
  });
  const take = (batch: readonly SessionResult[]): void => {
    for (const result of batch) {
      if (result.type === 'publish') take(session.acceptPublish());
      else if (result.type === 'video') publication.video(result.timestamp, result.body, ARRIVAL);
      else if (result.type === 'audio') publication.audio(result.timestamp, result.body, ARRIVAL);
      else if (result.type === 'metadata') publication.metadata(result.metadata);
      results.push(result);
    }
  };
  for (const piece of pieces) {
    const shared = Buffer.from(piece);
    take(session.receive(shared, 0));
    shared.fill(0xee);
  }
  publication.end('goodbye');
  return { units, results };
}

/** A text in which two units differ when anything about them does. */
const textOf = ({ kind, alternate, unit: { dts, pts, duration, keyframe, data } }: TimelineUnit): string =>
  [kind, alternate, dts, pts, duration, keyframe, data.toString('latin1')].join();

const textsOf = (pieces: readonly Buffer[]): string => replay(pieces).units.map(textOf).join('\n');

const dataOf = (units: readonly TimelineUnit[], kind: 'video' | 'audio'): string[] =>
  units.filter((each) => each.kind === kind).map(({ unit }) => unit.data.toString('base64'));
const timesOf = (units: readonly TimelineUnit[], kind: 'video' | 'audio') =>
  units.filter((each) => each.kind === kind).map(({ unit }) => [unit.dts, unit.pts, unit.keyframe]);

/** What was published: the tags as they came out of the session. */
function tagsOf({ results }: Replay): Clip {
  const tags = results.filter(
    (result): result is Tag & SessionResult => result.type === 'video' || result.type === 'audio',
  );
  const isConfig = ({ type, body }: Tag): boolean => body[1] === 0 && (type === 'video' || body[0] === 0xaf);
  const isEnd = ({ type, body }: Tag): boolean => type === 'video' && body[1] === 2;
  const configs = tags.filter(isConfig);
  return {
    configs: configs.filter((tag, i) => configs.findIndex(({ type }) => type === tag.type) === i),
    frames: tags.filter((tag) => !isConfig(tag) && !isEnd(tag)),
  };
}

/** The ways of splitting `bytes` that change the units: none. */
function faultsOf(bytes: Buffer, splits: Iterable<readonly Buffer[]>): number[][] {
  const whole = textsOf([bytes]);
  expect(whole.length).toBeGreaterThan(1000);
  return [...splits]
    .filter((pieces) => textsOf(pieces) !== whole)
    .map((pieces) => pieces.map(({ length }) => length));
}

function* inTwo(bytes: Buffer): Generator<readonly Buffer[]> {
  const at = (place: number): readonly Buffer[] => [bytes.subarray(0, place), bytes.subarray(place)];
  yield* [0, 1, 2, HANDSHAKE_SIZE, HANDSHAKE_SIZE + 1, HANDSHAKE_SIZE + 2].map(at);
  for (let place = 50; place < HANDSHAKE_END; place += 101) yield at(place);
  for (let place = HANDSHAKE_END - 2; place <= Math.min(HANDSHAKE_END + START, bytes.length); place++)
    yield at(place);
}

function* atRandom(bytes: Buffer): Generator<readonly Buffer[]> {
  const random = new Random(bytes.length);
  for (let i = 0; i < 60; i++) {
    const longest = random.of([30, 500, 3000, 2 * bytes.length]);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) pieces.push(bytes.subarray(at, (at += 1 + random.below(longest))));
    yield pieces;
  }
  yield singleBytes(bytes);
}

/** The units are the same wherever the bytes are split: every cut in two near the start, and all of it at random. */
function staysTheSame(bytes: Buffer): void {
  const start = bytes.subarray(0, HANDSHAKE_END + START + 500);
  expect(faultsOf(start, inTwo(start))).toEqual([]);
  expect(faultsOf(bytes, atRandom(bytes))).toEqual([]);
}

const captures = readCaptures();
const reference = replay([captures.get('ffmpeg-5.1.bin')!]);

describe.each([...captures])('%s', (_, bytes) => {
  it('D3 D5 T1 T5: gives every picture and sound of the clip, at its time', () => {
    const { units, results } = replay([bytes]);
    expect(results.filter(({ type }) => type === 'ignored' || type === 'fault')).toEqual([]);
    expect(timesOf(units, 'video')).toHaveLength(25);
    expect(units.map(textOf)).toEqual(reference.units.map(textOf));
  });

  it('H2: gives the same units wherever its bytes are split', () => {
    staysTheSame(bytes);
  });

  it('Q12: ends its publish once', () => {
    const ends = replay([bytes]).results.filter(({ type }) => type === 'unpublish');
    expect(ends).toHaveLength(1);
    expect(replay([bytes]).results.find(({ type }) => type === 'publish')).toMatchObject({
      request: { app: 'live', streamKey: 'good-key-0123', publishType: 'live' },
    });
  });
});

describe('encoders that are written after what is known of them', () => {
  /** Some tenths of a second, so that every cut can be tried. */
  const whole = tagsOf(reference);
  const clip: Clip = { ...whole, frames: whole.frames.filter(({ timestamp }) => timestamp < 320) };
  const expected = replay([written.librtmp(clip)]).units;
  let hevc: Record<'legacy' | 'enhanced', Clip>;

  beforeAll(() => {
    const stream = encodeVideo('hevc', { size: '96x64', seconds: 0.32, gop: 25 });
    const sound = { configs: clip.configs.filter(({ type }) => type === 'audio') };
    const of = (form: 'legacy' | 'enhanced'): Clip => {
      const { config, frames } = written.hevcTags(stream, form);
      const audio = clip.frames.filter(({ type }) => type === 'audio');
      return {
        configs: [config, ...sound.configs],
        frames: [...frames, ...audio].sort((a, b) => a.timestamp - b.timestamp),
      };
    };
    hevc = { legacy: of('legacy'), enhanced: of('enhanced') };
  });

  const cases: readonly (readonly [string, () => Buffer])[] = [
    ['K10 D6: OBS 29', () => written.obs(clip)],
    ['K5: OBS before 30.1', () => written.obsOmittingTimestamps(written.later(clip, LATER))],
    ['K7 K10: librtmp', () => written.librtmp(clip)],
    ['Q3 Q5: Wirecast', () => written.wirecast(clip)],
    ['K10: vMix', () => written.vmix(clip)],
    ['Q6: a sender of AMF3 messages', () => written.amf3Wrapped(clip)],
    [
      'K6: a sender of absolute times for distances',
      () => written.absoluteDeltas(written.later(clip, LATER)),
    ],
    ['D8: a sender of aggregates', () => written.aggregates(clip)],
  ];

  it('are given a clip with pictures and sound', () => {
    expect(dataOf(expected, 'video')).toHaveLength(8);
    expect(dataOf(expected, 'audio').length).toBeGreaterThan(10);
  });

  it.each(cases)('%s: gives every unit of the clip, at its time', (_, bytes) => {
    const { units, results } = replay([bytes()]);
    expect(results.filter(({ type }) => type === 'ignored' || type === 'fault')).toEqual([]);
    expect(units.map(textOf)).toEqual(expected.map(textOf));
  });

  it('Q3 Q5: Wirecast hears onFCPublish and the answer to _checkbw under the ids that it gave', () => {
    const { results } = replay([written.wirecast(clip)]);
    const reader = new ChunkReader();
    const sent = results.flatMap((result) => (result.type === 'send' ? [result.data] : []));
    const commands = readAll([Buffer.concat(sent).subarray(HANDSHAKE_END)], reader)
      .filter(({ typeId }) => typeId === MessageType.CommandAmf0)
      .map(parseCommand);
    const ids = (name: string): number[] =>
      commands.filter((command) => command.name === name).map(({ transactionId }) => transactionId);
    expect(ids('onFCPublish')).toEqual([3]);
    expect(ids('_result')).toEqual(expect.arrayContaining([1, 4, 9]));
  });

  it('T3: a mobile encoder whose sound is behind its picture loses nothing', () => {
    const { units } = replay([written.soundBehind(clip)]);
    for (const kind of ['video', 'audio'] as const) {
      expect(dataOf(units, kind)).toEqual(dataOf(expected, kind));
      expect(timesOf(units, kind)).toEqual(timesOf(expected, kind));
    }
  });

  it('D4: a hardware box with start codes and parameter sets in its keyframes alone is understood', () => {
    const { units } = replay([written.hardwareBox(clip)]);
    expect(timesOf(units, 'video')).toEqual(timesOf(expected, 'video'));
    expect(dataOf(units, 'audio')).toEqual(dataOf(expected, 'audio'));
  });

  it('D10 E1: Larix sends the same HEVC by codec id 12 and by FourCC', () => {
    const legacy = replay([written.larixLegacy(hevc.legacy)]).units;
    const enhanced = replay([written.larixEnhanced(hevc.enhanced)]).units;
    expect(timesOf(legacy, 'video')).toHaveLength(8);
    expect(legacy.map(textOf)).toEqual(enhanced.map(textOf));
  });

  it.each([
    ...cases,
    ['a mobile encoder', () => written.soundBehind(clip)],
    ['a hardware box', () => written.hardwareBox(clip)],
    ['Larix, HEVC by codec id 12', () => written.larixLegacy(hevc.legacy)],
    ['Larix, HEVC by FourCC', () => written.larixEnhanced(hevc.enhanced)],
  ] as readonly (readonly [string, () => Buffer])[])(
    'H2: %s: gives the same units wherever its bytes are split',
    (_, bytes) => {
      staysTheSame(bytes());
    },
  );
});
