import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../../src/check/transport.js';
import { FakeOrigin, type Fault } from './fake-origin.js';

/** The fake origin behind a real HTTP server, in real time. */
export async function serve(fault: Fault = {}): Promise<{ url: string; close: () => void }> {
  const origin = new FakeOrigin(systemClock, fault);
  const server = createServer((request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const options = { method: request.method as 'GET', headers, timeout: 60_000, maxBytes: 1e9 };
    void origin.request(`http://127.0.0.1${request.url ?? '/'}`, options).then(({ exchange, body }) => {
      const sent = exchange.headers['content-encoding'] === 'gzip' ? gzipSync(body) : body;
      response.writeHead(exchange.status, exchange.headers).end(request.method === 'HEAD' ? undefined : sent);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/live/index.m3u8`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
