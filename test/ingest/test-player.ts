import { connect, type Socket } from 'node:net';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { ClientHandshake } from '../../src/rtmp/handshake.js';
import { amfObject, commandMessage, parseCommand } from '../../src/rtmp/messages/command.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { parseStatus } from '../../src/rtmp/messages/status.js';
import { until } from '../support/server-process.js';

export interface Received {
  readonly type: 'video' | 'audio';
  readonly timestamp: number;
  readonly body: Buffer;
}

/** A player that writes down what it gets. */
export class TestPlayer {
  readonly socket: Socket;
  /** Codes of onStatus, in order. */
  readonly statuses: string[] = [];
  readonly media: Received[] = [];
  metadata = 0;
  isGone = false;
  readonly #handshake = new ClientHandshake();
  readonly #reader = new ChunkReader();
  readonly #writer = new ChunkWriter();
  #shaken = false;

  private constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isGone = true));
    this.socket.once('connect', () => this.socket.write(this.#handshake.start()));
    this.#reader.allowMedia();
    this.socket.on('data', (bytes) => this.#receive(bytes));
  }

  /** Connects and asks to play; `properties` go into the connect command. */
  static async play(
    port: number,
    name: string,
    properties: Record<string, Amf0Value> = {},
  ): Promise<TestPlayer> {
    const player = new TestPlayer(port);
    await until(() => player.#shaken, 'the handshake');
    player.command('connect', 1, amfObject({ app: 'live', tcUrl: 'rtmp://127.0.0.1/live', ...properties }));
    player.command('createStream', 2);
    player.command('play', 3, null, [name], 1);
    return player;
  }

  command(
    name: string,
    transactionId: number,
    object: Amf0Value = null,
    args: Amf0Value[] = [],
    streamId = 0,
  ): void {
    this.socket.write(this.#writer.write(commandMessage(name, transactionId, object, args, streamId)));
  }

  /** The numbers of the synthetic pictures that came. */
  get pictures(): number[] {
    return this.#numbers('video');
  }

  get sounds(): number[] {
    return this.#numbers('audio');
  }

  async gone(): Promise<void> {
    await until(() => this.isGone, 'the connection to be closed');
  }

  close(): void {
    this.socket.destroy();
  }

  #numbers(type: 'video' | 'audio'): number[] {
    return this.media
      .filter((message) => message.type === type && message.body[1] === 1)
      .map(({ body }) => body.readUInt32BE(body.length - 4));
  }

  #receive(bytes: Buffer): void {
    let rest = bytes;
    if (!this.#shaken) {
      const step = this.#handshake.receive(bytes);
      for (const data of step.send) this.socket.write(data);
      this.#shaken = step.done;
      rest = step.rest;
    }
    this.#reader.push(rest);
    for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
      const { timestamp, typeId, payload } = message;
      if (typeId === MessageType.Video) this.media.push({ type: 'video', timestamp, body: payload });
      if (typeId === MessageType.Audio) this.media.push({ type: 'audio', timestamp, body: payload });
      if (typeId === MessageType.DataAmf0 && payload.includes('onMetaData')) this.metadata++;
      if (typeId === MessageType.CommandAmf0) {
        const command = parseCommand(message);
        if (command.name === 'onStatus') this.statuses.push(parseStatus(command.args[0]).code);
      }
    }
    this.#reader.hold();
  }
}
