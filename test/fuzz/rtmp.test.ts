import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

import { MillraceError } from '../../src/errors.js';
import { Publication } from '../../src/ingest/publication.js';
import { MAX_PARTIAL_BYTES } from '../../src/rtmp/chunk-reader.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import type { SessionResult } from '../../src/rtmp/server-session.js';
import { RecordingObserver } from '../ingest/support.js';

const CORPUS = new URL('./rtmp-corpus/', import.meta.url);
const names = readdirSync(CORPUS).filter((name) => name.endsWith('.bin'));
const corpus = names.map((name) => readFileSync(new URL(name, CORPUS)));

/** Where the chunk stream begins. */
const HANDSHAKE_END = 1 + 2 * HANDSHAKE_SIZE;

/** Session results one after another, as a connection would act on them. */
function run(bytes: Buffer, random: () => number, refuse: boolean) {
  const session = new ServerSession();
  const observer = new RecordingObserver();
  const results: SessionResult[] = [];
  let publication: Publication | undefined;
  let now = 0;
  const take = (batch: readonly SessionResult[]): void => {
    for (const result of batch) {
      results.push(result);
      if (result.type === 'publish') {
        publication = refuse ? undefined : new Publication(grant(), observer, pino({ level: 'silent' }));
        take(refuse ? session.refusePublish('NetStream.Publish.Denied', 'no') : session.acceptPublish());
      }
      if (result.type === 'video') publication?.video(result.timestamp, result.body, now);
      if (result.type === 'audio') publication?.audio(result.timestamp, result.body, now);
      if (result.type === 'metadata') publication?.metadata(result.metadata);
      if (result.type === 'unpublish') publication?.end('goodbye');
    }
  };
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() ** 3 * 8192);
    const shared = Buffer.from(bytes.subarray(at, at + size));
    take(session.receive(shared, now));
    shared.fill(0xee);
    if (session.heldBytes > MAX_PARTIAL_BYTES) throw new Error(`${session.heldBytes} bytes held`);
    at += size;
    now += 20;
  }
  publication?.end('vanished');
  return { session, results };
}

const grant = () =>
  ({
    accepted: true,
    channel: 'live',
    publishId: 'live-1',
    session: { event: () => undefined, metadata: () => undefined, end: () => undefined },
  }) as const;

/** What must hold for any input. */
function judge(input: Buffer, { session, results }: ReturnType<typeof run>): void {
  const faults = results.flatMap((result, at) => (result.type === 'fault' ? [{ result, at }] : []));
  expect(faults.length).toBeLessThanOrEqual(1);
  for (const { result, at } of faults) {
    expect(result.error).toBeInstanceOf(MillraceError);
    expect(at).toBe(results.length - 1);
    expect(session.stage).toBe('ended');
    expect(session.receive(Buffer.from([3, 0, 0]), 1e9)).toEqual([]);
  }
  let media = 0;
  let sent = 0;
  for (const result of results) {
    if (result.type === 'video' || result.type === 'audio') media += result.body.length;
    if (result.type === 'send') sent += result.data.length;
  }
  expect(media).toBeLessThanOrEqual(input.length);
  expect(sent).toBeLessThan(100_000);
}

/** mulberry32: small, seeded, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TELLING_BYTES = [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xc0, 0xc2, 0xff];

function mutate(original: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const pick = (limit: number): number => Math.floor(random() * limit);
  // Mostly behind the handshake, and near the start of it, where the headers and commands are.
  const place = (): number => {
    const from = random() < 0.05 ? 0 : HANDSHAKE_END;
    return Math.min(bytes.length - 1, from + Math.floor(random() ** 2 * (bytes.length - from)));
  };
  for (let left = 1 + pick(6); left > 0; left--) {
    const at = place();
    const length = 1 + pick(random() < 0.8 ? 16 : 2000);
    switch (pick(6)) {
      case 0:
        bytes[at] = bytes[at]! ^ (1 << pick(8));
        break;
      case 1:
        bytes[at] = TELLING_BYTES[pick(TELLING_BYTES.length)]!;
        break;
      case 2:
        bytes.fill(
          TELLING_BYTES[pick(TELLING_BYTES.length)]!,
          at,
          Math.min(at + length, at + 8, bytes.length),
        );
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default: {
        const other = corpus[pick(corpus.length)]!;
        const from = HANDSHAKE_END + pick(other.length - HANDSHAKE_END);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          other.subarray(from, from + length),
          bytes.subarray(at),
        ]);
      }
    }
    if (bytes.length <= HANDSHAKE_END) return bytes;
  }
  return bytes;
}

describe('the RTMP session', () => {
  test.each(names)('replays %s without a fault', (name) => {
    const input = corpus[names.indexOf(name)]!;
    const outcome = run(input, generator(1), false);
    judge(input, outcome);
    const types = outcome.results.map(({ type }) => type);
    expect(types).toContain('video');
    expect(types).toContain('audio');
    expect(types).toContain('metadata');
    expect(types.filter((type) => type === 'unpublish')).toHaveLength(1);
    expect(types).not.toContain('fault');
  });

  test('survives mutated publishers, with results and coded faults only and bounded memory', () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_917);
    const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 1500);
    const ends = { fault: 0, other: 0 };
    for (let round = 0; round < rounds; round++) {
      const random = generator(seed + round);
      const input = mutate(corpus[round % corpus.length]!, random);
      try {
        const outcome = run(input, random, random() < 0.1);
        judge(input, outcome);
        ends[outcome.session.stage === 'ended' ? 'fault' : 'other']++;
      } catch (error) {
        throw new Error(`seed ${seed + round}, corpus file ${names[round % corpus.length]}`, {
          cause: error,
        });
      }
    }
    // Mutations that all die in the first header, or never hurt, would test nothing.
    expect(ends.fault).toBeGreaterThan(rounds / 10);
    expect(ends.other).toBeGreaterThan(rounds / 10);
  });

  test('survives noise, with and without a handshake in front', () => {
    const handshake = Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_SIZE)]);
    const noise = fc.uint8Array({ maxLength: 3000, size: 'max' });
    fc.assert(
      fc.property(noise, fc.boolean(), fc.integer(), (array, shaken, seed) => {
        const input = shaken ? Buffer.concat([handshake, array]) : Buffer.from(array);
        judge(input, run(input, generator(seed), false));
      }),
      { numRuns: 500 },
    );
  });
});
