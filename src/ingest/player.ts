import type { Socket } from 'node:net';
import type { MillraceError } from '../errors.js';
import type { Feed } from '../origin/feed.js';
import type { PlayRequest, ServerSession, SessionResult } from '../rtmp/server-session.js';
import type { Admission } from './admission.js';
import type { CloseReason } from './observer.js';
import { Playback } from './playback.js';

/** Channels by name. Their stream keys are the publishers' secret and open nothing here. */
export interface PlaySource {
  channel(name: string): { readonly feed: Feed } | undefined;
}

/** What is counted of players; every hook is called synchronously and must not throw. */
export interface PlayObserver {
  playStarted(channel: string): void;
  playEnded(channel: string): void;
  playRefused(reason: 'not-live' | 'cap'): void;
  /** Bytes of media on their way to a player. */
  bytesOut(channel: string, bytes: number): void;
  /** A message that a player was too slow for. */
  mediaDropped(channel: string): void;
}

export interface PlayOptions {
  readonly source: PlaySource;
  readonly observer: PlayObserver;
}

/** The connection that somebody wants to play over. */
export interface PlayerConnection {
  readonly session: ServerSession;
  readonly socket: Socket;
  readonly admission: Admission;
  /** Undefined: nothing is played here. */
  readonly play: PlayOptions | undefined;
  /** Logs what a player does, within what those who need no key may fill the log with. */
  readonly log: (level: 'info' | 'warn', fields: object, message: string) => void;
  readonly carryOut: (results: readonly SessionResult[]) => void;
  readonly fail: (error: MillraceError) => void;
  readonly hangUp: (reason: CloseReason, description: string) => void;
}

/** Longest player name logged. */
const MAX_PLAYER_NAME = 128;

/** The playing side of a connection: lets it play a channel that is live, by its name, while there is room for players. */
export class Player {
  readonly #connection: PlayerConnection;
  #playback: Playback | undefined;
  #onEnded: () => void = () => undefined;

  constructor(connection: PlayerConnection) {
    this.#connection = connection;
  }

  get isPlaying(): boolean {
    return this.#playback !== undefined;
  }

  /** Carries out what the session wants of a player. */
  take(result: Extract<SessionResult, { type: 'play' | 'wants' | 'unplay' }>): void {
    switch (result.type) {
      case 'play':
        this.#decide(result.request);
        break;
      case 'wants':
        this.#playback?.wants(result);
        break;
      case 'unplay':
        this.end();
        break;
    }
  }

  /** Nothing more is sent. Safe to call at any time. */
  end(): void {
    const playback = this.#playback;
    if (playback === undefined) return;
    this.#playback = undefined;
    playback.end();
    this.#onEnded();
  }

  #decide(request: PlayRequest): void {
    const { admission, hangUp, play } = this.#connection;
    const feed = play?.source.channel(request.name)?.feed;
    if (play === undefined || feed?.isLive !== true) {
      play?.observer.playRefused('not-live');
      // One answer for a channel that is offline, one that there is not, and a stream key.
      this.#refuse('NetStream.Play.StreamNotFound', 'No such stream is live.');
    } else if (!admission.hasRoomForPlayer) {
      play.observer.playRefused('cap');
      this.#connection.log('warn', { cap: 'players' }, 'too many players');
      hangUp('refused', 'There are too many players.');
    } else {
      this.#begin(feed, request, play.observer);
    }
  }

  #refuse(code: 'NetStream.Play.StreamNotFound', description: string): void {
    const { carryOut, hangUp, session } = this.#connection;
    carryOut(session.refusePlay(code, description));
    hangUp('refused', description);
  }

  #begin(feed: Feed, { name, encoder, capabilities }: PlayRequest, observer: PlayObserver): void {
    const { admission, carryOut, fail, hangUp, session, socket } = this.#connection;
    const log = (fields: object, message: string): void =>
      this.#connection.log('info', { channel: name, ...fields }, message);
    log({ player: encoder.slice(0, MAX_PLAYER_NAME) }, 'play started');
    admission.playStarted();
    observer.playStarted(name);
    this.#onEnded = () => {
      admission.playEnded();
      observer.playEnded(name);
      log({}, 'play ended');
    };
    const playback = new Playback({
      feed,
      peer: capabilities,
      session,
      socket,
      log,
      onSent: (bytes) => observer.bytesOut(name, bytes),
      onDropped: () => observer.mediaDropped(name),
      onEnd: (description) => hangUp('ended', description),
      onStall: fail,
    });
    this.#playback = playback;
    // What the peer has sent already may end the play again.
    carryOut(session.acceptPlay());
    if (this.#playback === playback) playback.begin();
  }
}
