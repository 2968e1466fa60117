import type { TokenBucket } from '../media/token-bucket.js';
import { splitAggregate } from './messages/aggregate.js';
import { parseCue } from './messages/cue.js';
import { MessageType } from './messages/message.js';
import type { RtmpMessage } from './messages/message.js';
import { parseMetadata } from './messages/metadata.js';
import { readNamedData } from './messages/named-data.js';
import type { Status } from './messages/status.js';
import { onStatusMessage } from './messages/status.js';
import { UserControlEvent } from './messages/user-control.js';
import type { Replies } from './replies.js';
import type { RefusalCode, SessionResult } from './session-results.js';
import { tolerate } from './tolerate.js';

/** A message stream that the peer publishes on, from its request to its end (RTMP 1.0 7.2.2.6). */
export class PublishStream {
  readonly streamId: number;
  readonly #replies: Replies;
  readonly #dataMessages: TokenBucket;

  constructor(streamId: number, replies: Replies, dataMessages: TokenBucket) {
    this.streamId = streamId;
    this.#replies = replies;
    this.#dataMessages = dataMessages;
  }

  begin(): SessionResult[] {
    return [
      this.#replies.userControl(UserControlEvent.StreamBegin, this.streamId),
      this.#replies.status(this.streamId, 'status', 'NetStream.Publish.Start', 'Publishing.'),
    ];
  }

  refuse(code: RefusalCode, description: string): SessionResult {
    return this.#replies.status(this.streamId, 'error', code, description);
  }

  /** Answers the publisher's goodbye. */
  end(): SessionResult {
    const code = 'NetStream.Unpublish.Success';
    return this.#replies.status(this.streamId, 'status', code, 'Publishing has ended.');
  }

  /** The server's goodbye. */
  close(status: Status): SessionResult[] {
    return [
      this.#replies.send(onStatusMessage(this.streamId, status)),
      this.#replies.userControl(UserControlEvent.StreamEof, this.streamId),
    ];
  }

  media(message: RtmpMessage, out: SessionResult[]): void {
    const { timestamp, payload: body } = message;
    if (body.length === 0) return;
    if (message.typeId === MessageType.Video) out.push({ type: 'video', timestamp, body });
    if (message.typeId === MessageType.Audio) out.push({ type: 'audio', timestamp, body });
  }

  aggregate(message: RtmpMessage, out: SessionResult[]): void {
    tolerate(out, () => {
      for (const inner of splitAggregate(message)) this.media(inner, out);
    });
  }

  /** Nothing depends on data messages, so one too many is dropped without a word. */
  data(message: RtmpMessage, now: number, out: SessionResult[]): void {
    if (!this.#dataMessages.take(now)) return;
    tolerate(out, () => {
      const data = readNamedData(message);
      const metadata = data && parseMetadata(data);
      if (metadata !== undefined) out.push({ type: 'metadata', metadata });
      const { timestamp } = message;
      const cue = data && parseCue(data, timestamp);
      if (cue !== undefined) out.push({ type: 'cue', timestamp, cue });
    });
  }
}
