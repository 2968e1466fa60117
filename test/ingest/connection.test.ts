import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';

import { IngestConnection } from '../../src/ingest/connection.js';
import { Admission } from '../../src/ingest/admission.js';
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { windowAckSizeMessage } from '../../src/rtmp/messages/control.js';
import { perSecond } from '../../src/media/token-bucket.js';
import { FakeTarget, RecordingObserver } from './support.js';

/** A socket whose peer sends and never reads. */
class DeafSocket extends Duplex {
  readonly bytesRead = 0;

  override _read(): void {}
  override _write(): void {}
  setNoDelay(): this {
    return this;
  }

  /** Delivers bytes from the peer, in the same turn. */
  deliver(bytes: Buffer): void {
    this.emit('data', bytes);
  }
}

test('A11: a peer that never reads what it is sent is let go, with bounded output', async () => {
  const socket = new DeafSocket();
  const observer = new RecordingObserver();
  const connection = new IngestConnection(
    socket as unknown as Socket,
    { address: '127.0.0.1', protocol: 'RTMP' },
    {
      target: new FakeTarget(),
      play: undefined,
      admission: new Admission(DEFAULT_LIMITS),
      limits: { ...DEFAULT_LIMITS, lingerTimeout: 10 },
      observer,
      logger: pino({ level: 'silent' }),
      logBudget: perSecond(5),
    },
  );
  socket.deliver(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_SIZE)]));
  // A window of one byte makes every read worth an acknowledgement.
  socket.deliver(new ChunkWriter().write(windowAckSizeMessage(1)));
  let most = 0;
  for (let reads = 0; observer.faults.length === 0 && reads < DEFAULT_LIMITS.outputBytes; reads++) {
    socket.deliver(Buffer.of(0xc2, 0, 0, 0, 1));
    most = Math.max(most, socket.writableLength);
  }
  expect(observer.faults).toEqual(['RTMP_LIMIT']);
  expect(most).toBeLessThan(DEFAULT_LIMITS.outputBytes + 1024);
  await connection.closed;
  expect(await observer.closed.next()).toBe('RTMP_LIMIT');
});
