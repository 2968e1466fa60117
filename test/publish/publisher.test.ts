import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { RtmpPublisher } from '../../src/publish/publisher.js';
import { MAX_QUEUED_BYTES } from '../../src/rtmp/send-gate.js';
import { makeCertificate } from '../support/certificate.js';
import { FfmpegProcess } from '../support/ffmpeg.js';
import { freePort, until } from '../support/server-process.js';
import { RecordingServer } from './recording-server.js';

let server: RecordingServer;
beforeEach(async () => {
  server = await RecordingServer.start();
});
afterEach(() => server.close());

const body = (byte: number, length: number): Buffer =>
  Buffer.concat([Buffer.of(0x27, 1, 0, 0, 0), Buffer.alloc(length, byte)]);

describe('an RTMP publisher', () => {
  it('sends metadata and media in order, and says goodbye', async () => {
    const publisher = await RtmpPublisher.connect(server.url('secret?token=1'));
    publisher.metadata({ width: 1280, encoder: 'Millrace' });
    publisher.media('video', 0, body(1, 10), 'config');
    publisher.media('audio', 5, Buffer.of(0xaf, 1, 2), 'audio');
    publisher.media('video', 40, body(2, 9000), 'inter');
    await publisher.close();
    const [recording] = server.recordings;
    await server.until(() => recording?.end !== undefined);
    expect(recording).toMatchObject({ streamKey: 'secret', metadata: 1, end: 'goodbye' });
    expect(
      recording?.messages.map(({ type, timestamp, body: { length } }) => [type, timestamp, length]),
    ).toEqual([
      ['video', 0, 15],
      ['audio', 5, 3],
      ['video', 40, 9005],
    ]);
    expect(await publisher.closed).toBeUndefined();
    expect(publisher.stats()).toMatchObject({ sent: 3, dropped: 0 });
    await publisher.close();
  });

  it('publishes to ffmpeg as a server', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/key`;
    const listening = new FfmpegProcess('-listen', '1', '-i', url, '-f', 'null', '-');
    let publisher: RtmpPublisher | undefined;
    await until(async () => {
      // Refused until ffmpeg listens; anything else is a fault.
      publisher = await RtmpPublisher.connect(url).catch((fault: unknown) => {
        if (fault instanceof MillraceError && fault.code === 'CONNECT_FAILED') return undefined;
        throw fault;
      });
      return publisher !== undefined;
    }, 'ffmpeg to listen');
    expect(publisher?.isOpen).toBe(true);
    await publisher?.close();
    await listening.stop();
  });

  it('is refused with the reason of the server', async () => {
    server.admits = () => false;
    await expect(RtmpPublisher.connect(server.url())).rejects.toMatchObject({ code: 'RTMP_REFUSED' });
  });

  it('does not connect where nothing listens', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await expect(RtmpPublisher.connect(`rtmp://127.0.0.1:${port}/live/key`)).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
  });

  it('does not publish over TLS to a server whose certificate nobody vouches for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-publisher-'));
    const { cert, key } = makeCertificate(folder, 'unknown');
    const secure = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) });
    secure.on('tlsClientError', () => undefined);
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    const fault = await RtmpPublisher.connect(`rtmps://127.0.0.1:${port}/live/key`).catch((e: unknown) => e);
    expect(fault).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('self-signed') as string,
    });
    secure.close();
    rmSync(folder, { recursive: true });
  });

  it('gives up at once when it is stopped while the server keeps it waiting', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const stopping = new AbortController();
    const connecting = RtmpPublisher.connect(
      `rtmp://127.0.0.1:${(silent.address() as AddressInfo).port}/live/key`,
      stopping.signal,
    );
    await once(silent, 'connection');
    stopping.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    silent.close();
  });

  it('is over when the server goes away, and sends no more', async () => {
    const publisher = await RtmpPublisher.connect(server.url());
    server.cut();
    expect(await publisher.closed).toMatchObject({ code: 'CONNECT_FAILED' });
    expect(publisher.isOpen).toBe(false);
    expect(publisher.media('video', 0, body(1, 10), 'keyframe')).toBe(false);
    publisher.metadata({ width: 1 });
    await publisher.close();
  });

  it('drops pictures for a server that takes nothing, and begins again at a keyframe', async () => {
    const publisher = await RtmpPublisher.connect(server.url());
    server.pause();
    const size = 200_000;
    let sent = 0;
    while (publisher.media('video', sent, body(1, size), sent === 0 ? 'keyframe' : 'inter')) {
      sent++;
      await new Promise(setImmediate);
      if (sent > 2000) throw new Error('nothing is dropped');
    }
    expect(publisher.stats().queuedBytes).toBeLessThan(MAX_QUEUED_BYTES + 2 * size);
    server.resume();
    await server.until(() => server.recordings[0]?.messages.length === sent);
    expect(publisher.media('video', 1, body(1, 10), 'inter')).toBe(false);
    expect(publisher.media('video', 2, body(2, 10), 'keyframe')).toBe(true);
    expect(publisher.media('video', 3, body(3, 10), 'inter')).toBe(true);
    expect(publisher.stats()).toMatchObject({ sent: sent + 2, dropped: 2 });
    await publisher.close();
  });
});
