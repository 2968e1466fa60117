import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import type { Logger } from 'pino';

import type { EncoderClaims } from '../../src/diagnosis/claims.js';
import type { ErrorCode, MillraceError } from '../../src/errors.js';
import type { Cap } from '../../src/ingest/admission.js';
import { Certificate, type CertificateFiles } from '../../src/ingest/certificate.js';
import type { IngestLimits } from '../../src/ingest/limits.js';
import { IngestListener } from '../../src/ingest/listener.js';
import type { CloseReason, IngestObserver } from '../../src/ingest/observer.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import type {
  PublishAttempt,
  PublisherControl,
  PublishGrant,
  PublishTarget,
} from '../../src/origin/publishing.js';
import { NO_CAPABILITIES } from '../../src/rtmp/capabilities.js';
import { ClientSession } from '../../src/rtmp/client-session.js';

/** Values that come one after another and can be waited for. */
export class Inbox<T> {
  readonly #waiting: ((value: T) => void)[] = [];
  readonly #ready: T[] = [];

  put(value: T): void {
    const waiter = this.#waiting.shift();
    if (waiter) waiter(value);
    else this.#ready.push(value);
  }

  async next(): Promise<T> {
    const value = this.#ready.shift();
    if (value !== undefined) return value;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  get size(): number {
    return this.#ready.length;
  }
}

/** One publish as the origin saw it. */
export interface SeenPublish {
  readonly attempt: PublishAttempt;
  readonly control: PublisherControl;
  readonly events: TimelineEvent[];
  readonly metadata: EncoderClaims[];
  readonly ignored: MillraceError[];
  /** The reasons `end` was called with. */
  readonly ends: ('goodbye' | 'vanished')[];
  /** Resolves when `end` is called. */
  readonly ended: Promise<'goodbye' | 'vanished'>;
  /** Resolves with the first unit. */
  readonly flowing: Promise<void>;
}

/** Stands for the origin: lets in the key `good-key-0123`, unless told to refuse. */
export class FakeTarget implements PublishTarget {
  readonly publishes = new Inbox<SeenPublish>();
  refusal: Extract<PublishGrant, { accepted: false }> | undefined;
  onEvent: (() => void) | undefined;
  /** Set: the answer comes only when this is settled. */
  thinking: Promise<void> | undefined;
  /** What takes the question back, of each publisher that has to wait. */
  readonly asked = new Inbox<AbortSignal>();
  #count = 0;

  publish(
    attempt: PublishAttempt,
    control: PublisherControl,
    cancelled?: AbortSignal,
  ): PublishGrant | Promise<PublishGrant> {
    if (this.thinking === undefined) return this.#decide(attempt, control);
    this.asked.put(cancelled ?? new AbortController().signal);
    return this.thinking.then(() => this.#decide(attempt, control));
  }

  #decide(attempt: PublishAttempt, control: PublisherControl): PublishGrant {
    if (this.refusal !== undefined) return this.refusal;
    if (attempt.streamKey !== GOOD_KEY) {
      return { accepted: false, code: 'PUBLISH_DENIED', description: 'unknown stream key' };
    }
    let end = (_: 'goodbye' | 'vanished'): void => {};
    let flow = (): void => {};
    const seen: SeenPublish = {
      attempt,
      control,
      events: [],
      metadata: [],
      ignored: [],
      ends: [],
      ended: new Promise((resolve) => {
        end = resolve;
      }),
      flowing: new Promise((resolve) => {
        flow = resolve;
      }),
    };
    this.publishes.put(seen);
    return {
      accepted: true,
      channel: 'live',
      publishId: `live-${++this.#count}`,
      session: {
        event: (event) => {
          this.onEvent?.();
          seen.events.push(event);
          if (event.type === 'unit') flow();
        },
        metadata: (metadata) => seen.metadata.push(metadata),
        ignored: (error) => seen.ignored.push(error),
        end: (reason) => {
          seen.ends.push(reason);
          end(reason);
        },
      },
    };
  }
}

export const GOOD_KEY = 'good-key-0123';

export class RecordingObserver implements IngestObserver {
  readonly closed = new Inbox<CloseReason>();
  readonly rejected = new Inbox<Cap>();
  readonly refused: string[] = [];
  publishers = 0;
  readonly faults: ErrorCode[] = [];
  readonly ignored: ErrorCode[] = [];
  opened = 0;
  bytes = 0;
  readonly units = { video: 0, audio: 0 };

  connectionOpened(): void {
    this.opened++;
  }
  connectionClosed(reason: CloseReason): void {
    this.closed.put(reason);
  }
  connectionRejected(cap: Cap): void {
    this.rejected.put(cap);
  }
  publishStarted(): void {
    this.publishers++;
  }
  publishEnded(): void {
    this.publishers--;
  }
  publishRefused(code: string): void {
    this.refused.push(code);
  }
  bytesIn(_channel: string, bytes: number): void {
    this.bytes += bytes;
  }
  unit(_channel: string, kind: 'video' | 'audio'): void {
    this.units[kind]++;
  }
  messageIgnored(_channel: string, code: ErrorCode): void {
    this.ignored.push(code);
  }
  fault(code: ErrorCode): void {
    this.faults.push(code);
  }
}

export interface Ingest {
  readonly listener: IngestListener;
  readonly target: FakeTarget;
  readonly observer: RecordingObserver;
  /** `rtmp://127.0.0.1:PORT/live` */
  readonly url: string;
  /** The same over TLS, where files were given. */
  readonly secureUrl: string;
  /** Everything logged so far. */
  log(): string;
}

const open = new Set<IngestListener>();

/** How often a listener here looks whether its certificate has changed (ms). */
const CERTIFICATE_INTERVAL = 20;

/** A listener on a free port of loopback with a fake origin behind it; on a second one over TLS, if files are given. */
export async function startIngest(
  limits: Partial<IngestLimits> = {},
  port = 0,
  files?: CertificateFiles,
): Promise<Ingest> {
  const target = new FakeTarget();
  const observer = new RecordingObserver();
  const { logger, log } = memoryLogger();
  const host = '127.0.0.1';
  const secure = files && {
    host,
    port: 0,
    certificate: new Certificate(files, logger, CERTIFICATE_INTERVAL),
  };
  const listener = new IngestListener({ host, port, secure, target, observer, logger, limits });
  await listener.listen();
  open.add(listener);
  return {
    listener,
    target,
    observer,
    url: `rtmp://${host}:${listener.port}/live`,
    secureUrl: `rtmps://${host}:${listener.securePort ?? 0}/live`,
    log,
  };
}

/** For afterEach. */
export async function stopIngests(): Promise<void> {
  await Promise.all([...open].map(async (listener) => listener.close()));
  open.clear();
}

function memoryLogger(): { logger: Logger; log: () => string } {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { logger: pino({ level: 'debug' }, sink), log: () => text };
}

/** Runs ffmpeg; `done` resolves with its exit code and what it printed. */
export function ffmpeg(args: readonly string[]): {
  process: ChildProcess;
  done: Promise<{ code: number | null; stderr: string }>;
} {
  const process = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  process.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const done = once(process, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { process, done };
}

/** A publisher made of the client session and a socket. */
export class TestPublisher {
  readonly socket: Socket;
  readonly session: ClientSession;
  /** The words of each request to reconnect. */
  readonly reconnects: string[] = [];
  /** Resolves once ready, rejects when the server closes first. */
  readonly ready: Promise<void>;
  /** Resolves when the server ends the publish, with the error that it states. */
  readonly closed: Promise<{ readonly error?: MillraceError }>;
  /** Resolves when the socket is gone. */
  readonly gone: Promise<void>;

  /** @param capabilities what it states of Enhanced RTMP; nothing unless given */
  constructor(url: string, streamKey = GOOD_KEY, capabilities = NO_CAPABILITIES) {
    const { hostname, port } = new URL(url.replace(/^rtmps?:/, 'http:'));
    this.socket = url.startsWith('rtmps:')
      ? connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false })
      : connect(Number(port), hostname);
    this.session = new ClientSession({ app: 'live', streamKey, tcUrl: url, capabilities });
    this.gone = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('error', () => undefined);
    let tellClosed = (_: { readonly error?: MillraceError }): void => {};
    this.closed = new Promise((resolve) => {
      tellClosed = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.socket.on('connect', () => this.send(this.session.start()));
      this.socket.on('data', (bytes) => {
        for (const result of this.session.receive(bytes, performance.now())) {
          if (result.type === 'send') this.socket.write(result.data);
          if (result.type === 'ready') resolve();
          if (result.type === 'reconnect') this.reconnects.push(result.description);
          if (result.type === 'closed') {
            reject(result.error ?? new Error('closed'));
            tellClosed(result);
          }
        }
      });
      this.socket.on('close', () => reject(new Error('hung up')));
    });
    this.ready.catch(() => undefined);
  }

  send(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.socket.write(piece);
  }
}
