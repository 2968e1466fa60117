import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import {
  systemClock,
  type Answer,
  type Exchange,
  type ExchangeFault,
  type RequestOptions,
  type Transport,
} from './transport.js';

const MAX_REDIRECTS = 5;

/** Connections to one server: a blocked playlist and a blocked part for each rendition, and some fetches. */
const MAX_SOCKETS = 128;

const HANDSHAKE_TIMEOUT_MS = 5000;

/** One try, before redirects are followed. */
interface Attempt {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly firstByteAt: number;
  readonly body: Buffer;
  readonly fault: ExchangeFault | undefined;
  readonly tls: Exchange['tls'];
}

/** HTTP/1.1 with kept connections over node's own client, which tells when the first byte came. */
export class HttpTransport implements Transport {
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
  };

  async request(url: string, options: RequestOptions): Promise<Answer> {
    const startedAt = systemClock.now();
    let finalUrl = url;
    let redirects = 0;
    for (;;) {
      const attempt = await this.#attempt(finalUrl, options);
      const location = attempt.headers['location'];
      const next =
        isRedirect(attempt.status) && location !== undefined ? resolve(location, finalUrl) : undefined;
      const tooMany = next !== undefined && redirects >= MAX_REDIRECTS;
      if (next !== undefined && !tooMany) {
        finalUrl = next;
        redirects += 1;
        continue;
      }
      const { body, fault: undecoded } = decode(
        attempt.body,
        attempt.headers['content-encoding'],
        options.maxBytes,
      );
      const { status, headers, firstByteAt } = attempt;
      return {
        body,
        exchange: {
          method: options.method ?? 'GET',
          url,
          finalUrl,
          requestHeaders: options.headers ?? {},
          startedAt,
          firstByteAt,
          endedAt: systemClock.now(),
          status,
          headers,
          redirects,
          bytes: attempt.body.length,
          fault: tooMany ? 'too-many-redirects' : (attempt.fault ?? undecoded),
          tls: attempt.tls,
        },
      };
    }
  }

  offersHttp2(url: string): Promise<boolean | undefined> {
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== 'https:') return Promise.resolve(undefined);
    const host = hostname.replace(/^\[|\]$/g, '');
    return new Promise((done) => {
      const socket = tls.connect({
        host,
        port: Number(port || 443),
        ...(isIP(host) === 0 && { servername: host }),
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      const end = (answer: boolean | undefined): void => {
        clearTimeout(timer);
        socket.destroy();
        done(answer);
      };
      // In all: a handshake can be drawn out for as long as bytes come.
      const timer = setTimeout(() => end(undefined), HANDSHAKE_TIMEOUT_MS);
      socket.on('secureConnect', () => end(socket.alpnProtocol === 'h2'));
      socket.on('error', () => end(undefined));
      socket.on('close', () => end(undefined));
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /** Undefined for what cannot be asked for: playlists and redirects may name anything. */
  #open(url: string, method: string, headers: http.OutgoingHttpHeaders): http.ClientRequest | undefined {
    try {
      const { protocol } = new URL(url);
      if (protocol === 'http:') return http.request(url, { method, headers, agent: this.#agents[protocol] });
      if (protocol === 'https:')
        return https.request(url, { method, headers, agent: this.#agents[protocol] });
    } catch {
      // No URL, or one with a user name that cannot be decoded.
    }
    return undefined;
  }

  /** A kept connection that the server closes at the same moment is no fault of either: the request is made once more. */
  async #attempt(url: string, options: RequestOptions): Promise<Attempt> {
    const { attempt, stale } = await this.#send(url, options);
    return stale ? (await this.#send(url, options)).attempt : attempt;
  }

  #send(
    url: string,
    { method = 'GET', headers = {}, timeout, maxBytes }: RequestOptions,
  ): Promise<{ attempt: Attempt; stale: boolean }> {
    return new Promise((resolved) => {
      const done = (attempt: Attempt, stale = false): void => {
        resolved({ attempt, stale });
      };
      const failed = (fault: ExchangeFault): Attempt => ({
        status: 0,
        headers: {},
        firstByteAt: systemClock.now(),
        body: Buffer.alloc(0),
        fault,
        tls: undefined,
      });
      const request = this.#open(url, method, headers);
      if (request === undefined) {
        done(failed('unreachable'));
        return;
      }
      let answer = failed('unreachable');
      const timer = setTimeout(() => {
        answer = { ...answer, fault: 'timeout' };
        request.destroy();
        done(answer);
      }, timeout);
      const end = (fault: ExchangeFault | undefined, body?: Buffer): void => {
        clearTimeout(timer);
        done({ ...answer, fault, ...(body === undefined ? {} : { body }) });
      };
      request.on('error', () => {
        clearTimeout(timer);
        done({ ...answer, fault: 'unreachable' }, request.reusedSocket && answer.status === 0);
      });
      request.on('response', (response) => {
        const socket = response.socket;
        answer = {
          status: response.statusCode ?? 0,
          headers: flat(response.headers),
          firstByteAt: systemClock.now(),
          body: Buffer.alloc(0),
          fault: undefined,
          tls:
            socket instanceof tls.TLSSocket
              ? {
                  version: socket.getProtocol() ?? '',
                  alpn: socket.alpnProtocol === false ? undefined : (socket.alpnProtocol ?? undefined),
                }
              : undefined,
        };
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length <= maxBytes) return;
          end('too-long', Buffer.concat(chunks));
          request.destroy();
        });
        response.on('end', () => {
          end(undefined, Buffer.concat(chunks));
        });
        response.on('error', () => {
          end('cut-off', Buffer.concat(chunks));
        });
        response.on('aborted', () => {
          end('cut-off', Buffer.concat(chunks));
        });
      });
      request.end();
    });
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The absolute URL of a reference; undefined when it is none. */
export function resolve(reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function decode(
  body: Buffer,
  encoding: string | undefined,
  maxOutputLength: number,
): { body: Buffer; fault: ExchangeFault | undefined } {
  if (encoding === undefined || encoding === 'identity' || body.length === 0)
    return { body, fault: undefined };
  try {
    if (encoding === 'gzip') return { body: gunzipSync(body, { maxOutputLength }), fault: undefined };
    if (encoding === 'br') return { body: brotliDecompressSync(body, { maxOutputLength }), fault: undefined };
    if (encoding === 'deflate') return { body: inflateSync(body, { maxOutputLength }), fault: undefined };
  } catch {
    // Told below: bytes that cannot be decompressed are as bad as an encoding nobody asked for.
  }
  return { body, fault: 'bad-encoding' };
}
