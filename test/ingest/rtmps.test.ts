import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

import { aacRaw, aacSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { makeCertificate } from '../support/certificate.js';
import { until } from '../support/server-process.js';
import { ffmpeg, GOOD_KEY, startIngest, stopIngests, TestPublisher } from './support.js';
import type { Ingest } from './support.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'millrace-rtmps-'));
const files = makeCertificate(folder, 'first');
const others = makeCertificate(folder, 'second');

afterEach(stopIngests);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Publishes sound over TLS and resolves when it flows. */
async function flowing(ingest: Ingest) {
  const publisher = new TestPublisher(ingest.secureUrl);
  await publisher.ready;
  const publish = await ingest.target.publishes.next();
  publisher.send(publisher.session.audio(0, aacSequenceHeader(Buffer.of(0x11, 0x90))));
  for (let i = 0; i < 200; i++) publisher.send(publisher.session.audio(i * 21, aacRaw(Buffer.of(0x21, i))));
  await publish.flowing;
  return { publisher, publish };
}

/** The name on the certificate that a new connection is shown. */
async function shownName({ listener }: Ingest): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port: listener.securePort ?? 0, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

describe('RTMPS', () => {
  test('ffmpeg publishes over it, with the certificate verified, beside plain RTMP', async () => {
    const ingest = await startIngest({}, 0, files);
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=10', '-t', '1', '-c:v', 'libx264', '-bf', '0'];
    const verify = ['-tls_verify', '1', '-ca_file', files.cert];
    const secure = ffmpeg([...source, ...verify, '-f', 'flv', `${ingest.secureUrl}/${GOOD_KEY}`]);
    expect(await secure.done).toMatchObject({ code: 0 });
    const overTls = await ingest.target.publishes.next();
    expect(await overTls.ended).toBe('goodbye');
    const plain = ffmpeg([...source, '-f', 'flv', `${ingest.url}/${GOOD_KEY}`]);
    expect(await plain.done).toMatchObject({ code: 0 });
    const overTcp = await ingest.target.publishes.next();
    expect(await overTcp.ended).toBe('goodbye');
    const units = ({ events }: typeof overTls) => events.filter((e) => e.type === 'unit').length;
    expect(units(overTls)).toBe(10);
    expect(units(overTcp)).toBe(units(overTls));
    expect(ingest.log()).toContain('"protocol":"RTMPS"');
  });

  test.each([
    ['-tls1_2', true],
    ['-tls1_3', true],
    ['-tls1_1', false],
    ['-tls1', false],
  ])('openssl s_client %s gets through: %s', async (version, works) => {
    const ingest = await startIngest({}, 0, files);
    const target = `127.0.0.1:${ingest.listener.securePort ?? 0}`;
    const args = ['s_client', '-connect', target, version, '-cipher', 'ALL:@SECLEVEL=0'];
    const client = run('openssl', args);
    client.child.stdin?.end();
    const result = await client.then(
      () => true,
      () => false,
    );
    expect(result).toBe(works);
    expect(await ingest.observer.closed.next()).toBe(works ? 'hangup' : 'TLS_FAILED');
    expect(ingest.observer.faults).toEqual(works ? [] : ['TLS_FAILED']);
  });

  test('TLS 1.2 clients cannot make it shake hands again and again', async () => {
    const ingest = await startIngest({}, 0, files);
    const target = `127.0.0.1:${ingest.listener.securePort ?? 0}`;
    const client = run('openssl', ['s_client', '-connect', target, '-tls1_2']);
    client.child.stdin?.write('R\n');
    await expect(client).rejects.toMatchObject({ stderr: expect.stringContaining('no renegotiation') });
  });

  test.each([
    ['RTMP', Buffer.concat([Buffer.of(3), Buffer.alloc(1536)])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['noise', Buffer.alloc(64, 0xff)],
  ])('%s on its port ends that connection, with a code', async (_, bytes) => {
    const ingest = await startIngest({}, 0, files);
    const socket = connect(ingest.listener.securePort ?? 0, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
    expect(await ingest.observer.closed.next()).toBe('TLS_FAILED');
    expect(ingest.observer.faults).toEqual(['TLS_FAILED']);
    await flowing(ingest);
  });

  test('H1: TLS on the plain port ends that connection, with a code', async () => {
    const ingest = await startIngest({}, 0, files);
    const socket = connectTls({ host: '127.0.0.1', port: ingest.listener.port, rejectUnauthorized: false });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
    expect(await ingest.observer.closed.next()).toBe('RTMP_BAD_VERSION');
  });

  test('A1, H6: its handshake and that of RTMP have one time limit together', async () => {
    const ingest = await startIngest({ handshakeTimeout: 60 }, 0, files);
    const silent = connect(ingest.listener.securePort ?? 0, '127.0.0.1');
    silent.on('error', () => undefined);
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    const idle = connectTls({
      ...{ host: '127.0.0.1', port: ingest.listener.securePort ?? 0, rejectUnauthorized: false },
    });
    idle.on('error', () => undefined);
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
  });

  test('A7: the caps count both ports together', async () => {
    const ingest = await startIngest({ connections: 1 }, 0, files);
    const { publisher } = await flowing(ingest);
    const extra = connect(ingest.listener.port, '127.0.0.1');
    extra.on('error', () => undefined);
    expect(await ingest.observer.rejected.next()).toBe('total');
    publisher.socket.destroy();
  });
});

describe('the certificate', () => {
  /** Links that stand still while what they lead to changes, as certbot keeps them. */
  function linked(name: string): typeof files {
    const links = { cert: join(folder, `${name}-live.crt`), key: join(folder, `${name}-live.key`) };
    point(links, files);
    return links;
  }

  function point(links: typeof files, at: typeof files): void {
    for (const kind of ['cert', 'key'] as const) {
      symlinkSync(at[kind], `${links[kind]}.new`);
      renameSync(`${links[kind]}.new`, links[kind]);
    }
  }

  test('is read anew when its links lead elsewhere; connections that are open go on', async () => {
    const links = linked('renewed');
    const ingest = await startIngest({}, 0, links);
    const { publisher, publish } = await flowing(ingest);
    expect(await shownName(ingest)).toBe('first');
    point(links, others);
    await until(async () => (await shownName(ingest)) === 'second', 'the new certificate');
    const before = publish.events.length;
    publisher.send(publisher.session.audio(4300, aacRaw(Buffer.of(0x21, 1))));
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(publish.events.length).toBe(before + 1);
  });

  test('stays as it was while the new files cannot be used, and the log says why, once', async () => {
    const own = { cert: join(folder, 'own.crt'), key: join(folder, 'own.key') };
    copyFileSync(files.cert, own.cert);
    copyFileSync(files.key, own.key);
    const ingest = await startIngest({}, 0, own);
    // The key of another certificate: what stands between the two steps of a renewal.
    writeFileSync(own.cert, readFileSync(others.cert));
    await until(() => ingest.log().includes('the certificate stays as it was'), 'a complaint');
    expect(await shownName(ingest)).toBe('first');
    expect(ingest.log()).toMatch(/key values mismatch/);
    writeFileSync(own.key, readFileSync(others.key));
    await until(async () => (await shownName(ingest)) === 'second', 'the new certificate');
    rmSync(own.key);
    await until(() => ingest.log().includes('ENOENT'), 'a complaint');
    expect(await shownName(ingest)).toBe('second');
    expect(ingest.log().match(/stays as it was/g)).toHaveLength(2);
  });

  test('that cannot be used at the start is an error with a code', async () => {
    const mismatch = { cert: files.cert, key: others.key };
    await expect(startIngest({}, 0, mismatch)).rejects.toMatchObject({ code: 'TLS_UNUSABLE' });
    const missing = { cert: join(folder, 'nowhere.crt'), key: files.key };
    await expect(startIngest({}, 0, missing)).rejects.toMatchObject({ code: 'TLS_UNUSABLE' });
  });
});
