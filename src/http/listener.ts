import uws from 'uWebSockets.js';
import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { MillraceError } from '../errors.js';
import type { Origin } from '../origin/origin.js';
import type { PushStatus } from '../relay/push-status.js';
import { ApiRoutes } from './api.js';
import { Exchange } from './exchange.js';
import { LiveRoutes } from './live.js';
import type { HttpObserver } from './observer.js';
import { Pages } from './pages.js';
import { error, text } from './replies.js';
import { Waiters } from './waiters.js';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly origin: Origin;
  /** Where encoders connect; the index page tells them. */
  readonly rtmpPort: () => number;
  /** How the pushes of a channel to other servers stand. */
  readonly pushes: (channel: string) => readonly PushStatus[];
  /** Folder of the bundled pages. */
  readonly pages: string;
  readonly observer: HttpObserver;
  /** The Prometheus exposition and its content type. */
  readonly metrics: () => Promise<{ body: string; contentType: string }>;
  /** False while starting and stopping: load balancers then send nobody here. */
  readonly isReady: () => boolean;
}

/** Longest URL looked at; uWebSockets.js itself bounds the header block. */
const MAX_PATH = 1024;

/** uWebSockets.js' LIBUS_LISTEN_EXCLUSIVE_PORT: without it a second server would share the port in silence. */
const EXCLUSIVE_PORT = 1;

type ListenExclusively = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => unknown;

/** `listen` takes host and options together; its types do not know. */
const exclusively = (app: TemplatedApp): ListenExclusively =>
  (app.listen as unknown as ListenExclusively).bind(app);

const PREFLIGHT = {
  status: 204,
  headers: {
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers': 'Range, If-None-Match',
    'Access-Control-Max-Age': '86400',
    'Cache-Control': 'no-store',
  },
};

/** The HTTP server: everything a viewer or an operator asks for, from memory. */
export class HttpListener {
  readonly #options: HttpOptions;
  readonly #app = uws.App();
  readonly #waiters = new Waiters();
  readonly #live: LiveRoutes;
  readonly #api: ApiRoutes;
  readonly #pages: Pages;
  #socket: us_listen_socket | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#live = new LiveRoutes(options.origin, this.#waiters);
    this.#api = new ApiRoutes(options.origin, options.rtmpPort, options.pushes);
    this.#pages = new Pages(options.pages);
    this.#app.any('/*', (response, request) => {
      const exchange = new Exchange(response, request, (status, bytes) => {
        options.observer.answered(status, bytes);
      });
      this.#route(exchange);
    });
  }

  /** Requests held now. */
  get waiters(): number {
    return this.#waiters.count;
  }

  /** The port in use; what was asked for unless that was 0. */
  get port(): number {
    return this.#socket === undefined ? this.#options.port : uws.us_socket_local_port(this.#socket);
  }

  /** @throws MillraceError LISTEN_FAILED */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      exclusively(this.#app)(host, port, EXCLUSIVE_PORT, (socket) => {
        if (socket === false) {
          reject(
            new MillraceError(
              'LISTEN_FAILED',
              `HTTP could not listen on ${host}:${String(port)}; is the port in use?`,
            ),
          );
          return;
        }
        this.#socket = socket;
        resolve();
      });
    });
  }

  /** Takes no more connections; those that are open go on. */
  stopListening(): void {
    if (this.#socket !== undefined) uws.us_listen_socket_close(this.#socket);
    this.#socket = undefined;
  }

  /** Ends every connection at once. */
  close(): void {
    this.stopListening();
    this.#app.close();
  }

  #route(exchange: Exchange): void {
    try {
      this.#dispatch(exchange);
    } catch {
      // A fault of ours costs one request, not the server.
      exchange.send(error(500, 'INTERNAL', 'internal error'));
    }
  }

  #dispatch(exchange: Exchange): void {
    const { method } = exchange;
    if (method === 'OPTIONS') exchange.send(PREFLIGHT);
    else if (method !== 'GET' && method !== 'HEAD') {
      exchange.send(
        error(405, 'METHOD_NOT_ALLOWED', 'only GET, HEAD and OPTIONS are served', {
          Allow: 'GET, HEAD, OPTIONS',
        }),
      );
    } else this.#get(exchange, segmentsOf(exchange.path));
  }

  #get(exchange: Exchange, path: readonly string[]): void {
    const [head, second] = path;
    if (head === 'live') this.#live.handle(exchange, path.slice(1));
    else if (path.length === 1 && head === '') this.#pages.index(exchange);
    else if (head === 'watch' && path.length === 2) this.#pages.watch(exchange);
    else if (head === 'assets' && path.length === 2) this.#pages.asset(exchange, second ?? '');
    else if (head === 'api' && second === 'v1') this.#api.handle(exchange, path.slice(2));
    else if (head === 'healthz' && path.length === 1) exchange.send(text('ok\n'));
    else if (head === 'readyz' && path.length === 1) this.#ready(exchange);
    else if (head === 'metrics' && path.length === 1) this.#metrics(exchange);
    else exchange.send(error(404, 'NOT_FOUND', 'nothing is at this URL'));
  }

  #ready(exchange: Exchange): void {
    if (this.#options.isReady()) exchange.send(text('ready\n'));
    else exchange.send(error(503, 'SHUTTING_DOWN', 'the server is starting or shutting down'));
  }

  #metrics(exchange: Exchange): void {
    this.#options.metrics().then(
      ({ body, contentType }) => {
        exchange.send(text(body, contentType));
      },
      () => {
        exchange.send(error(500, 'INTERNAL', 'metrics could not be collected'));
      },
    );
  }
}

/** The decoded segments of a URL path without its leading slash; an undecodable one matches nothing. */
function segmentsOf(path: string): string[] {
  if (path.length > MAX_PATH) return [];
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}
