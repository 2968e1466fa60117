import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import { perSecond } from '../media/token-bucket.js';
import type { PublishTarget } from '../origin/publishing.js';
import { addressOf, Admission } from './admission.js';
import type { Certificate } from './certificate.js';
import { IngestConnection } from './connection.js';
import type { ConnectionContext, Peer } from './connection.js';
import { DEFAULT_LIMITS } from './limits.js';
import type { IngestLimits } from './limits.js';
import type { IngestObserver } from './observer.js';
import type { PlayOptions } from './player.js';

export interface PortOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

export interface ListenerOptions extends PortOptions {
  /** A second port, on which everything goes through TLS. */
  readonly secure?: (PortOptions & { readonly certificate: Certificate }) | undefined;
  /** Who decides on publishers and takes their media. */
  readonly target: PublishTarget;
  /** Where players get what they ask for; undefined where nothing is played. */
  readonly play?: PlayOptions | undefined;
  readonly logger: Logger;
  readonly observer: IngestObserver;
  readonly limits?: Partial<IngestLimits>;
}

/** Log lines per second about peers that never came to publish. */
const STRANGER_LOGS_PER_SECOND = 5;

/** A port and what a connection on it is made of. */
interface Port extends PortOptions {
  readonly protocol: Peer['protocol'];
  readonly server: Server;
  /** What it is really listening on; 0 before it does. */
  bound: number;
}

/** Accepts RTMP publishers, and RTMPS publishers beside them, within caps that count both. */
export class IngestListener {
  readonly #options: ListenerOptions;
  readonly #context: ConnectionContext;
  readonly #plain: Port;
  readonly #secure: Port | undefined;
  readonly #connections = new Set<IngestConnection>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { target, observer, logger, secure } = options;
    const logBudget = perSecond(STRANGER_LOGS_PER_SECOND);
    const { play } = options;
    this.#context = { target, play, observer, logger, limits, logBudget, admission: new Admission(limits) };
    this.#plain = this.#port('RTMP', options, (socket) => socket);
    this.#secure = secure && this.#port('RTMPS', secure, (socket) => overTls(socket, secure.certificate));
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The port it listens on, once `listen` has resolved. */
  get port(): number {
    return this.#plain.bound;
  }

  /** The port for RTMPS, if there is one, once `listen` has resolved. */
  get securePort(): number | undefined {
    return this.#secure?.bound;
  }

  /**
   * Opens the ports.
   * @throws MillraceError LISTEN_FAILED, TLS_UNUSABLE
   */
  async listen(): Promise<void> {
    await this.#options.secure?.certificate.load();
    try {
      for (const port of this.#ports()) await open(port, this.#options.logger);
    } catch (fault) {
      this.stopAccepting();
      throw fault;
    }
  }

  /** Publishers that can are asked to come back elsewhere or later; resolves when those have left, or after `patience` ms. */
  async askToReconnect(patience: number): Promise<void> {
    const asked = [...this.#connections].filter((connection) => connection.askToReconnect());
    if (asked.length === 0) return;
    this.#options.logger.info({ publishers: asked.length }, 'publishers are asked to reconnect');
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([enough, Promise.all(asked.map(async (connection) => connection.closed))]);
    clearTimeout(timer);
  }

  /** Closes the ports; connections that are open stay. */
  stopAccepting(): void {
    this.#options.secure?.certificate.close();
    for (const { server } of this.#ports()) server.close();
  }

  /** Stops accepting, tells every publisher, and resolves when all sockets are gone, at the latest after the linger time. */
  async close(): Promise<void> {
    this.stopAccepting();
    const gone = [...this.#connections].map(async (connection) => connection.closed);
    for (const connection of this.#connections) connection.shutDown();
    await Promise.all(gone);
  }

  #ports(): Port[] {
    return this.#secure === undefined ? [this.#plain] : [this.#plain, this.#secure];
  }

  #port(protocol: Peer['protocol'], { host, port }: PortOptions, wrap: (socket: Socket) => Socket): Port {
    const server = createServer((socket) => this.#accept(socket, protocol, wrap));
    return { host, port, protocol, server, bound: 0 };
  }

  #accept(socket: Socket, protocol: Peer['protocol'], wrap: (socket: Socket) => Socket): void {
    const { admission, observer } = this.#context;
    const address = addressOf(socket.remoteAddress);
    const cap = admission.enter(address);
    if (cap !== undefined) {
      const level = this.#context.logBudget.take(performance.now()) ? 'warn' : 'debug';
      this.#options.logger[level]({ remote: address, cap }, 'too many RTMP connections');
      observer.connectionRejected(cap);
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    observer.connectionOpened();
    const connection = new IngestConnection(wrap(socket), { address, protocol }, this.#context);
    this.#connections.add(connection);
    void connection.closed.then(() => {
      this.#connections.delete(connection);
      admission.leave(address);
    });
  }
}

/** TLS begins with the connection's first byte, so its handshake is under the same deadline as that of RTMP. */
function overTls(socket: Socket, certificate: Certificate): TLSSocket {
  return new TLSSocket(socket, { isServer: true, secureContext: certificate.context });
}

/** @throws MillraceError LISTEN_FAILED */
async function open(target: Port, logger: Logger): Promise<void> {
  const { host, port, protocol, server } = target;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new MillraceError('LISTEN_FAILED', `${protocol} ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  target.bound = (server.address() as AddressInfo).port;
  server.on('error', (error) => logger.error({ err: error }, `${protocol} listener failed`));
}
