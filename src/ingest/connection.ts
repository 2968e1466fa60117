import type { Socket } from 'node:net';
import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import { TokenBucket } from '../media/token-bucket.js';
import type { PublishTarget } from '../origin/publishing.js';
import { ServerSession } from '../rtmp/server-session.js';
import type { SessionResult } from '../rtmp/server-session.js';
import type { Admission } from './admission.js';
import { isTlsFault } from './certificate.js';
import type { IngestLimits } from './limits.js';
import type { CloseReason, IngestObserver } from './observer.js';
import { MAX_PLAYER_QUEUE } from './playback.js';
import { Player } from './player.js';
import type { PlayOptions } from './player.js';
import { Publisher } from './publisher.js';
import { StageDeadline } from './stage-deadline.js';

/** Who is at the other end. */
export interface Peer {
  /** What counts as its address. */
  readonly address: string;
  readonly protocol: 'RTMP' | 'RTMPS';
}

export interface ConnectionContext {
  readonly target: PublishTarget;
  /** Undefined: nothing is played here. */
  readonly play: PlayOptions | undefined;
  readonly limits: IngestLimits;
  readonly admission: Admission;
  readonly observer: IngestObserver;
  readonly logger: Logger;
  /** Shared by all connections: strangers and players beyond it are logged at debug level, so that a flood stays out of the log. */
  readonly logBudget: TokenBucket;
}

/**
 * One publisher's or player's socket. It reads without pause, so that an encoder never has to drop frames for us, feeds
 * the session, has its publishing or its playing side carry out what the session wants, and keeps the deadlines. Nothing
 * that happens here ends more than this connection.
 */
export class IngestConnection {
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #session: ServerSession;
  readonly #logger: Logger;
  readonly #publisher: Publisher;
  readonly #player: Player;
  readonly #deadline: StageDeadline;
  readonly #budget: TokenBucket;
  #linger: NodeJS.Timeout | undefined;
  #closing = false;
  /** Undefined while nothing but the peer's leaving would end the connection. */
  #reason: CloseReason | undefined;

  constructor(socket: Socket, { address, protocol }: Peer, context: ConnectionContext) {
    this.#socket = socket;
    this.#session = new ServerSession(context.limits.rtmp);
    this.#context = context;
    this.#logger = context.logger.child({ remote: address, protocol });
    this.#budget = byteBudget(context.limits.maxBitrate);
    const hangUp = (reason: CloseReason, description: string): void => this.#hangUp(reason, description);
    const { admission, observer, play, target } = context;
    this.#publisher = new Publisher({
      session: this.#session,
      socket,
      remote: address,
      target,
      admission,
      observer,
      logger: this.#logger,
      step: (step) => this.#step(step),
      carryOut: (results, arrival) => this.#carryOut(results, arrival),
      send: (results) => this.#sendAll(results),
      hangUp,
      warn: (fields, message) => this.#log('warn', fields, message),
    });
    this.#player = new Player({
      session: this.#session,
      socket,
      admission,
      play,
      log: (level, fields, message) => this.#log(level, fields, message),
      carryOut: (results) => this.#carryOut(results, Date.now()),
      fail: (error) => this.#fail(error),
      hangUp,
    });
    this.#deadline = new StageDeadline(
      context.limits,
      () => this.#publisher.lastMedia,
      (fault) => this.#fail(fault),
    );
    this.#deadline.watch(this.#session.stage);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#socketFailed(error));
    socket.on('end', () => this.#endBoth('vanished'));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#socketClosed();
        resolve();
      });
    });
  }

  /** The server stops: tells the publisher and hangs up, at the latest after the linger time. */
  shutDown(): void {
    this.#hangUp('shutdown', 'The server is shutting down.');
  }

  /**
   * The server is about to stop: asks the publisher to come again, and serves it until it leaves. False where there is
   * no publisher, or one that does not know such a request.
   */
  askToReconnect(): boolean {
    return !this.#closing && this.#publisher.askToReconnect();
  }

  #receive(bytes: Buffer): void {
    // A peer that is being hung up on may still send; reading on keeps our last words from being lost to a reset.
    if (this.#closing) return;
    const now = performance.now();
    if (!this.#budget.take(now, bytes.length)) {
      const { maxBitrate } = this.#context.limits;
      this.#fail(new MillraceError('RTMP_LIMIT', `far more than ${maxBitrate} bits a second came`));
      return;
    }
    const arrival = Date.now();
    this.#step(() => {
      this.#carryOut(this.#session.receive(bytes, now), arrival);
      this.#publisher.received(bytes.length, now);
    });
  }

  /** Carries something out, with what it has to send in one go; the session may have reached another stage by it. */
  #step(step: () => void): void {
    this.#guard(() => {
      this.#socket.cork();
      step();
      this.#socket.uncork();
      if (!this.#closing) this.#deadline.watch(this.#session.stage);
    });
  }

  /** What is to be sent goes first: it is written already, and builds on nothing that acting on the rest may have to say. */
  #carryOut(results: readonly SessionResult[], arrival: number): void {
    this.#sendAll(results);
    for (const result of results) {
      if (this.#closing) return;
      if (result.type !== 'send') this.#apply(result, arrival);
    }
  }

  #apply(result: Exclude<SessionResult, { type: 'send' }>, arrival: number): void {
    switch (result.type) {
      case 'publish':
      case 'metadata':
      case 'cue':
      case 'video':
      case 'audio':
      case 'unpublish':
      case 'ignored':
        this.#publisher.take(result, arrival);
        break;
      case 'play':
      case 'wants':
      case 'unplay':
        if (result.type === 'unplay') this.#reason = 'goodbye';
        this.#player.take(result);
        break;
      case 'fault':
        this.#fail(result.error);
        break;
    }
  }

  #sendAll(results: readonly SessionResult[]): void {
    for (const result of results) if (result.type === 'send') this.#send(result.data);
  }

  #send(data: Buffer): void {
    this.#socket.write(data);
    const outputBytes = this.#context.limits.outputBytes + (this.#player.isPlaying ? MAX_PLAYER_QUEUE : 0);
    if (this.#socket.writableLength > outputBytes) {
      this.#fail(new MillraceError('RTMP_LIMIT', `the peer left more than ${outputBytes} bytes unread`));
    }
  }

  /** The peer's fault, or its slowness: nothing more is said, what was said goes out. */
  #fail(error: MillraceError): void {
    if (this.#closing) return;
    this.#context.observer.fault(error.code);
    this.#log('warn', { code: error.code, reason: error.message }, 'connection fault');
    this.#endBoth('vanished');
    this.#close(error.code);
  }

  /** Our decision: the publisher is told, and the origin hears of a goodbye, since nobody is to be waited for. */
  #hangUp(reason: CloseReason, description: string): void {
    if (this.#closing) return;
    const status = { level: 'status', code: 'NetStream.Unpublish.Success', description } as const;
    this.#sendAll(this.#session.close(status));
    this.#endBoth('goodbye');
    this.#close(reason);
  }

  #endBoth(reason: 'goodbye' | 'vanished'): void {
    this.#player.end();
    this.#guard(() => this.#publisher.end(reason));
  }

  #close(reason: CloseReason): void {
    this.#closing = true;
    this.#reason = reason;
    this.#deadline.stop();
    this.#linger = setTimeout(() => this.#socket.destroy(), this.#context.limits.lingerTimeout);
    this.#socket.end();
  }

  /** What goes wrong inside TLS is a fault; a connection that breaks is no more than that. */
  #socketFailed(error: NodeJS.ErrnoException): void {
    this.#publisher.logger.debug({ err: error }, 'socket failed');
    if (this.#closing) return;
    if (isTlsFault(error)) {
      this.#reason = 'TLS_FAILED';
      this.#context.observer.fault('TLS_FAILED');
      this.#log('warn', { code: 'TLS_FAILED', reason: error.code }, 'connection fault');
    } else if (!this.#publisher.saidGoodbye) this.#reason = 'reset';
  }

  #socketClosed(): void {
    this.#closing = true;
    this.#deadline.stop();
    clearTimeout(this.#linger);
    this.#endBoth('vanished');
    const reason = this.#reason ?? (this.#publisher.saidGoodbye ? 'goodbye' : 'hangup');
    this.#log('info', { reason, bytes: this.#socket.bytesRead }, 'connection closed');
    this.#context.observer.connectionClosed(reason);
  }

  /** What a publisher does is always logged; what anybody can do without a key, within the budget. */
  #log(level: 'info' | 'warn', fields: object, message: string): void {
    const isLoud = this.#publisher.hasPublished || this.#context.logBudget.take(performance.now());
    this.#publisher.logger[isLoud ? level : 'debug'](fields, message);
  }

  /** A fault of our own or of the origin's ends this connection, not the process. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#broke(error);
    }
  }

  #broke(error: unknown): void {
    this.#publisher.logger.error({ err: error }, 'ingest failed');
    this.#context.observer.fault('INTERNAL');
    this.#reason = 'INTERNAL';
    this.#closing = true;
    this.#socket.destroy();
  }
}

/** A publisher may send this many times the ceiling, steadily. */
const HEADROOM = 2;

/** Seconds' worth of that which may come at once. */
const BURST = 10;

/** @param maxBitrate bits per second */
function byteBudget(maxBitrate: number): TokenBucket {
  const bytesPerSecond = (maxBitrate * HEADROOM) / 8;
  return new TokenBucket(bytesPerSecond * BURST, 1000 / bytesPerSecond);
}
