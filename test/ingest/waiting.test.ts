import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

import { aacRaw, aacSequenceHeader } from '../../src/rtmp/flv-writer.js';
import type { IngestLimits } from '../../src/ingest/limits.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { MessageType, type RtmpMessage } from '../../src/rtmp/messages/message.js';
import { makeCertificate } from '../support/certificate.js';
import { until } from '../support/server-process.js';
import { startIngest, stopIngests, TestPublisher } from './support.js';
import type { Ingest } from './support.js';

/** What the origin takes its time with, settled by the test. */
let decide: () => void;
let fail: (error: Error) => void;
let ingest: Ingest;

/** The deadlines are shorter than what the tests let a publisher wait. */
const DEADLINE = 500;

const folder = mkdtempSync(join(tmpdir(), 'millrace-waiting-'));
const files = makeCertificate(folder, 'waiting');

async function start(limits: Partial<IngestLimits>): Promise<void> {
  ingest = await startIngest(limits, 0, files);
  ingest.target.thinking = new Promise((resolve, reject) => {
    decide = resolve;
    fail = reject;
  });
}

beforeEach(async () => {
  await start({ publishTimeout: DEADLINE, mediaTimeout: DEADLINE });
});
afterEach(stopIngests);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A publisher that has asked and got no answer yet. */
async function waiting(over: 'url' | 'secureUrl' = 'url') {
  const publisher = new TestPublisher(ingest[over]);
  const cancelled = await ingest.target.asked.next();
  return { publisher, cancelled };
}

/** What an encoder sends that does not wait for the answer. */
const audioMessage = (timestamp: number, payload: Buffer): RtmpMessage => ({
  ...{ chunkStreamId: 6, typeId: MessageType.Audio, streamId: 1 },
  ...{ timestamp, payload },
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a publisher that has to wait for the answer', () => {
  test('Q11: is let in when it comes, past every deadline, with what it has sent meanwhile', async () => {
    const { publisher } = await waiting();
    const writer = new ChunkWriter();
    publisher.send([writer.write(audioMessage(0, aacSequenceHeader(Buffer.of(0x11, 0x90))))]);
    await pause(1.5 * DEADLINE);
    expect(publisher.socket.closed).toBe(false);
    decide();
    await publisher.ready;
    const publish = await ingest.target.publishes.next();
    publisher.send(publisher.session.audio(0, aacRaw(Buffer.of(0x21, 1))));
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(publish.events.map(({ type }) => type)).toEqual(['start', 'unit']);
  });

  test('has the whole time for its first media after the answer', async () => {
    const { publisher } = await waiting();
    await pause(DEADLINE);
    decide();
    await publisher.ready;
    const publish = await ingest.target.publishes.next();
    expect(publish.control.silentForMs()).toBeLessThan(DEADLINE);
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    expect(publish.ends).toEqual(['vanished']);
  });

  test.each(['url', 'secureUrl'] as const)(
    'A2: is not read from meanwhile, however much it sends (%s)',
    async (over) => {
      await start({});
      const { publisher } = await waiting(over);
      const writer = new ChunkWriter();
      const sound = aacRaw(Buffer.alloc(60 * 1024, 0x21));
      const send = (i: number): void => publisher.send([writer.write(audioMessage(i, sound))]);
      publisher.send([writer.setChunkSize(65_536)]);
      // What the system's buffers take is its own affair: more is sent until some of it waits with the sender.
      let sent = 0;
      let left = 0;
      await until(async () => {
        if (left === 0) for (const end = sent + 100; sent < end;) send(sent++);
        const before = left;
        await pause(50);
        left = publisher.socket.writableLength;
        return left > 0 && left === before;
      }, 'the sender to be held up');
      expect(ingest.observer.faults).toEqual([]);
      decide();
      const publish = await ingest.target.publishes.next();
      publisher.send(publisher.session.goodbye());
      expect(await publish.ended).toBe('goodbye');
      expect(ingest.observer.units.audio).toBe(sent);
    },
  );

  test.each(['url', 'secureUrl'] as const)('takes its question back by hanging up (%s)', async (over) => {
    const { publisher, cancelled } = await waiting(over);
    publisher.socket.end();
    if (!cancelled.aborted) await once(cancelled, 'abort');
    expect(await ingest.observer.closed.next()).toBe('hangup');
    decide();
    const publish = await ingest.target.publishes.next();
    expect(await publish.ended).toBe('vanished');
    expect(ingest.observer.publishers).toBe(0);
  });

  test('takes its question back by a reset', async () => {
    const { publisher, cancelled } = await waiting();
    publisher.socket.resetAndDestroy();
    if (!cancelled.aborted) await once(cancelled, 'abort');
    expect(['reset', 'hangup']).toContain(await ingest.observer.closed.next());
  });

  test('is told when the server stops', async () => {
    const { publisher, cancelled } = await waiting();
    const closed = ingest.listener.close();
    expect(cancelled.aborted).toBe(true);
    decide();
    await closed;
    expect(await ingest.observer.closed.next()).toBe('shutdown');
    await publisher.gone;
  });

  test('is refused with the words of the answer', async () => {
    const { publisher } = await waiting();
    ingest.target.refusal = { accepted: false, code: 'PUBLISH_BUSY', description: 'somebody is live here' };
    decide();
    await expect(publisher.ready).rejects.toThrow('somebody is live here');
    expect(await ingest.observer.closed.next()).toBe('refused');
    expect(ingest.observer.refused).toEqual(['PUBLISH_BUSY']);
  });

  test('is let go when the origin breaks, and nobody else is', async () => {
    const { publisher } = await waiting();
    fail(new Error('origin broke'));
    await publisher.gone;
    expect(await ingest.observer.closed.next()).toBe('INTERNAL');
    ingest.target.thinking = undefined;
    await new TestPublisher(ingest.url).ready;
  });
});
