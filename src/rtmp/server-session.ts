import { MillraceError } from '../errors.js';
import { perSecond, type TokenBucket } from '../media/token-bucket.js';
import { CapsEx } from './capabilities.js';
import { ServerHandshake } from './handshake.js';
import { DEFAULT_RTMP_LIMITS } from './limits.js';
import type { RtmpLimits } from './limits.js';
import { commandMessage, parseCommand } from './messages/command.js';
import type { Command } from './messages/command.js';
import { connectResult, parseConnect } from './messages/connect.js';
import type { ConnectRequest } from './messages/connect.js';
import { BandwidthLimit, setPeerBandwidthMessage } from './messages/control.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';
import type { MetadataValues } from './messages/data.js';
import { reconnectRequestMessage } from './messages/status.js';
import type { ReconnectRequest, Status } from './messages/status.js';
import { UserControlEvent } from './messages/user-control.js';
import { PlayStream } from './play-stream.js';
import { ProtocolLink, WINDOW_ACK_SIZE } from './protocol-link.js';
import { PublishStream } from './publish-stream.js';
import { Replies } from './replies.js';
import type { PlayRefusalCode, RefusalCode, SessionResult, UnpublishReason } from './session-results.js';
import { playRequest, publishRequest } from './stream-requests.js';
import { tolerate } from './tolerate.js';

export type {
  PlayRefusalCode,
  PlayRequest,
  PublishRequest,
  RefusalCode,
  SessionResult,
  UnpublishReason,
} from './session-results.js';

/** Chunk size of what the server sends; every encoder measured accepts it. */
const CHUNK_SIZE = 4096;

type State =
  | { readonly stage: 'handshaking'; readonly handshake: ServerHandshake }
  | { readonly stage: 'connecting' }
  | { readonly stage: 'connected'; readonly peer: ConnectRequest }
  /** The host has been asked and has not answered. */
  | {
      readonly stage: 'requested';
      readonly peer: ConnectRequest;
      readonly stream: PublishStream | PlayStream;
    }
  | { readonly stage: 'publishing'; readonly peer: ConnectRequest; readonly stream: PublishStream }
  | { readonly stage: 'playing'; readonly peer: ConnectRequest; readonly stream: PlayStream }
  | { readonly stage: 'ended' };

/**
 * The server's side of one RTMP connection that publishes or plays (RTMP 1.0 7.2). Bytes in, results out: it owns no
 * socket and no clock, and never throws for anything the peer sends.
 */
export class ServerSession {
  readonly #limits: RtmpLimits;
  readonly #link: ProtocolLink;
  readonly #replies: Replies;
  readonly #commands: TokenBucket;
  readonly #dataMessages: TokenBucket;
  #state: State = { stage: 'handshaking', handshake: new ServerHandshake() };
  #streamsCreated = 0;
  #now = 0;

  constructor(limits: RtmpLimits = DEFAULT_RTMP_LIMITS) {
    this.#limits = limits;
    this.#link = new ProtocolLink(limits);
    this.#replies = new Replies(this.#link);
    this.#commands = perSecond(limits.commandsPerSecond);
    this.#dataMessages = perSecond(limits.dataPerSecond);
  }

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
    const { peer, stream } = this.#requested(PublishStream);
    this.#link.allowMedia();
    this.#state = { stage: 'publishing', peer, stream };
    return this.#guard(stream.begin(), (out) => this.#readMessages(out));
  }

  /** Turns the publisher away; `description` is what ffmpeg prints and OBS shows. Only after a `publish` result. */
  refusePublish(code: RefusalCode, description: string): SessionResult[] {
    const { peer, stream } = this.#requested(PublishStream);
    this.#state = { stage: 'connected', peer };
    return this.#guard([stream.refuse(code, description)], (out) => this.#readMessages(out));
  }

  /**
   * Ends a publish that was let in, because of what it sends; empty when nothing is being published. ffmpeg prints the
   * description and gives up. OBS and librtmp do not listen while they send: close the connection after this.
   */
  rejectPublish(code: RefusalCode, description: string): SessionResult[] {
    if (this.#state.stage !== 'publishing') return [];
    const { peer, stream } = this.#state;
    this.#state = { stage: 'connected', peer };
    return [stream.refuse(code, description)];
  }

  /** Lets the player in: what `sendMetadata` and `sendMedia` give may go. Only after a `play` result. */
  acceptPlay(): SessionResult[] {
    const { peer, stream } = this.#requested(PlayStream);
    this.#state = { stage: 'playing', peer, stream };
    return this.#guard(stream.begin(), (out) => this.#readMessages(out));
  }

  /** Turns the player away. Only after a `play` result. */
  refusePlay(code: PlayRefusalCode, description: string): SessionResult[] {
    const { peer, stream } = this.#requested(PlayStream);
    this.#state = { stage: 'connected', peer };
    return this.#guard([stream.refuse(code, description)], (out) => this.#readMessages(out));
  }

  /**
   * One FLV tag body for the player, its time in ms; empty when nothing is being played. Large bodies go by reference:
   * they must not change until they are sent.
   */
  sendMedia(kind: 'video' | 'audio', timestamp: number, body: Buffer): Buffer[] {
    return this.#state.stage === 'playing' ? this.#state.stream.media(kind, timestamp, body) : [];
  }

  /** onMetaData for the player; empty when nothing is being played. */
  sendMetadata(values: MetadataValues): Buffer[] {
    return this.#state.stage === 'playing' ? [this.#state.stream.metadata(values)] : [];
  }

  /**
   * Asks the peer to come again, here or elsewhere, while it is served on (Enhanced RTMP v2, Reconnect Request). Empty,
   * and nothing is to be expected, when the peer did not say that it can.
   */
  requestReconnect(request: ReconnectRequest): SessionResult[] {
    const state = this.#state;
    if (!('peer' in state) || (state.peer.capabilities.capsEx & CapsEx.Reconnect) === 0) return [];
    return [this.#replies.send(reconnectRequestMessage(request))];
  }

  /** Tells the peer that the server ends the session; close the connection after sending. Safe in every stage. */
  close(status: Status): SessionResult[] {
    const state = this.#state;
    this.#state = { stage: 'ended' };
    if (!('stream' in state)) return [];
    return state.stream instanceof PlayStream
      ? state.stream.end(status.description)
      : state.stream.close(status);
  }

  #requested<T extends PublishStream | PlayStream>(
    kind: abstract new (...args: never[]) => T,
  ): { peer: ConnectRequest; stream: T } {
    const state = this.#state;
    if (state.stage !== 'requested' || !(state.stream instanceof kind))
      throw new Error(`no such request to decide on while ${state.stage}`);
    return { peer: state.peer, stream: state.stream };
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

  /** Reads on until the bytes are used up, or until there is a request for the host to decide on. */
  #readMessages(out: SessionResult[]): void {
    for (;;) {
      const message = this.#state.stage === 'requested' ? undefined : this.#link.next(this.#now);
      // In the order of their writing: each chunk header builds on the one before, and a request is always the last result.
      for (const data of this.#link.takeReplies()) out.push({ type: 'send', data });
      if (message === undefined) break;
      this.#handle(message, out);
    }
    this.#link.hold();
  }

  #handle(message: RtmpMessage, out: SessionResult[]): void {
    const state = this.#state;
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
        if (state.stage === 'publishing') state.stream.media(message, out);
        break;
      case MessageType.Aggregate:
        if (state.stage === 'publishing') state.stream.aggregate(message, out);
        break;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        if (state.stage === 'publishing') state.stream.data(message, this.#now, out);
        break;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        if (!this.#commands.take(this.#now)) throw new MillraceError('RTMP_LIMIT', 'too many commands');
        this.#readCommand(message, out);
        break;
      default:
      // Shared objects and types nobody has defined: nothing here depends on them.
    }
  }

  /** Media goes on past a command that nobody can read; without media, there is nothing to save. */
  #readCommand(message: RtmpMessage, out: SessionResult[]): void {
    let command: Command | undefined;
    const parse = (): void => {
      command = parseCommand(message);
    };
    if ('stream' in this.#state) tolerate(out, parse);
    else parse();
    if (command !== undefined) this.#command(command, out);
  }

  #command(command: Command, out: SessionResult[]): void {
    if (command.name === 'connect') {
      this.#connect(command, out);
      return;
    }
    if (this.#state.stage === 'connecting') {
      throw new MillraceError('RTMP_BAD_COMMAND', `${describe(command)} before connect`);
    }
    switch (command.name) {
      case 'createStream':
        this.#createStream(command, out);
        break;
      case 'publish':
        this.#publish(command, out);
        break;
      case 'play':
        this.#play(command, out);
        break;
      case 'FCUnpublish':
        out.push(...this.#replies.notice('onFCUnpublish', 'NetStream.Unpublish.Success', command));
        this.#unpublish('FCUnpublish', out);
        break;
      case 'deleteStream':
      case 'closeStream':
        this.#leaveStream(command, command.name, out);
        break;
      default:
        this.#otherCommand(command, out);
    }
  }

  #otherCommand(command: Command, out: SessionResult[]): void {
    if (this.#state.stage === 'playing' && this.#state.stream.obey(command, out)) return;
    const answer =
      this.#replies.toHabit(command) ??
      this.#replies.error(command, 'NetConnection.Call.Failed', 'No such command.');
    out.push(...answer);
  }

  #connect(command: Command, out: SessionResult[]): void {
    if (this.#state.stage !== 'connecting') throw new MillraceError('RTMP_BAD_COMMAND', 'connect came twice');
    const peer = parseConnect(command);
    this.#state = { stage: 'connected', peer };
    out.push(
      { type: 'send', data: this.#link.announceWindow(WINDOW_ACK_SIZE) },
      this.#replies.send(setPeerBandwidthMessage(WINDOW_ACK_SIZE, BandwidthLimit.Dynamic)),
      this.#replies.userControl(UserControlEvent.StreamBegin, 0),
      { type: 'send', data: this.#link.setChunkSize(CHUNK_SIZE) },
      this.#replies.send(connectResult(command.transactionId, peer.capabilities)),
    );
  }

  #createStream({ transactionId }: Command, out: SessionResult[]): void {
    const { messageStreams } = this.#limits;
    if (++this.#streamsCreated > messageStreams)
      throw new MillraceError('RTMP_LIMIT', `more than ${messageStreams} streams`);
    out.push(this.#replies.send(commandMessage('_result', transactionId, null, [this.#streamsCreated])));
  }

  #publish(command: Command, out: SessionResult[]): void {
    const state = this.#state;
    const refuse = (description: string): void => {
      out.push(this.#replies.status(command.streamId, 'error', 'NetStream.Publish.BadName', description));
    };
    if (state.stage !== 'connected') {
      refuse('This connection is in use already.');
      return;
    }
    const request = publishRequest(command, state.peer);
    if (request === undefined) {
      refuse('The application or the stream key is missing or malformed.');
      return;
    }
    const stream = new PublishStream(command.streamId, this.#replies, this.#dataMessages);
    this.#state = { stage: 'requested', peer: state.peer, stream };
    out.push({ type: 'publish', request });
  }

  #play(command: Command, out: SessionResult[]): void {
    const state = this.#state;
    const refuse = (code: PlayRefusalCode, description: string): void => {
      out.push(this.#replies.status(command.streamId, 'error', code, description));
    };
    if (state.stage !== 'connected') {
      refuse('NetStream.Play.Failed', 'This connection is in use already.');
      return;
    }
    const request = playRequest(command, state.peer);
    if (request === undefined) {
      refuse('NetStream.Play.StreamNotFound', 'The application or the name is missing or malformed.');
      return;
    }
    const stream = new PlayStream(command.streamId, request.reset, this.#link, this.#replies);
    this.#state = { stage: 'requested', peer: state.peer, stream };
    out.push({ type: 'play', request });
  }

  /** Ends the publish, once: encoders say FCUnpublish, deleteStream and closeStream in any combination. */
  #unpublish(reason: UnpublishReason, out: SessionResult[]): void {
    if (this.#state.stage !== 'publishing') return;
    const { peer, stream } = this.#state;
    this.#state = { stage: 'connected', peer };
    out.push({ type: 'unpublish', reason }, stream.end());
  }

  /** deleteStream names a stream; one that names none, or not with a number, can only mean ours. */
  #leaveStream(command: Command, reason: 'deleteStream' | 'closeStream', out: SessionResult[]): void {
    const state = this.#state;
    if (!('stream' in state)) return;
    const [streamId] = command.args;
    if (reason === 'deleteStream' && typeof streamId === 'number' && streamId !== state.stream.streamId)
      return;
    if (state.stage === 'playing') {
      this.#state = { stage: 'connected', peer: state.peer };
      out.push({ type: 'unplay' });
    } else {
      this.#unpublish(reason, out);
    }
  }
}

const describe = (command: Command): string => JSON.stringify(command.name.slice(0, 32));
