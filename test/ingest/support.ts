import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from 'pino';

import type { ErrorCode } from '../../src/errors.js';
import type { IngestLimits } from '../../src/ingest/limits.js';
import { IngestListener } from '../../src/ingest/listener.js';
import type { CloseReason, IngestObserver } from '../../src/ingest/observer.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import type {
  PublishAttempt,
  PublisherControl,
  PublisherMetadata,
  PublishGrant,
  PublishTarget,
} from '../../src/origin/publishing.js';
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
  readonly metadata: PublisherMetadata[];
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
  #count = 0;

  publish(attempt: PublishAttempt, control: PublisherControl): PublishGrant {
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
  readonly rejected = new Inbox<'total' | 'address'>();
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
  connectionRejected(cap: 'total' | 'address'): void {
    this.rejected.put(cap);
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
  /** Everything logged so far. */
  log(): string;
}

const open = new Set<IngestListener>();

/** A listener on a free port of loopback with a fake origin behind it. */
export async function startIngest(limits: Partial<IngestLimits> = {}, port = 0): Promise<Ingest> {
  const target = new FakeTarget();
  const observer = new RecordingObserver();
  const { logger, log } = memoryLogger();
  const listener = new IngestListener({ host: '127.0.0.1', port, target, observer, logger, limits });
  await listener.listen();
  open.add(listener);
  return { listener, target, observer, url: `rtmp://127.0.0.1:${listener.port}/live`, log };
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
  /** Resolves once ready, rejects when the server closes first. */
  readonly ready: Promise<void>;
  /** Resolves when the socket is gone. */
  readonly gone: Promise<void>;

  constructor(url: string, streamKey = GOOD_KEY) {
    const { hostname, port } = new URL(url.replace('rtmp:', 'http:'));
    this.socket = connect(Number(port), hostname);
    this.session = new ClientSession({ app: 'live', streamKey, tcUrl: url });
    this.gone = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('error', () => undefined);
    this.ready = new Promise((resolve, reject) => {
      this.socket.on('connect', () => this.send(this.session.start()));
      this.socket.on('data', (bytes) => {
        for (const result of this.session.receive(bytes, performance.now())) {
          if (result.type === 'send') this.socket.write(result.data);
          if (result.type === 'ready') resolve();
          if (result.type === 'closed') reject(result.error ?? new Error('closed'));
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
