// Publishers in a process of their own: they send bytes prepared beforehand, each when it is due, so that what sending
// costs is small, the same for every server, and not counted.
import { connect, type Socket } from 'node:net';
import { ClientSession } from '../../src/rtmp/client-session.js';
import { toWire, type WireMessage } from './source.js';

/** What the parent passes on. */
export interface LoadOrder {
  readonly port: number;
  readonly app: string;
  /** One for each publisher. */
  readonly streamKeys: readonly string[];
  readonly chunkSize: number;
  /** An FLV file. */
  readonly source: string;
  /** The stream's length: nothing is sent after it. */
  readonly seconds: number;
  /** Publishers begin spread over this many ms, so that their keyframes do not come at once. */
  readonly spread: number;
}

/** What it answers. */
export type LoadReport =
  /** Every publisher is let in; the streams begin now. */
  | { readonly type: 'publishing' }
  | {
      /** To the request `report`. */
      readonly type: 'sent';
      /** Since the last report, of all publishers. */
      readonly bytes: number;
      /** The most that a message was handed to its socket after its time, in ms. */
      readonly late: number;
      /** Bytes that the server has not taken yet. */
      readonly waiting: number;
    };

const TICK = 4;

class LoadPublisher {
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #session: ClientSession;
  #next = 0;

  constructor(order: LoadOrder, streamKey: string) {
    const { port, app, chunkSize } = order;
    const tcUrl = `rtmp://127.0.0.1:${port}/${app}`;
    this.#session = new ClientSession({ app, streamKey, tcUrl, chunkSize });
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.setNoDelay(true);
    this.#socket.on('connect', () => this.#write(this.#session.start()));
    this.#socket.on('close', () => fail(`${streamKey}: the server closed the connection`));
    this.#socket.on('error', (error) => fail(`${streamKey}: ${error.message}`));
    this.ready = new Promise((resolve) => {
      this.#socket.on('data', (bytes) => {
        for (const result of this.#session.receive(bytes, performance.now())) {
          if (result.type === 'send') this.#socket.write(result.data);
          else if (result.type === 'ready') resolve();
          else if (result.type === 'closed') fail(`${streamKey}: ${result.error?.message ?? 'ended'}`);
        }
      });
    });
  }

  /** Sends what is due `elapsed` ms into its stream; returns bytes sent and how late the latest was. */
  send(wire: readonly WireMessage[], elapsed: number): { bytes: number; late: number } {
    let bytes = 0;
    let late = 0;
    for (let message = wire[this.#next]; message !== undefined; message = wire[this.#next]) {
      if (message.at > elapsed) break;
      late = Math.max(late, elapsed - message.at);
      bytes += message.bytes.length;
      this.#socket.write(message.bytes);
      this.#next += 1;
    }
    return { bytes, late };
  }

  /** Bytes that the server has not taken yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  #write(buffers: readonly Buffer[]): void {
    for (const data of buffers) this.#socket.write(data);
  }
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

const report = (message: LoadReport): void => {
  process.send?.(message);
};

const order = JSON.parse(process.argv[2]!) as LoadOrder;
const wire = toWire(order.source, order.chunkSize, order.seconds);
const publishers = order.streamKeys.map((key) => new LoadPublisher(order, key));
await Promise.all(publishers.map(async (publisher) => publisher.ready));
report({ type: 'publishing' });

const started = performance.now();
let bytes = 0;
let late = 0;
setInterval(() => {
  const now = performance.now() - started;
  for (const [index, publisher] of publishers.entries()) {
    const sent = publisher.send(wire, now - (index / publishers.length) * order.spread);
    bytes += sent.bytes;
    late = Math.max(late, sent.late);
  }
}, TICK);
process.on('message', () => {
  const waiting = publishers.reduce((sum, publisher) => sum + publisher.waiting, 0);
  report({ type: 'sent', bytes, late, waiting });
  bytes = late = 0;
});
process.on('disconnect', () => process.exit());
