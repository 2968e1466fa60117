import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { ClientHandshake } from '../../src/rtmp/handshake.js';
import { DEFAULT_RTMP_LIMITS } from '../../src/rtmp/limits.js';
import type { RtmpLimits } from '../../src/rtmp/limits.js';
import { amfObject, commandMessage, parseCommand, propertyOf } from '../../src/rtmp/messages/command.js';
import type { Command } from '../../src/rtmp/messages/command.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import type { RtmpMessage } from '../../src/rtmp/messages/message.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import type { PlayRequest, PublishRequest, SessionResult } from '../../src/rtmp/server-session.js';

/** A client that says exactly what a test tells it to, against a server session in memory. */
export class ScriptedPeer {
  readonly server: ServerSession;
  readonly writer = new ChunkWriter();
  readonly #reader = new ChunkReader();
  /** The clock of the session; tests move it. */
  now = 0;
  /** Results other than `send`, in order. */
  results: Exclude<SessionResult, { type: 'send' }>[] = [];
  /** Messages that the server sent. */
  received: RtmpMessage[] = [];

  constructor(limits: Partial<RtmpLimits> = {}) {
    this.server = new ServerSession({ ...DEFAULT_RTMP_LIMITS, ...limits });
    const handshake = new ClientHandshake();
    const answer = this.server
      .receive(handshake.start(), this.now)
      .flatMap((result) => (result.type === 'send' ? [result.data] : []));
    const step = handshake.receive(Buffer.concat(answer));
    this.take(this.server.receive(Buffer.concat(step.send), this.now));
  }

  /** Takes in results, decoding what was sent. */
  take(results: readonly SessionResult[]): void {
    for (const result of results) {
      if (result.type !== 'send') {
        this.results.push(result);
        continue;
      }
      this.hear([result.data]);
    }
  }

  /** Decodes what was sent. */
  hear(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.#reader.push(piece);
      for (let next = this.#reader.next(); next !== undefined; next = this.#reader.next())
        this.received.push(next);
    }
  }

  feed(bytes: Buffer): void {
    this.take(this.server.receive(bytes, this.now));
  }

  send(message: RtmpMessage): void {
    this.feed(this.writer.write(message));
  }

  sendRaw(typeId: number, payload: Buffer, fields: Partial<RtmpMessage> = {}): void {
    this.send({ chunkStreamId: 5, streamId: 1, timestamp: 0, typeId, payload, ...fields });
  }

  command(
    name: string,
    transactionId: number,
    object: Amf0Value = null,
    args: Amf0Value[] = [],
    streamId = 0,
  ): void {
    this.send(commandMessage(name, transactionId, object, args, streamId));
  }

  connect(properties: Record<string, Amf0Value> = {}): void {
    this.command(
      'connect',
      1,
      amfObject({ app: 'live', tcUrl: 'rtmp://host/live', flashVer: 'test', ...properties }),
    );
  }

  /** All the way to a publish that the host has let in. */
  publish(name: Amf0Value = 'key'): PublishRequest {
    this.connect();
    this.command('createStream', 4);
    this.command('publish', 5, null, [name, 'live'], 1);
    const request = this.lastRequest();
    this.take(this.server.acceptPublish());
    return request;
  }

  /** All the way to a play that the host has let in. */
  play(...args: Amf0Value[]): PlayRequest {
    this.connect();
    this.command('createStream', 2);
    this.command('play', 0, null, args, 1);
    const play = this.results.findLast((result) => result.type === 'play');
    if (play?.type !== 'play') throw new Error('nothing was played');
    this.received = [];
    this.take(this.server.acceptPlay());
    return play.request;
  }

  lastRequest(): PublishRequest {
    const publish = this.results.findLast((result) => result.type === 'publish');
    if (publish?.type !== 'publish') throw new Error('nothing was published');
    return publish.request;
  }

  /** Commands that the server sent, oldest first. */
  commands(name?: string): Command[] {
    return this.received
      .filter(({ typeId }) => typeId === MessageType.CommandAmf0)
      .map(parseCommand)
      .filter((command) => name === undefined || command.name === name);
  }

  /** Code of the last onStatus. */
  lastStatus(): Record<string, Amf0Value> {
    const status = this.commands('onStatus').at(-1)?.args[0];
    return Object.fromEntries(status instanceof Map ? status : []);
  }

  /** Codes of every onStatus, oldest first. */
  statusCodes(): Amf0Value[] {
    return this.commands('onStatus').map(({ args }) => propertyOf(args[0], 'code'));
  }

  types(): string[] {
    return this.results.map(({ type }) => type);
  }

  /** The code of the fault that ended the session, if one did. */
  fault(): string | undefined {
    const fault = this.results.find((result) => result.type === 'fault');
    return fault?.type === 'fault' ? fault.error.code : undefined;
  }
}
