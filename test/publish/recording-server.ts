import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ServerSession, type SessionResult } from '../../src/rtmp/server-session.js';

export interface RecordedMessage {
  readonly type: 'audio' | 'video';
  readonly timestamp: number;
  readonly body: Buffer;
}

/** One publish as the server saw it. */
export interface Recording {
  streamKey: string;
  metadata: number;
  readonly messages: RecordedMessage[];
  /** How it ended: with a goodbye, or by a lost connection; undefined while it goes on. */
  end: 'goodbye' | 'lost' | undefined;
}

/** A small RTMP server that keeps what is published to it. */
export class RecordingServer {
  readonly recordings: Recording[] = [];
  /** Asked of each publish: true lets it in. */
  admits: (streamKey: string) => boolean = () => true;
  /** What is said to those that are not let in. */
  refusal = 'no such key';
  readonly #server: Server;
  readonly #sockets = new Map<Socket, ServerSession>();
  #waiting: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(port = 0): Promise<RecordingServer> {
    const recorder = new RecordingServer();
    recorder.#server.listen(port, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(key = 'key'): string {
    return `rtmp://127.0.0.1:${this.port}/live/${key}`;
  }

  /** Resolves once something came that makes the condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Reads nothing more until `resume`. */
  pause(): void {
    for (const socket of this.#sockets.keys()) socket.pause();
  }

  resume(): void {
    for (const socket of this.#sockets.keys()) socket.resume();
  }

  /** Asks every publisher to go on at another address. */
  requestReconnect(tcUrl: string): void {
    for (const [socket, session] of this.#sockets) {
      for (const result of session.requestReconnect({ tcUrl, description: 'moving' }))
        if (result.type === 'send') socket.write(result.data);
    }
  }

  /** Cuts every connection without a word. */
  cut(): void {
    for (const socket of this.#sockets.keys()) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const session = new ServerSession();
    let recording: Recording | undefined;
    const take = (results: readonly SessionResult[]): void => {
      for (const result of results) {
        if (result.type === 'send') socket.write(result.data);
        if (result.type === 'publish') {
          const { streamKey } = result.request;
          if (this.admits(streamKey)) {
            recording = { streamKey, metadata: 0, messages: [], end: undefined };
            this.recordings.push(recording);
            take(session.acceptPublish());
          } else {
            take(session.refusePublish('NetStream.Publish.Denied', this.refusal));
          }
        }
        if (recording === undefined) continue;
        if (result.type === 'metadata') recording.metadata++;
        if (result.type === 'audio' || result.type === 'video') recording.messages.push(result);
        if (result.type === 'unpublish') recording.end = 'goodbye';
      }
      this.#wake();
    };
    this.#sockets.set(socket, session);
    socket.on('data', (bytes) => take(session.receive(bytes, performance.now())));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (recording !== undefined) recording.end ??= 'lost';
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** An FLV file of messages (FLV 10.1 E.2 to E.4). */
export function flvFile(messages: readonly RecordedMessage[]): Buffer {
  const parts: Buffer[] = [Buffer.from('464c5601050000000900000000', 'hex')];
  for (const { type, timestamp, body } of messages) {
    const header = Buffer.alloc(11);
    header[0] = type === 'audio' ? 8 : 9;
    header.writeUIntBE(body.length, 1, 3);
    header.writeUIntBE(timestamp & 0xffffff, 4, 3);
    header[7] = timestamp >>> 24;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(header.length + body.length);
    parts.push(header, body, size);
  }
  return Buffer.concat(parts);
}
