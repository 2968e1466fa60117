import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpListener } from '../../src/http/listener.js';
import { Origin } from '../../src/origin/origin.js';
import { until } from '../support/server-process.js';

describe('the pages', () => {
  let directory: string;
  let http: HttpListener;
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${http.port}${path}`, init);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-pages-'));
    mkdirSync(join(directory, 'assets'));
    writeFileSync(join(directory, 'index.html'), 'the index');
    writeFileSync(join(directory, 'watch.html'), 'the watch page');
    const script = 'x'.repeat(300_000);
    writeFileSync(join(directory, 'assets', 'watch-1.js'), script);
    writeFileSync(join(directory, 'assets', 'watch-1.js.gz'), gzipSync(script));
    http = new HttpListener({
      host: '127.0.0.1',
      port: 0,
      origin: new Origin([]),
      rtmpPort: () => 1936,
      pushes: () => [],
      pages: directory,
      observer: { answered: () => undefined },
      metrics: () => Promise.resolve({ body: '', contentType: '' }),
      isReady: () => true,
    });
    await http.listen();
  });

  afterAll(() => {
    http.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('are the index at / and one watch page for every channel, which load nothing from elsewhere', async () => {
    for (const [path, text] of [
      ['/', 'the index'],
      ['/watch/any', 'the watch page'],
    ] as const) {
      const response = await get(path);
      expect(await response.text()).toBe(text);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    }
  });

  it('have assets that are kept for ever, compressed for those who take it, whole for all', async () => {
    const compressed = await get('/assets/watch-1.js');
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(compressed.headers.get('cache-control')).toContain('immutable');
    expect(compressed.headers.get('vary')).toBe('Accept-Encoding');
    expect((await compressed.text()).length).toBe(300_000);
    const plain = await get('/assets/watch-1.js', { headers: { 'Accept-Encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect((await plain.text()).length).toBe(300_000);
  });

  it('hide what is not an asset', async () => {
    for (const path of ['/assets/watch-1.js.gz', '/assets/none.js', '/assets/..%2findex.html']) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
  });

  it('learn where encoders connect', async () => {
    expect(await (await get('/api/v1/server')).json()).toEqual({ rtmpPort: 1936 });
  });

  it('N14 keep the connection open after a HEAD, whose answer is as long as it says', async () => {
    const socket = connect(http.port, '127.0.0.1');
    let received = '';
    socket.on('data', (bytes: Buffer) => (received += bytes.toString()));
    socket.write('HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => received.includes('\r\n\r\n'), 'the first answer');
    expect(received).toContain('Content-Length: 9\r\n');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    expect(received.endsWith('\r\n\r\nthe index')).toBe(true);
  });
});
