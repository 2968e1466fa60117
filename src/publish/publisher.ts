import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MillraceError } from '../errors.js';
import { OWN_CAPABILITIES, type PeerCapabilities } from '../rtmp/capabilities.js';
import { ClientSession } from '../rtmp/client-session.js';
import { SendGate, type MediaKind } from '../rtmp/send-gate.js';
import { StallWatch } from '../rtmp/stall-watch.js';
import { isRtmpUrl, parseRtmpUrl, withoutKey, type RtmpTarget } from './rtmp-url.js';

/** A server that does not let us publish within this time is given up (ms). */
const CONNECT_TIMEOUT = 10_000;
/** After the goodbye the server has this long to take what is queued (ms). */
const GOODBYE_TIMEOUT = 2_000;

export interface PublisherStats {
  readonly sent: number;
  readonly dropped: number;
  readonly bytesSent: number;
  /** Bytes that the server has not taken yet. */
  readonly queuedBytes: number;
}

/** One publish over RTMP. Made by `RtmpPublisher.connect`; over when `closed` resolves. */
export class RtmpPublisher {
  /** Resolves when the publish is over: with the fault, or undefined after `close` or the server's own goodbye. */
  readonly closed: Promise<MillraceError | undefined>;

  readonly #socket: Socket;
  readonly #session: ClientSession;
  readonly #gate = new SendGate();
  readonly #stall = new StallWatch();
  readonly #target: RtmpTarget;
  #state: 'connecting' | 'ready' | 'over' = 'connecting';
  #fault: MillraceError | undefined;
  #onReady: () => void = () => undefined;
  #sent = 0;
  #dropped = 0;
  #bytes = 0;
  #movedTo: string | undefined;

  /**
   * Connects and asks to publish. Rejects with CONFIG_INVALID (the URL), CONNECT_FAILED (also when `signal` fires
   * before), RTMP_REFUSED (by the server), RTMP_TIMEOUT, or the fault in what the server sent.
   */
  static async connect(url: string, signal?: AbortSignal): Promise<RtmpPublisher> {
    const publisher = new RtmpPublisher(url);
    const abort = (): void => publisher.#end(new MillraceError('CONNECT_FAILED', 'stopped while connecting'));
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await publisher.#ready();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return publisher;
  }

  private constructor(url: string) {
    const target = parseRtmpUrl(url);
    const { app, streamKey, tcUrl } = target;
    this.#target = target;
    this.#session = new ClientSession({ app, streamKey, tcUrl, capabilities: OWN_CAPABILITIES });
    const socket = open(target);
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#state = 'over';
        resolve(this.#fault);
      });
    });
    socket.once(target.secure ? 'secureConnect' : 'connect', () => this.#write(this.#session.start()));
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Attempts at several addresses fail together, in an error without a message of its own.
      const message = error.message === '' ? (error.code ?? 'unknown') : error.message;
      this.#end(new MillraceError('CONNECT_FAILED', message));
    });
    // The server's half is closed without a word: nothing that is sent now is looked at.
    socket.once('end', () =>
      this.#end(new MillraceError('CONNECT_FAILED', 'the server closed the connection')),
    );
  }

  get isOpen(): boolean {
    return this.#state === 'ready';
  }

  /** What the server stated of Enhanced RTMP. */
  get serverCapabilities(): PeerCapabilities {
    return this.#session.serverCapabilities;
  }

  /** The URL at which the server wants the publish to go on, once it has asked for that; the publish is over then. */
  get movedTo(): string | undefined {
    return this.#movedTo;
  }

  stats(): PublisherStats {
    const queuedBytes = this.#socket.destroyed ? 0 : this.#socket.writableLength;
    return {
      sent: this.#sent,
      dropped: this.#dropped,
      bytesSent: this.#bytes - queuedBytes,
      queuedBytes,
    };
  }

  /** Sends onMetaData. */
  metadata(values: Readonly<Record<string, number | string | boolean>>): void {
    if (this.isOpen) this.#write(this.#session.metadata(values));
  }

  /**
   * Sends an FLV tag body; `timestamp` in ms, uint32. False when it was dropped or the publish is over. What is part of a
   * `backlog` is sent to begin with, all at once, and not dropped.
   */
  media(type: 'audio' | 'video', timestamp: number, body: Buffer, kind: MediaKind, backlog = false): boolean {
    if (!this.isOpen) return false;
    const queued = this.#socket.writableLength;
    if (this.#stall.stalls(this.#bytes - queued, queued, performance.now())) {
      this.#end(new MillraceError('RTMP_TIMEOUT', 'the server takes nothing any more'));
      return false;
    }
    if (backlog) this.#gate.allow(body.length);
    else if (!this.#gate.admits(kind, queued)) {
      this.#dropped++;
      return false;
    }
    this.#sent++;
    this.#write(
      type === 'video' ? this.#session.video(timestamp, body) : this.#session.audio(timestamp, body),
    );
    return true;
  }

  /** Says goodbye, lets what is queued leave, and closes. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#state === 'ready') {
      this.#state = 'over';
      this.#write(this.#session.goodbye());
      this.#socket.end();
      const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_TIMEOUT);
      await this.closed;
      clearTimeout(timer);
    } else {
      this.#socket.destroy();
      await this.closed;
    }
  }

  async #ready(): Promise<void> {
    const timer = setTimeout(
      () => this.#end(new MillraceError('RTMP_TIMEOUT', 'the server did not let us publish in time')),
      CONNECT_TIMEOUT,
    );
    const ready = new Promise<undefined>((resolve) => {
      this.#onReady = () => resolve(undefined);
    });
    const over = this.closed.then((fault) => {
      throw fault ?? new MillraceError('RTMP_REFUSED', 'the server ended the publish before it began');
    });
    try {
      await Promise.race([ready, over]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(bytes: Buffer): void {
    for (const result of this.#session.receive(bytes, performance.now())) {
      if (result.type === 'send') {
        this.#write([result.data]);
      } else if (result.type === 'ready') {
        this.#state = 'ready';
        this.#onReady();
      } else if (result.type === 'reconnect') {
        this.#move(result.tcUrl);
      } else {
        this.#end(result.error && withoutKey(result.error, this.#target.streamKey));
      }
    }
  }

  /** The server wants us elsewhere, or here again. */
  #move(tcUrl: string): void {
    if (this.#state !== 'ready') return;
    const url = `${tcUrl}/${this.#target.streamKey}`;
    if (isRtmpUrl(url)) this.#movedTo = url;
    void this.close();
  }

  #write(buffers: readonly Buffer[]): void {
    for (const data of buffers) {
      this.#bytes += data.length;
      this.#socket.write(data);
    }
  }

  #end(fault: MillraceError | undefined): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#fault = fault;
    // What was still queued is lost.
    this.#bytes -= this.#socket.writableLength;
    this.#socket.destroy();
  }
}

/** A TLS server must show a certificate that the system, or NODE_EXTRA_CA_CERTS, vouches for. */
function open({ secure, host, port }: RtmpTarget): Socket {
  if (!secure) return connect({ host, port, noDelay: true });
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name }).setNoDelay(true);
}
