import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import type { PublishTarget } from '../origin/publishing.js';
import { RateLimit } from '../rtmp/rate-limit.js';
import { IngestConnection } from './connection.js';
import type { ConnectionContext } from './connection.js';
import { DEFAULT_LIMITS } from './limits.js';
import type { IngestLimits } from './limits.js';
import type { IngestObserver } from './observer.js';

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Who decides on publishers and takes their media. */
  readonly target: PublishTarget;
  readonly logger: Logger;
  readonly observer: IngestObserver;
  readonly limits?: Partial<IngestLimits>;
}

/** Log lines per second about peers that never came to publish. */
const STRANGER_LOGS_PER_SECOND = 5;

/** Accepts RTMP publishers on one port, within the caps. */
export class IngestListener {
  readonly #options: ListenerOptions;
  readonly #limits: IngestLimits;
  readonly #context: ConnectionContext;
  readonly #server: Server;
  readonly #connections = new Set<IngestConnection>();
  readonly #perAddress = new Map<string, number>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { target, observer, logger } = options;
    const logBudget = new RateLimit(STRANGER_LOGS_PER_SECOND);
    this.#context = { target, observer, logger, limits: this.#limits, logBudget };
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The port it listens on, once `listen` has resolved. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Opens the port.
   * @throws MillraceError LISTEN_FAILED
   */
  async listen(): Promise<void> {
    const { host, port, logger } = this.#options;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new MillraceError('LISTEN_FAILED', `RTMP ${host}:${port}: ${cause.message}`, { cause }));
      });
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => logger.error({ err: error }, 'RTMP listener failed'));
  }

  /** Stops accepting, tells every publisher, and resolves when all sockets are gone, at the latest after the linger time. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const gone = [...this.#connections].map(async (connection) => connection.closed);
    for (const connection of this.#connections) connection.shutDown();
    await Promise.all([stopped, ...gone]);
  }

  #accept(socket: Socket): void {
    const { observer } = this.#options;
    const address = addressOf(socket.remoteAddress);
    const fromAddress = this.#perAddress.get(address) ?? 0;
    const total = this.#connections.size >= this.#limits.maxConnections;
    if (total || fromAddress >= this.#limits.maxConnectionsPerAddress) {
      this.#reject(socket, address, total ? 'total' : 'address');
      return;
    }
    this.#perAddress.set(address, fromAddress + 1);
    observer.connectionOpened();
    const connection = new IngestConnection(socket, address, this.#context);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#forget(connection, address));
  }

  #reject(socket: Socket, address: string, cap: 'total' | 'address'): void {
    const level = this.#context.logBudget.take(performance.now()) ? 'warn' : 'debug';
    this.#options.logger[level]({ remote: address, cap }, 'too many RTMP connections');
    this.#options.observer.connectionRejected(cap);
    socket.on('error', () => undefined);
    socket.destroy();
  }

  #forget(connection: IngestConnection, address: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}

/** What counts as one address: an IPv4 address (also of a dual-stack socket), or an IPv6 network of 64 bits. */
export function addressOf(address: string | undefined): string {
  const plain = (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':') + '::/64';
}
