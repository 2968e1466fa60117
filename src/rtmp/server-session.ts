import { MillraceError } from '../errors.js';
import { ServerHandshake } from './handshake.js';
import { splitAggregate } from './messages/aggregate.js';
import { amfObject, commandMessage, parseCommand, stringProperty } from './messages/command.js';
import type { Command } from './messages/command.js';
import { BandwidthLimit, setPeerBandwidthMessage } from './messages/control.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';
import { parseMetadata } from './messages/metadata.js';
import type { PublisherMetadata } from './messages/metadata.js';
import { onStatusMessage, statusObject } from './messages/status.js';
import type { Status } from './messages/status.js';
import { UserControlEvent, userControlMessage } from './messages/user-control.js';
import { ProtocolLink, WINDOW_ACK_SIZE } from './protocol-link.js';
import { isUsableName, normalisePublishName } from './publish-name.js';
import { RateLimit } from './rate-limit.js';

/** Chunk size of what the server sends; every encoder measured accepts it. */
const CHUNK_SIZE = 4096;

const MAX_COMMANDS_PER_SECOND = 50;
const MAX_DATA_PER_SECOND = 50;

/** Message streams one connection may create. */
const MAX_STREAMS = 8;

/** A publisher asks to be let in. */
export interface PublishRequest {
  readonly app: string;
  readonly streamKey: string;
  readonly params: ReadonlyMap<string, string>;
  /** `live`, `record` or `append`; `live` where none was given. */
  readonly publishType: string;
  /** The encoder's flashVer, such as `FMLE/3.0 (compatible; Lavf59.27.100)`; may be empty. */
  readonly encoder: string;
  readonly tcUrl: string;
}

/** Why a publish ended in good order. */
export type UnpublishReason = 'FCUnpublish' | 'deleteStream' | 'closeStream';

/** What a session wants done, in this order. */
export type SessionResult =
  | { readonly type: 'send'; readonly data: Buffer }
  /** Answer with `acceptPublish` or `refusePublish`: until then, nothing more is read. */
  | { readonly type: 'publish'; readonly request: PublishRequest }
  | { readonly type: 'metadata'; readonly metadata: PublisherMetadata }
  /** An FLV tag body, owned by the receiver and not empty; timestamp in ms, uint32. */
  | { readonly type: 'video' | 'audio'; readonly timestamp: number; readonly body: Buffer }
  /** The publisher said goodbye; the connection may publish again. */
  | { readonly type: 'unpublish'; readonly reason: UnpublishReason }
  /** A message was passed over; the session goes on. */
  | { readonly type: 'ignored'; readonly error: MillraceError }
  /** The protocol is broken beyond repair: close the connection. Nothing follows. */
  | { readonly type: 'fault'; readonly error: MillraceError };

/** Codes by which a publish is refused: the key is taken or malformed, or it is not allowed. */
export type RefusalCode = 'NetStream.Publish.BadName' | 'NetStream.Publish.Denied';

interface Connect {
  readonly app: string;
  readonly tcUrl: string;
  readonly encoder: string;
}

type State =
  | { readonly stage: 'handshaking'; readonly handshake: ServerHandshake }
  | { readonly stage: 'connecting' }
  | { readonly stage: 'connected'; readonly connect: Connect }
  /** The host has been asked and has not answered. */
  | { readonly stage: 'requested'; readonly connect: Connect; readonly streamId: number }
  | { readonly stage: 'publishing'; readonly connect: Connect; readonly streamId: number }
  | { readonly stage: 'ended' };

/**
 * The server's side of one RTMP connection that publishes (RTMP 1.0 7.2). Bytes in, results out: it owns no socket and
 * no clock, and never throws for anything the peer sends.
 */
export class ServerSession {
  readonly #link = new ProtocolLink();
  readonly #commands = new RateLimit(MAX_COMMANDS_PER_SECOND);
  readonly #dataMessages = new RateLimit(MAX_DATA_PER_SECOND);
  #state: State = { stage: 'handshaking', handshake: new ServerHandshake() };
  #streamsCreated = 0;
  #now = 0;

  get stage(): State['stage'] {
    return this.#state.stage;
  }

  /** Bytes held for incomplete messages; bounded whatever the peer does. */
  get heldBytes(): number {
    return this.#link.heldBytes;
  }

  /**
   * Feeds what the socket read; `bytes` may be reused afterwards. `now` in ms of any clock that does not run backwards.
   */
  receive(bytes: Buffer, now: number): SessionResult[] {
    this.#now = now;
    return this.#guard([], (out) => {
      this.#link.count(bytes.length);
      const { stage } = this.#state;
      this.#link.push(stage === 'handshaking' ? this.#shakeHands(this.#state.handshake, bytes, out) : bytes);
      this.#readMessages(out);
    });
  }

  /** Lets the publisher in. Only after a `publish` result. */
  acceptPublish(): SessionResult[] {
    this.#link.allowMedia();
    const state = this.#requestedState();
    this.#state = { ...state, stage: 'publishing' };
    const begin = this.#send(userControlMessage(UserControlEvent.StreamBegin, state.streamId));
    const start = this.#status(state.streamId, 'status', 'NetStream.Publish.Start', 'Publishing.');
    return this.#guard([begin, start], (out) => this.#readMessages(out));
  }

  /** Turns the publisher away; `description` is what ffmpeg prints and OBS shows. Only after a `publish` result. */
  refusePublish(code: RefusalCode, description: string): SessionResult[] {
    const state = this.#requestedState();
    this.#state = { stage: 'connected', connect: state.connect };
    const refusal = this.#status(state.streamId, 'error', code, description);
    return this.#guard([refusal], (out) => this.#readMessages(out));
  }

  /** Tells the peer that the server ends the session; close the connection after sending. Safe in every stage. */
  close(status: Status): SessionResult[] {
    const state = this.#state;
    this.#state = { stage: 'ended' };
    if (state.stage !== 'publishing' && state.stage !== 'requested') return [];
    return [
      this.#send(onStatusMessage(state.streamId, status)),
      this.#send(userControlMessage(UserControlEvent.StreamEof, state.streamId)),
    ];
  }

  #requestedState(): Extract<State, { stage: 'requested' }> {
    if (this.#state.stage !== 'requested')
      throw new Error(`no publish to decide on while ${this.#state.stage}`);
    return this.#state;
  }

  /** Runs a step that reads what the peer sent; what it throws becomes the fault that ends the session. */
  #guard(out: SessionResult[], step: (out: SessionResult[]) => void): SessionResult[] {
    if (this.#state.stage === 'ended') return out;
    try {
      step(out);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.#state = { stage: 'ended' };
      out.push({ type: 'fault', error });
    }
    return out;
  }

  #shakeHands(handshake: ServerHandshake, bytes: Buffer, out: SessionResult[]): Buffer {
    const step = handshake.receive(bytes);
    for (const data of step.send) out.push({ type: 'send', data });
    if (step.done) this.#state = { stage: 'connecting' };
    return step.rest;
  }

  /** Reads on until the bytes are used up, or until there is a publish for the host to decide on. */
  #readMessages(out: SessionResult[]): void {
    while (this.#state.stage !== 'requested') {
      const message = this.#link.next(this.#now);
      if (message === undefined) break;
      this.#handle(message, out);
    }
    this.#link.hold();
    for (const data of this.#link.takeReplies()) out.push({ type: 'send', data });
  }

  #handle(message: RtmpMessage, out: SessionResult[]): void {
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
        this.#media(message, out);
        break;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#data(message, out);
        break;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        if (!this.#commands.take(this.#now)) throw new MillraceError('RTMP_LIMIT', 'too many commands');
        this.#command(parseCommand(message), out);
        break;
      case MessageType.Aggregate:
        this.#aggregate(message, out);
        break;
      default:
      // Shared objects and types nobody has defined: nothing here depends on them.
    }
  }

  #media(message: RtmpMessage, out: SessionResult[]): void {
    if (this.#state.stage !== 'publishing' || message.payload.length === 0) return;
    const { timestamp, payload: body } = message;
    if (message.typeId === MessageType.Video) out.push({ type: 'video', timestamp, body });
    if (message.typeId === MessageType.Audio) out.push({ type: 'audio', timestamp, body });
  }

  #aggregate(message: RtmpMessage, out: SessionResult[]): void {
    if (this.#state.stage !== 'publishing') return;
    tolerate(out, () => {
      for (const inner of splitAggregate(message)) this.#media(inner, out);
    });
  }

  /** Nothing depends on data messages, so one too many is dropped without a word. */
  #data(message: RtmpMessage, out: SessionResult[]): void {
    if (this.#state.stage !== 'publishing' || !this.#dataMessages.take(this.#now)) return;
    tolerate(out, () => {
      const metadata = parseMetadata(message);
      if (metadata !== undefined) out.push({ type: 'metadata', metadata });
    });
  }

  #command(command: Command, out: SessionResult[]): void {
    if (command.name === 'connect') {
      this.#connect(command, out);
      return;
    }
    const state = this.#state;
    if (state.stage === 'connecting') {
      throw new MillraceError('RTMP_BAD_COMMAND', `${describe(command)} before connect`);
    }
    switch (command.name) {
      case 'createStream':
        this.#createStream(command, out);
        break;
      case 'publish':
        this.#publish(command, out);
        break;
      case 'FCPublish':
        // FMLE and its heirs wait for this one and want their transaction id in it.
        this.#answer(command, out);
        if (command.transactionId > 0)
          out.push(this.#publishNotice('onFCPublish', 'NetStream.Publish.Start', command));
        break;
      case 'FCUnpublish':
        if (command.transactionId > 0) {
          out.push(this.#publishNotice('onFCUnpublish', 'NetStream.Unpublish.Success', command));
        }
        this.#unpublish('FCUnpublish', out);
        break;
      case 'deleteStream':
        if (this.#namesOurStream(command)) this.#unpublish('deleteStream', out);
        break;
      case 'closeStream':
        this.#unpublish('closeStream', out);
        break;
      case 'releaseStream':
      case '_checkbw':
        this.#answer(command, out);
        break;
      case 'play':
        out.push(
          this.#status(command.streamId, 'error', 'NetStream.Play.StreamNotFound', 'Nothing is played here.'),
        );
        break;
      case '_result':
      case '_error':
      case 'onStatus':
        break;
      default:
        this.#rejectUnknown(command, out);
    }
  }

  #connect(command: Command, out: SessionResult[]): void {
    if (this.#state.stage !== 'connecting') throw new MillraceError('RTMP_BAD_COMMAND', 'connect came twice');
    this.#state = {
      stage: 'connected',
      connect: {
        app: stringProperty(command.object, 'app') ?? '',
        tcUrl: stringProperty(command.object, 'tcUrl') ?? '',
        encoder: stringProperty(command.object, 'flashVer') ?? '',
      },
    };
    const server = amfObject({ fmsVer: 'FMS/3,0,1,123', capabilities: 31 });
    const information = amfObject({
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      objectEncoding: 0,
    });
    out.push(
      { type: 'send', data: this.#link.announceWindow(WINDOW_ACK_SIZE) },
      this.#send(setPeerBandwidthMessage(WINDOW_ACK_SIZE, BandwidthLimit.Dynamic)),
      this.#send(userControlMessage(UserControlEvent.StreamBegin, 0)),
      { type: 'send', data: this.#link.setChunkSize(CHUNK_SIZE) },
      this.#send(commandMessage('_result', command.transactionId, server, [information])),
    );
  }

  #createStream(command: Command, out: SessionResult[]): void {
    if (++this.#streamsCreated > MAX_STREAMS)
      throw new MillraceError('RTMP_LIMIT', `more than ${MAX_STREAMS} streams`);
    out.push(this.#send(commandMessage('_result', command.transactionId, null, [this.#streamsCreated])));
  }

  #publish(command: Command, out: SessionResult[]): void {
    const state = this.#state;
    const { streamId } = command;
    const [name, publishType] = command.args;
    if (state.stage !== 'connected') {
      const description = 'This connection publishes already.';
      out.push(this.#status(streamId, 'error', 'NetStream.Publish.BadName', description));
      return;
    }
    const { app, tcUrl, encoder } = state.connect;
    const publishName = normalisePublishName({ app, tcUrl, name: typeof name === 'string' ? name : '' });
    if (!isUsableName(publishName)) {
      const description = 'The application or the stream key is missing or malformed.';
      out.push(this.#status(streamId, 'error', 'NetStream.Publish.BadName', description));
      return;
    }
    this.#state = { stage: 'requested', connect: state.connect, streamId };
    const request = { ...publishName, publishType: typeof publishType === 'string' ? publishType : 'live' };
    out.push({ type: 'publish', request: { ...request, encoder, tcUrl } });
  }

  /** Ends the publish, once: encoders say FCUnpublish, deleteStream and closeStream in any combination. */
  #unpublish(reason: UnpublishReason, out: SessionResult[]): void {
    const state = this.#state;
    if (state.stage !== 'publishing') return;
    this.#state = { stage: 'connected', connect: state.connect };
    out.push(
      { type: 'unpublish', reason },
      this.#status(state.streamId, 'status', 'NetStream.Unpublish.Success', 'Publishing has ended.'),
    );
  }

  /** deleteStream names a stream; one that names none, or not with a number, can only mean ours. */
  #namesOurStream(command: Command): boolean {
    const [streamId] = command.args;
    return !('streamId' in this.#state) || typeof streamId !== 'number' || streamId === this.#state.streamId;
  }

  #rejectUnknown(command: Command, out: SessionResult[]): void {
    if (command.transactionId === 0) return;
    const status = {
      level: 'error',
      code: 'NetConnection.Call.Failed',
      description: 'No such command.',
    } as const;
    out.push(this.#send(commandMessage('_error', command.transactionId, null, [statusObject(status)])));
  }

  /** An empty _result, for commands that only want one. */
  #answer(command: Command, out: SessionResult[]): void {
    if (command.transactionId === 0) return;
    out.push(this.#send(commandMessage('_result', command.transactionId, null, [undefined])));
  }

  #publishNotice(name: string, code: string, command: Command): SessionResult {
    const status = statusObject({ level: 'status', code, description: '' });
    return this.#send(commandMessage(name, command.transactionId, null, [status]));
  }

  #status(streamId: number, level: Status['level'], code: string, description: string): SessionResult {
    return this.#send(onStatusMessage(streamId, { level, code, description }));
  }

  #send(message: RtmpMessage): SessionResult {
    return { type: 'send', data: this.#link.write(message) };
  }
}

/** A message that is broken inside but whole as a message costs no more than itself. */
function tolerate(out: SessionResult[], step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    out.push({ type: 'ignored', error });
  }
}

const describe = (command: Command): string => JSON.stringify(command.name.slice(0, 32));
