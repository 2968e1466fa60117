import { MillraceError } from '../errors.js';
import { NO_CAPABILITIES } from './capabilities.js';
import type { PeerCapabilities } from './capabilities.js';
import { ClientHandshake } from './handshake.js';
import { DEFAULT_RTMP_LIMITS } from './limits.js';
import { commandMessage, parseCommand, stringProperty } from './messages/command.js';
import type { Command } from './messages/command.js';
import { connectMessage, serverCapabilities } from './messages/connect.js';
import { mediaMessage } from './messages/media.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';
import { metadataMessage } from './messages/data.js';
import type { MetadataValues } from './messages/data.js';
import { parseStatus, RECONNECT_REQUEST } from './messages/status.js';
import { ProtocolLink } from './protocol-link.js';

const DEFAULT_SENT_CHUNK_SIZE = 4096;

export interface ClientOptions {
  readonly app: string;
  readonly streamKey: string;
  /** `rtmp://host:port/app`. */
  readonly tcUrl: string;
  /** How the publisher names itself. */
  readonly flashVer?: string;
  /** Chunk size of what is sent; 4096 by default. */
  readonly chunkSize?: number;
  /** Stated in connect; a strict old server may choke on it. Nothing is stated by default. */
  readonly capabilities?: PeerCapabilities;
}

/** What a client session wants done, in this order. */
export type ClientResult =
  | { readonly type: 'send'; readonly data: Buffer }
  /** The server lets us publish: metadata, audio and video may go. */
  | { readonly type: 'ready' }
  /** The server asks us to connect anew, to this URL, and serves us on meanwhile (Enhanced RTMP v2, Reconnect Request). */
  | { readonly type: 'reconnect'; readonly tcUrl: string; readonly description: string }
  /** The server ended or refused the publish, or broke the protocol: close the connection. Nothing follows. */
  | { readonly type: 'closed'; readonly error?: MillraceError };

type State =
  | { readonly stage: 'handshaking'; readonly handshake: ClientHandshake }
  | { readonly stage: 'connecting' }
  | { readonly stage: 'creating'; readonly createTransaction: number }
  | { readonly stage: 'publishing'; readonly streamId: number; readonly ready: boolean }
  | { readonly stage: 'ended' };

/**
 * The publisher's side of an RTMP connection (RTMP 1.0 7.2), bytes in, results out: connect, releaseStream, FCPublish,
 * createStream, publish, as ffmpeg and OBS do it.
 *
 *     send(session.start());
 *     on data: for (result of session.receive(bytes, now)) ...   until 'ready', and go on feeding it afterwards
 *     send(session.metadata(...)); send(session.video(...)); send(session.audio(...)); ... send(session.goodbye());
 */
export class ClientSession {
  readonly #options: ClientOptions;
  readonly #link = new ProtocolLink(DEFAULT_RTMP_LIMITS);
  readonly #handshake = new ClientHandshake();
  #state: State = { stage: 'handshaking', handshake: this.#handshake };
  #lastTransaction = 0;
  #capabilities = NO_CAPABILITIES;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** What the server stated of Enhanced RTMP; known from its answer to connect on, so always once ready. */
  get serverCapabilities(): PeerCapabilities {
    return this.#capabilities;
  }

  /** The first bytes to send. */
  start(): Buffer[] {
    return [this.#handshake.start()];
  }

  /** Feeds what the socket read; `bytes` may be reused afterwards. `now` in ms of any clock that does not run backwards. */
  receive(bytes: Buffer, now: number): ClientResult[] {
    const out: ClientResult[] = [];
    if (this.#state.stage === 'ended') return out;
    try {
      this.#link.count(bytes.length);
      const chunks =
        this.#state.stage === 'handshaking' ? this.#shakeHands(this.#state.handshake, bytes, out) : bytes;
      if (chunks.length > 0) this.#readMessages(chunks, now, out);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.#end(error, out);
    }
    return out;
  }

  /** onMetaData. Only once ready. */
  metadata(values: MetadataValues): Buffer[] {
    return [this.#link.write(metadataMessage(this.#readyStreamId(), values))];
  }

  /** One video message: an FLV video tag body, which must not change until it is sent, and its time in ms. Only once ready. */
  video(timestamp: number, body: Buffer): Buffer[] {
    return this.#link.writePieces(mediaMessage('video', this.#readyStreamId(), timestamp, body));
  }

  /** One audio message, likewise. */
  audio(timestamp: number, body: Buffer): Buffer[] {
    return this.#link.writePieces(mediaMessage('audio', this.#readyStreamId(), timestamp, body));
  }

  /** Ends the publish in good order; close the connection after sending. Empty when nothing is being published. */
  goodbye(): Buffer[] {
    const state = this.#state;
    this.#state = { stage: 'ended' };
    if (state.stage !== 'publishing') return [];
    return [
      this.#call('FCUnpublish', null, this.#options.streamKey),
      this.#call('deleteStream', null, state.streamId),
    ];
  }

  #shakeHands(handshake: ClientHandshake, bytes: Buffer, out: ClientResult[]): Buffer {
    const step = handshake.receive(bytes);
    for (const data of step.send) out.push({ type: 'send', data });
    if (step.done) {
      this.#state = { stage: 'connecting' };
      const { app, tcUrl, flashVer = 'FMLE/3.0 (compatible; Millrace)', capabilities } = this.#options;
      const connect = connectMessage(++this.#lastTransaction, { app, tcUrl, flashVer, capabilities });
      out.push(
        { type: 'send', data: this.#link.setChunkSize(this.#options.chunkSize ?? DEFAULT_SENT_CHUNK_SIZE) },
        { type: 'send', data: this.#link.write(connect) },
      );
    }
    return step.rest;
  }

  #readMessages(bytes: Buffer, now: number, out: ClientResult[]): void {
    this.#link.push(bytes);
    while (this.#state.stage !== 'ended') {
      const message = this.#link.next(now);
      // In the order of their writing: each chunk header builds on the one before.
      for (const data of this.#link.takeReplies()) out.push({ type: 'send', data });
      if (message === undefined) return;
      if (message.typeId === MessageType.CommandAmf0 || message.typeId === MessageType.CommandAmf3) {
        const command = this.#readCommand(message);
        if (command !== undefined) this.#command(command, out);
      }
    }
  }

  /** Media goes on past a command that nobody can read; before it may, that could be the answer that is waited for. */
  #readCommand(message: RtmpMessage): Command | undefined {
    try {
      return parseCommand(message);
    } catch (error) {
      if (!(error instanceof MillraceError) || this.#state.stage !== 'publishing' || !this.#state.ready)
        throw error;
      return undefined;
    }
  }

  #command(command: Command, out: ClientResult[]): void {
    switch (command.name) {
      case '_result':
        this.#result(command, out);
        break;
      case '_error':
        this.#failure(command, out);
        break;
      case 'onStatus':
        this.#status(command, out);
        break;
      default:
      // onBWDone, onFCPublish and other notices that a publisher need not act on.
    }
  }

  #result(command: Command, out: ClientResult[]): void {
    const state = this.#state;
    if (state.stage === 'connecting' && command.transactionId === this.#lastTransaction) {
      this.#capabilities = serverCapabilities(command);
      const { streamKey } = this.#options;
      const release = this.#call('releaseStream', null, streamKey);
      const announce = this.#call('FCPublish', null, streamKey);
      const create = this.#call('createStream', null);
      this.#state = { stage: 'creating', createTransaction: this.#lastTransaction };
      for (const data of [release, announce, create]) out.push({ type: 'send', data });
    } else if (state.stage === 'creating' && command.transactionId === state.createTransaction) {
      const [streamId] = command.args;
      if (typeof streamId !== 'number' || streamId !== streamId >>> 0) {
        throw new MillraceError('RTMP_BAD_COMMAND', 'createStream was answered without a stream id');
      }
      this.#state = { stage: 'publishing', streamId, ready: false };
      const publish = commandMessage(
        'publish',
        ++this.#lastTransaction,
        null,
        [this.#options.streamKey, 'live'],
        streamId,
      );
      out.push({ type: 'send', data: this.#link.write(publish) });
    }
  }

  /** Only connect and createStream must succeed; servers may not know releaseStream and FCPublish. */
  #failure(command: Command, out: ClientResult[]): void {
    const state = this.#state;
    const awaited =
      (state.stage === 'connecting' && command.transactionId === this.#lastTransaction) ||
      (state.stage === 'creating' && command.transactionId === state.createTransaction) ||
      (state.stage === 'publishing' && command.transactionId === this.#lastTransaction);
    if (awaited) this.#end(refusal(command), out);
  }

  #status(command: Command, out: ClientResult[]): void {
    const { level, code } = parseStatus(command.args[0]);
    const state = this.#state;
    if (level === 'error') {
      this.#end(refusal(command), out);
    } else if (code === 'NetStream.Publish.Start' && state.stage === 'publishing' && !state.ready) {
      this.#state = { ...state, ready: true };
      out.push({ type: 'ready' });
    } else if (code === RECONNECT_REQUEST) {
      this.#reconnect(command, out);
    } else if (code === 'NetStream.Unpublish.Success' || code === 'NetConnection.Connect.Closed') {
      this.#end(undefined, out);
    }
  }

  #reconnect({ args: [information] }: Command, out: ClientResult[]): void {
    const { description } = parseStatus(information);
    const tcUrl = resolveUrl(stringProperty(information, 'tcUrl') ?? '', this.#options.tcUrl);
    if (tcUrl !== undefined) out.push({ type: 'reconnect', tcUrl, description });
  }

  #end(error: MillraceError | undefined, out: ClientResult[]): void {
    this.#state = { stage: 'ended' };
    out.push(error === undefined ? { type: 'closed' } : { type: 'closed', error });
  }

  /** A command on the connection itself, with the next transaction id. */
  #call(name: string, object: Command['object'], ...args: Command['args']): Buffer {
    return this.#link.write(commandMessage(name, ++this.#lastTransaction, object, args));
  }

  #readyStreamId(): number {
    if (this.#state.stage !== 'publishing' || !this.#state.ready)
      throw new Error(`not publishing: ${this.#state.stage}`);
    return this.#state.streamId;
  }
}

/**
 * An address that may be relative to the one in use; undefined when it is none of an RTMP server, or would carry the
 * stream key in the clear where it was encrypted before.
 */
function resolveUrl(address: string, base: string): string | undefined {
  if (address === '') return base;
  if (!URL.canParse(address, base)) return undefined;
  const { protocol, host, href } = new URL(address, base);
  const fits = protocol === 'rtmps:' || (protocol === 'rtmp:' && !base.startsWith('rtmps:'));
  return fits && host !== '' ? href : undefined;
}

function refusal(command: Command): MillraceError {
  const { code, description } = parseStatus(command.args[0]);
  return new MillraceError('RTMP_REFUSED', `${code || command.name}: ${description || 'no reason given'}`);
}
