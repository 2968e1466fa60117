import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { clientAddress } from './client-address.js';

/** A complete answer. The same object may answer any number of requests. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** The body compressed, for clients that take it so. */
  readonly gzip?: () => Buffer;
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: '200 OK',
  204: '204 No Content',
  206: '206 Partial Content',
  304: '304 Not Modified',
  400: '400 Bad Request',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  416: '416 Range Not Satisfiable',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/** Sent with every answer: players on other sites read playlists and media (no cookies are ever used). */
const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Age, Content-Length, Content-Range, Date, ETag',
};

/** Answers that have no body by definition; any other without one must say that its length is 0. */
const WITHOUT_BODY = new Set([204, 304]);

/** Bodies up to this size are written at once; larger ones as fast as the client reads. */
const WRITE_AT_ONCE = 64 * 1024;

/** One request and its one answer. What is needed of the request is copied: uWebSockets.js frees it on return. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly range: string;
  readonly ifNoneMatch: string;
  /** Whom it comes from: the client, or the proxy in front of it. */
  readonly client: string;
  readonly #acceptsGzip: boolean;
  readonly #response: HttpResponse;
  readonly #onAbort: (() => void)[] = [];
  readonly #done: (status: number, bytes: number) => void;
  #open = true;

  /** @param done called once, with what was answered, or status 0 when the client went away first */
  constructor(response: HttpResponse, request: HttpRequest, done: (status: number, bytes: number) => void) {
    this.#response = response;
    this.#done = done;
    this.method = request.getMethod().toUpperCase();
    this.path = request.getUrl();
    this.query = request.getQuery();
    this.range = request.getHeader('range');
    this.ifNoneMatch = request.getHeader('if-none-match');
    this.client = clientAddress(response.getRemoteAddress());
    this.#acceptsGzip = /\bgzip\b/.test(request.getHeader('accept-encoding'));
    response.onAborted(() => {
      if (!this.#open) return;
      this.#open = false;
      for (const hook of this.#onAbort) hook();
      done(0, 0);
    });
  }

  /** False once answered or aborted. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Calls the hook if the client goes away before the answer. */
  onAbort(hook: () => void): void {
    this.#onAbort.push(hook);
  }

  send(reply: Reply): void {
    if (!this.#open) return;
    const compressed = this.#acceptsGzip ? reply.gzip?.() : undefined;
    const body = compressed ?? (typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body);
    const length = body?.length ?? 0;
    const response = this.#response;
    const whole = body === undefined || this.method === 'HEAD' || length <= WRITE_AT_ONCE;
    if (whole) this.#close(reply.status, this.method === 'HEAD' ? 0 : length);
    response.cork(() => {
      response.writeStatus(STATUS_TEXT[reply.status] ?? String(reply.status));
      for (const [name, value] of Object.entries(CORS_HEADERS)) response.writeHeader(name, value);
      for (const [name, value] of Object.entries(reply.headers)) response.writeHeader(name, value);
      if (reply.gzip !== undefined) response.writeHeader('Vary', 'Accept-Encoding');
      if (compressed !== undefined) response.writeHeader('Content-Encoding', 'gzip');
      // Told the length itself, the library would close the connection unannounced.
      if (this.method === 'HEAD') response.writeHeader('Content-Length', String(length));
      if (this.method === 'HEAD' || WITHOUT_BODY.has(reply.status)) response.endWithoutBody();
      else if (body === undefined) response.end('');
      else if (whole) response.end(body);
    });
    if (!whole) this.#stream(reply.status, body);
  }

  /** Writes a large body as the client takes it, so that slow readers cost no memory. */
  #stream(status: number, body: Buffer): void {
    const response = this.#response;
    const finish = (): void => {
      this.#close(status, body.length);
    };
    let finished = false;
    response.cork(() => {
      const [, done] = response.tryEnd(body, body.length);
      finished = done;
    });
    if (finished) {
      finish();
      return;
    }
    response.onWritable((offset) => {
      if (!this.#open) return true;
      const [ok, done] = response.tryEnd(body.subarray(offset), body.length);
      if (done) finish();
      return ok;
    });
  }

  #close(status: number, bytes: number): void {
    this.#open = false;
    this.#done(status, bytes);
  }
}
