import type { Socket } from 'node:net';
import { MillraceError } from '../errors.js';
import type { Feed } from '../origin/feed.js';
import type { PeerCapabilities } from '../rtmp/capabilities.js';
import { FlvStream, type FlvMessage } from '../rtmp/flv-stream.js';
import { SendGate } from '../rtmp/send-gate.js';
import type { ServerSession } from '../rtmp/server-session.js';
import { StallWatch } from '../rtmp/stall-watch.js';

/** What a playback needs of its connection. */
export interface PlaybackOptions {
  readonly feed: Feed;
  readonly peer: PeerCapabilities;
  readonly session: ServerSession;
  readonly socket: Socket;
  readonly log: (fields: object, message: string) => void;
  readonly onSent: (bytes: number) => void;
  readonly onDropped: () => void;
  /** The stream is over, or has nothing for this player; says so in words for people. Nothing is sent after it. */
  readonly onEnd: (description: string) => void;
  /** The player takes nothing any more. Nothing is sent after it. */
  readonly onStall: (error: MillraceError) => void;
}

/** Bytes that may wait for one player, whatever they are: a whole group of pictures when it joins. */
export const MAX_PLAYER_QUEUE = 24 * 1024 * 1024;

/**
 * A player that nothing is sent to, since it has paused or the publisher is away, is asked by the system whether it is
 * still there when nothing has come from it for this long (ms).
 */
const KEEP_ALIVE = 60_000;

/**
 * One play in progress: a channel's feed, sent to one player. The feed never waits for it: a player that reads too slowly
 * loses pictures up to a keyframe, and one that does not read at all is given up.
 */
export class Playback {
  readonly #options: PlaybackOptions;
  readonly #flv: FlvStream;
  readonly #gate = new SendGate();
  readonly #stall = new StallWatch();
  #wanted = { video: true, audio: true };
  /** Pictures were not wanted for a while and go on with a keyframe. */
  #awaitsKeyframe = false;
  /** What comes now is what there is to begin with, all at once. */
  #joining = true;
  /** Bytes written since the beginning. */
  #bytes = 0;
  #leave: (() => void) | undefined;
  #ended = false;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#flv = new FlvStream(options.peer);
  }

  /** Sends what there is and goes on with what comes. Once. */
  begin(): void {
    this.#options.socket.setKeepAlive(true, KEEP_ALIVE);
    this.#leave = this.#options.feed.subscribe({
      start: (start, from) => {
        this.#send(this.#flv.start(start, from));
        const leftOut = this.#flv.leftOut.map(({ codecString }) => codecString);
        if (leftOut.length > 0) this.#options.log({ leftOut }, 'the player does not take these tracks');
        if (!this.#flv.hasTracks) this.#finish('This player did not say that it takes what is sent here.');
      },
      unit: (unit) => {
        const message = this.#flv.unit(unit);
        if (message !== undefined) this.#send([message]);
      },
      away: () => undefined,
      end: () => this.#finish('The stream has ended.'),
    });
    this.#joining = false;
    if (this.#ended) this.#leave();
  }

  /** What the player wants from now on. */
  wants(wanted: { readonly video: boolean; readonly audio: boolean }): void {
    if (!wanted.video) this.#awaitsKeyframe = true;
    this.#wanted = wanted;
  }

  /** Sends nothing more. Safe to call twice. */
  end(): void {
    this.#ended = true;
    this.#leave?.();
  }

  #finish(description: string): void {
    if (this.#ended) return;
    this.end();
    this.#options.onEnd(description);
  }

  #send(messages: readonly FlvMessage[]): void {
    const { socket } = this.#options;
    socket.cork();
    for (const message of messages) if (!this.#ended) this.#sendOne(message);
    socket.uncork();
  }

  #sendOne(message: FlvMessage): void {
    const { session, socket, onDropped, onSent } = this.#options;
    if (message.type === 'metadata') {
      this.#write(session.sendMetadata(message.values));
      return;
    }
    if (!this.#isWanted(message)) return;
    const queued = socket.writableLength;
    if (this.#isTooMuch(queued)) return;
    const { type, timestamp, body, kind } = message;
    if (this.#joining) this.#gate.allow(body.length);
    else if (!this.#gate.admits(kind, queued)) {
      onDropped();
      return;
    }
    onSent(body.length);
    this.#write(session.sendMedia(type, timestamp, body));
  }

  #isWanted(message: Exclude<FlvMessage, { type: 'metadata' }>): boolean {
    if (message.kind === 'config') return true;
    if (!this.#wanted[message.type]) return false;
    if (message.kind === 'keyframe') this.#awaitsKeyframe = false;
    return message.kind !== 'inter' || !this.#awaitsKeyframe;
  }

  #isTooMuch(queued: number): boolean {
    if (queued > MAX_PLAYER_QUEUE)
      this.#giveUp(
        new MillraceError('RTMP_LIMIT', `the player left more than ${MAX_PLAYER_QUEUE} bytes unread`),
      );
    else if (this.#stall.stalls(this.#bytes - queued, queued, performance.now()))
      this.#giveUp(new MillraceError('RTMP_TIMEOUT', 'the player takes nothing any more'));
    return this.#ended;
  }

  #giveUp(error: MillraceError): void {
    this.end();
    this.#options.onStall(error);
  }

  #write(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.#bytes += piece.length;
      this.#options.socket.write(piece);
    }
  }
}
