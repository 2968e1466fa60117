import type { Socket } from 'node:net';
import type { Logger } from 'pino';

import type { PublisherControl, PublishGrant, PublishTarget } from '../origin/publishing.js';
import { redactKey } from '../rtmp/redact-key.js';
import type { PublishRequest, ServerSession, SessionResult } from '../rtmp/server-session.js';
import type { Admission } from './admission.js';
import type { CloseReason, IngestObserver } from './observer.js';
import { Publication } from './publication.js';

/** The connection that somebody wants to publish over. */
export interface PublisherConnection {
  readonly session: ServerSession;
  readonly socket: Socket;
  /** What counts as the peer's address. */
  readonly remote: string;
  readonly target: PublishTarget;
  readonly admission: Admission;
  readonly observer: IngestObserver;
  readonly logger: Logger;
  /** Runs a step of its own accord, with the care that a step on bytes from the peer gets. */
  readonly step: (step: () => void) => void;
  readonly carryOut: (results: readonly SessionResult[], arrival: number) => void;
  /** Sends what there is to send, and carries nothing else out. */
  readonly send: (results: readonly SessionResult[]) => void;
  readonly hangUp: (reason: CloseReason, description: string) => void;
  /** Logs what a peer that was not let in did, within what strangers may fill the log with. */
  readonly warn: (fields: object, message: string) => void;
}

/** Longest encoder name handed on and logged. */
const MAX_ENCODER_NAME = 128;

/** What a session has to say of a publisher. */
type PublisherResult = Extract<
  SessionResult,
  { type: 'publish' | 'metadata' | 'cue' | 'video' | 'audio' | 'unpublish' | 'ignored' }
>;

/** The publishing side of a connection: asks the origin to let it in, and hands on what it sends. */
export class Publisher {
  readonly #connection: PublisherConnection;
  #logger: Logger;
  #publication: Publication | undefined;
  /** Set while the origin has not answered; aborting it takes the question back. */
  #asking: AbortController | undefined;
  #hasPublished = false;
  #saidGoodbye = false;
  #lastMedia = 0;
  #lastMediaByte = 0;

  constructor(connection: PublisherConnection) {
    this.#connection = connection;
    this.#logger = connection.logger;
  }

  /** Names the channel, once it has been let in. */
  get logger(): Logger {
    return this.#logger;
  }

  /** It has been let in at least once. */
  get hasPublished(): boolean {
    return this.#hasPublished;
  }

  /** The last publish ended in good order. */
  get saidGoodbye(): boolean {
    return this.#saidGoodbye;
  }

  /** When the last audio or video message was complete, by `performance.now()`. */
  get lastMedia(): number {
    return this.#lastMedia;
  }

  /** Bytes have come. Those of a message that is not complete yet show as well that a slow publisher is alive. */
  received(bytes: number, now: number): void {
    if (this.#publication === undefined) return;
    this.#connection.observer.bytesIn(this.#publication.channel, bytes);
    if (this.#connection.session.heldBytes > 0) this.#lastMediaByte = now;
  }

  /** Carries out what the session wants of a publisher. `arrival` in ms since the Unix epoch. */
  take(result: PublisherResult, arrival: number): void {
    switch (result.type) {
      case 'publish':
        this.#decide(result.request, arrival);
        break;
      case 'metadata':
        this.#publication?.metadata(result.metadata);
        break;
      case 'cue':
        this.#publication?.cue(result.timestamp, result.cue, arrival);
        break;
      case 'video':
        this.#lastMedia = this.#lastMediaByte = performance.now();
        this.#publication?.video(result.timestamp, result.body, arrival);
        break;
      case 'audio':
        this.#lastMedia = this.#lastMediaByte = performance.now();
        this.#publication?.audio(result.timestamp, result.body, arrival);
        break;
      case 'unpublish':
        this.#saidGoodbye = true;
        this.end('goodbye');
        break;
      case 'ignored':
        this.#publication?.ignore(result.error);
        break;
    }
  }

  /** Asks it to come again, here or elsewhere; false where nobody publishes, or one that does not know such a request. */
  askToReconnect(): boolean {
    if (this.#publication === undefined) return false;
    const { send, session } = this.#connection;
    const request = session.requestReconnect({ description: 'The server is restarting.' });
    send(request);
    return request.length > 0;
  }

  /** The publish is over, and so is the wait for one. Safe to call at any time. */
  end(reason: 'goodbye' | 'vanished'): void {
    this.#asking?.abort();
    const publication = this.#publication;
    if (publication === undefined) return;
    this.#publication = undefined;
    this.#connection.admission.publishEnded();
    this.#connection.observer.publishEnded();
    publication.end(reason);
  }

  #decide(request: PublishRequest, arrival: number): void {
    const { admission, hangUp, observer, remote, target, warn } = this.#connection;
    if (!admission.hasRoomForPublisher) {
      warn({ cap: 'publishers' }, 'too many publishers');
      observer.connectionRejected('publishers');
      // As when the server stops: an error status would keep OBS from trying again.
      hangUp('refused', 'There are too many publishers.');
      return;
    }
    const { app, streamKey } = request;
    const encoder = request.encoder.slice(0, MAX_ENCODER_NAME);
    const asking = new AbortController();
    const attempt = { app, streamKey, encoder, remoteAddress: remote };
    const answer = target.publish(attempt, this.#control(), asking.signal);
    if (answer instanceof Promise) void this.#await(answer, asking, request);
    else this.#answer(answer, request, arrival);
  }

  /**
   * The origin has to find out first whether the key is free. What the peer sends meanwhile stays in the socket, whose
   * buffers are bounded.
   */
  async #await(
    pending: Promise<PublishGrant>,
    asking: AbortController,
    request: PublishRequest,
  ): Promise<void> {
    const { socket, step } = this.#connection;
    this.#asking = asking;
    socket.pause();
    const answer = await pending.catch((error: unknown) => error as Error);
    this.#asking = undefined;
    socket.resume();
    step(() => {
      if (answer instanceof Error) throw answer;
      if (!asking.signal.aborted) this.#answer(answer, request, Date.now());
      else if (answer.accepted) answer.session.end('vanished');
    });
  }

  #answer(grant: PublishGrant, request: PublishRequest, arrival: number): void {
    if (!grant.accepted) {
      this.#refuse(grant, request);
      return;
    }
    const { admission, carryOut, logger, observer, session } = this.#connection;
    this.#logger = logger.child({ channel: grant.channel, publish: grant.publishId });
    const reject = (reason: string): void => this.#reject(reason);
    this.#publication = new Publication(grant, { observer, logger: this.#logger, reject });
    this.#hasPublished = true;
    this.#saidGoodbye = false;
    this.#lastMedia = this.#lastMediaByte = performance.now();
    admission.publishStarted();
    observer.publishStarted();
    carryOut(session.acceptPublish(), arrival);
  }

  #refuse(grant: Extract<PublishGrant, { accepted: false }>, { streamKey }: PublishRequest): void {
    const { hangUp, observer, send, session, warn } = this.#connection;
    const { code, description } = grant;
    warn({ code, key: redactKey(streamKey), reason: description }, 'publish refused');
    observer.publishRefused(code);
    if (code !== 'SHUTTING_DOWN') {
      // It keeps OBS from trying again, so it is for what trying again does not cure.
      const status = code === 'PUBLISH_BUSY' ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied';
      send(session.refusePublish(status, description));
    }
    hangUp('refused', description);
  }

  /** What is sent cannot be carried. Whoever watches waits for the publisher to come back with something better. */
  #reject(reason: string): void {
    const { hangUp, observer, send, session } = this.#connection;
    const code = 'MEDIA_UNSUPPORTED';
    this.#logger.warn({ code, reason }, 'publish refused');
    observer.publishRefused(code);
    this.end('vanished');
    send(session.rejectPublish('NetStream.Publish.Rejected', reason));
    hangUp('refused', reason);
  }

  /** The origin's hold on this publisher, for as long as the publish lasts. */
  #control(): PublisherControl {
    return {
      close: (reason) => {
        this.#logger.info({ reason }, 'publisher dropped');
        this.#connection.hangUp('dropped', reason);
      },
      silentForMs: () => performance.now() - this.#lastMediaByte,
    };
  }
}
