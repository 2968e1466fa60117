import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpTransport } from '../../src/check/http-transport.js';

let server: Server | undefined;
const transport = new HttpTransport();

async function listen(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const LIMITS = { timeout: 5000, maxBytes: 1000 };

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('a request of the checker', () => {
  it('tells when the first and the last byte came', async () => {
    let finish = (): void => undefined;
    const url = await listen((_, response) => {
      response.write('first');
      finish = () => response.end('last');
    });
    const asked = transport.request(url, LIMITS);
    setTimeout(() => {
      finish();
    }, 60);
    const { exchange, body } = await asked;
    expect(body.toString()).toBe('firstlast');
    expect(exchange).toMatchObject({ status: 200, bytes: 9, redirects: 0, fault: undefined });
    expect(exchange.startedAt).toBeLessThanOrEqual(exchange.firstByteAt);
    expect(exchange.endedAt).toBeGreaterThan(exchange.firstByteAt);
  });

  it('decompresses, and says how many bytes were sent', async () => {
    const sent = gzipSync('x'.repeat(900));
    const url = await listen((_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(sent),
    );
    const { exchange, body } = await transport.request(url, LIMITS);
    expect([body.length, exchange.bytes, exchange.headers['content-encoding']]).toEqual([
      900,
      sent.length,
      'gzip',
    ]);
  });

  it.each([
    ['a bomb', gzipSync('x'.repeat(100_000))],
    ['no gzip at all', Buffer.from('plain')],
  ])('does not take %s', async (_, sent) => {
    const url = await listen((_request, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(sent),
    );
    expect((await transport.request(url, LIMITS)).exchange.fault).toBe('bad-encoding');
  });

  it('follows redirects, but not for ever', async () => {
    const url = await listen((request, response) => {
      if (request.url === '/there') response.end('here');
      else response.writeHead(302, { Location: request.url === '/loop' ? '/loop' : 'there' }).end();
    });
    const { exchange } = await transport.request(url, LIMITS);
    expect(exchange).toMatchObject({ status: 200, redirects: 1, url, finalUrl: `${url}there` });
    expect((await transport.request(`${url}loop`, LIMITS)).exchange.fault).toBe('too-many-redirects');
  });

  it('gives up what is too long, too late, cut off or not there', async () => {
    const url = await listen((request, response) => {
      if (request.url === '/long') response.end('x'.repeat(5000));
      else if (request.url === '/cut') {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('some', () => response.destroy());
      }
    });
    const fault = async (path: string, over = {}) =>
      (await transport.request(`${url}${path}`, { ...LIMITS, ...over })).exchange.fault;
    expect(await fault('long')).toBe('too-long');
    expect(await fault('cut')).toBe('cut-off');
    expect(await fault('never', { timeout: 50 })).toBe('timeout');
    expect((await transport.request('http://127.0.0.1:1/', LIMITS)).exchange.fault).toBe('unreachable');
    expect((await transport.request('ftp://127.0.0.1/', LIMITS)).exchange.fault).toBe('unreachable');
    expect((await transport.request('http://[', LIMITS)).exchange.fault).toBe('unreachable');
    expect((await transport.request('http://%zz@127.0.0.1/', LIMITS)).exchange.fault).toBe('unreachable');
  });

  it('is made once more when a kept connection has been closed', async () => {
    let count = 0;
    const url = await listen((request, response) => {
      count += 1;
      if (count === 2) request.socket.destroy();
      else response.end(String(count));
    });
    expect((await transport.request(url, LIMITS)).body.toString()).toBe('1');
    expect((await transport.request(url, LIMITS)).body.toString()).toBe('3');
  });

  it('knows nothing of HTTP/2 without TLS', async () => {
    expect(await transport.offersHttp2('http://127.0.0.1/')).toBeUndefined();
  });
});
