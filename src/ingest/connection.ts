import type { Socket } from 'node:net';
import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import type { PublisherControl, PublishGrant, PublishTarget } from '../origin/publishing.js';
import type { RateLimit } from '../rtmp/rate-limit.js';
import { ServerSession } from '../rtmp/server-session.js';
import type { PublishRequest, SessionResult } from '../rtmp/server-session.js';
import { MAX_OUTPUT_BYTES } from './limits.js';
import type { IngestLimits } from './limits.js';
import type { CloseReason, IngestObserver } from './observer.js';
import { Publication } from './publication.js';
import { redactKey } from './redact.js';

export interface ConnectionContext {
  readonly target: PublishTarget;
  readonly limits: IngestLimits;
  readonly observer: IngestObserver;
  readonly logger: Logger;
  /** Shared by all connections: strangers beyond it are logged at debug level, so that a flood stays out of the log. */
  readonly logBudget: RateLimit;
}

/** Longest encoder name handed on and logged. */
const MAX_ENCODER_NAME = 128;

/**
 * One publisher's socket. It reads without pause, so that an encoder never has to drop frames for us, feeds the session,
 * carries out what the session wants, and keeps the deadlines. Nothing that happens here ends more than this connection.
 */
export class IngestConnection {
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #remote: string;
  readonly #session = new ServerSession();
  #logger: Logger;
  #publication: Publication | undefined;
  #stage: ServerSession['stage'] = 'handshaking';
  #deadline: NodeJS.Timeout | undefined;
  #lastByte: number;
  #lastMedia: number;
  #published = false;
  #closing = false;
  #reason: CloseReason = 'hangup';

  constructor(socket: Socket, remote: string, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#remote = remote;
    this.#logger = context.logger.child({ remote });
    this.#lastByte = this.#lastMedia = performance.now();
    this.#watch();
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#reason === 'hangup') this.#reason = 'reset';
      this.#logger.debug({ err: error }, 'socket failed');
    });
    socket.on('end', () => this.#guard(() => this.#endPublication('vanished')));
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

  #receive(bytes: Buffer): void {
    // A peer that is being hung up on may still send; reading on keeps our last words from being lost to a reset.
    if (this.#closing) return;
    const now = performance.now();
    const arrival = Date.now();
    this.#lastByte = now;
    if (this.#publication !== undefined) {
      this.#context.observer.bytesIn(this.#publication.channel, bytes.length);
    }
    this.#guard(() => {
      this.#socket.cork();
      this.#carryOut(this.#session.receive(bytes, now), arrival);
      this.#socket.uncork();
      if (!this.#closing) this.#watch();
    });
  }

  #carryOut(results: readonly SessionResult[], arrival: number): void {
    for (const result of results) {
      this.#apply(result, arrival);
      if (this.#closing) return;
    }
  }

  #apply(result: SessionResult, arrival: number): void {
    switch (result.type) {
      case 'send':
        this.#send(result.data);
        break;
      case 'publish':
        this.#decide(result.request, arrival);
        break;
      case 'metadata':
        this.#publication?.metadata(result.metadata);
        break;
      case 'video':
        this.#lastMedia = this.#lastByte;
        this.#publication?.video(result.timestamp, result.body, arrival);
        break;
      case 'audio':
        this.#lastMedia = this.#lastByte;
        this.#publication?.audio(result.timestamp, result.body, arrival);
        break;
      case 'unpublish':
        this.#reason = 'goodbye';
        this.#endPublication('goodbye');
        break;
      case 'ignored':
        this.#publication?.ignore(result.error);
        break;
      case 'fault':
        this.#fail(result.error);
        break;
    }
  }

  #decide(request: PublishRequest, arrival: number): void {
    const { app, streamKey } = request;
    const attempt = {
      app,
      streamKey,
      remoteAddress: this.#remote,
      encoder: request.encoder.slice(0, MAX_ENCODER_NAME),
    };
    const grant = this.#context.target.publish(attempt, this.#control());
    if (!grant.accepted) {
      this.#refuse(grant, request);
      return;
    }
    this.#logger = this.#context.logger.child({
      channel: grant.channel,
      publish: grant.publishId,
      remote: this.#remote,
    });
    const publication = new Publication(grant, this.#context.observer, this.#logger);
    if (this.#closing) {
      publication.end('goodbye');
      return;
    }
    this.#publication = publication;
    this.#published = true;
    this.#reason = 'hangup';
    this.#lastMedia = this.#lastByte;
    this.#carryOut(this.#session.acceptPublish(), arrival);
  }

  #refuse(grant: Extract<PublishGrant, { accepted: false }>, { app, streamKey }: PublishRequest): void {
    const { code, description } = grant;
    const level = this.#level('warn');
    this.#logger[level]({ code, app, key: redactKey(streamKey), reason: description }, 'publish refused');
    if (code === 'SHUTTING_DOWN') {
      // An error status would keep OBS from trying again, and again is when it will work.
      this.#hangUp('refused', description);
      return;
    }
    const status = code === 'PUBLISH_BUSY' ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied';
    this.#sendAll(this.#session.refusePublish(status, description));
    this.#hangUp('refused', description);
  }

  /** The origin's hold on this publisher, for as long as the publish lasts. */
  #control(): PublisherControl {
    return {
      close: (reason) => {
        this.#logger.info({ reason }, 'publisher dropped');
        this.#hangUp('dropped', reason);
      },
      silentForMs: () => performance.now() - this.#lastByte,
    };
  }

  #sendAll(results: readonly SessionResult[]): void {
    for (const result of results) if (result.type === 'send') this.#send(result.data);
  }

  #send(data: Buffer): void {
    this.#socket.write(data);
    if (this.#socket.writableLength > MAX_OUTPUT_BYTES) {
      this.#fail(new MillraceError('RTMP_LIMIT', `the peer left more than ${MAX_OUTPUT_BYTES} bytes unread`));
    }
  }

  /** One deadline at a time, set anew whenever the session has reached another stage. */
  #watch(): void {
    const { stage } = this.#session;
    if (stage === this.#stage && this.#deadline !== undefined) return;
    this.#stage = stage;
    clearTimeout(this.#deadline);
    const { handshakeTimeout, connectTimeout, publishTimeout, mediaSilence } = this.#context.limits;
    switch (stage) {
      case 'handshaking':
        this.#deadline = this.#expect('handshake', handshakeTimeout);
        break;
      case 'connecting':
        this.#deadline = this.#expect('connect', connectTimeout);
        break;
      case 'connected':
        this.#deadline = this.#expect('publish', publishTimeout);
        break;
      case 'requested':
      case 'publishing':
        this.#listenForMedia(mediaSilence);
        break;
      case 'ended':
        break;
    }
  }

  #expect(what: string, timeout: number): NodeJS.Timeout {
    const late = (): void => this.#fail(new MillraceError('RTMP_TIMEOUT', `no ${what} within ${timeout} ms`));
    return setTimeout(late, timeout);
  }

  /** Looks again when the silence would be over the limit; no timer is touched per message. */
  #listenForMedia(wait: number): void {
    const limit = this.#context.limits.mediaSilence;
    this.#deadline = setTimeout(() => {
      const silence = performance.now() - this.#lastMedia;
      if (silence < limit) this.#listenForMedia(limit - silence);
      else this.#fail(new MillraceError('RTMP_TIMEOUT', `no media for ${limit} ms`));
    }, wait);
  }

  /** The peer's fault, or its slowness: nothing more is said, what was said goes out. */
  #fail(error: MillraceError): void {
    if (this.#closing) return;
    this.#context.observer.fault(error.code);
    this.#logger[this.#level('warn')]({ code: error.code, reason: error.message }, 'connection fault');
    this.#endPublication('vanished');
    this.#close(error.code);
  }

  /** Our decision: the publisher is told, and the origin hears of a goodbye, since nobody is to be waited for. */
  #hangUp(reason: CloseReason, description: string): void {
    if (this.#closing) return;
    const status = { level: 'status', code: 'NetStream.Unpublish.Success', description } as const;
    this.#sendAll(this.#session.close(status));
    this.#endPublication('goodbye');
    this.#close(reason);
  }

  #endPublication(reason: 'goodbye' | 'vanished'): void {
    const publication = this.#publication;
    this.#publication = undefined;
    this.#guard(() => publication?.end(reason));
  }

  #close(reason: CloseReason): void {
    this.#closing = true;
    this.#reason = reason;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), this.#context.limits.lingerTimeout);
    this.#socket.end();
  }

  #socketClosed(): void {
    this.#closing = true;
    clearTimeout(this.#deadline);
    this.#endPublication('vanished');
    const level = this.#level('info');
    this.#logger[level]({ reason: this.#reason, bytes: this.#socket.bytesRead }, 'connection closed');
    this.#context.observer.connectionClosed(this.#reason);
  }

  /** What a publisher does is always logged; what strangers do, within the budget. */
  #level(level: 'info' | 'warn'): 'debug' | 'info' | 'warn' {
    return this.#published || this.#context.logBudget.take(performance.now()) ? level : 'debug';
  }

  /** A fault of our own or of the origin's ends this connection, not the process. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#logger.error({ err: error }, 'ingest failed');
      this.#context.observer.fault('INTERNAL');
      this.#reason = 'INTERNAL';
      this.#closing = true;
      this.#socket.destroy();
    }
  }
}
