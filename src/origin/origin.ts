import { createHash, timingSafeEqual } from 'node:crypto';
import type { Channel } from './channel.js';
import type { PublishAttempt, PublisherControl, PublishGrant, PublishTarget } from './publishing.js';

export interface OriginChannel {
  readonly channel: Channel;
  readonly streamKey: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** All channels of this server, found by name for viewers and by stream key for publishers. */
export class Origin implements PublishTarget {
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #keys: readonly { digest: Buffer; channel: Channel }[];
  #closing = false;

  constructor(channels: readonly OriginChannel[]) {
    this.#channels = new Map(channels.map(({ channel }) => [channel.name, channel]));
    this.#keys = channels.map(({ channel, streamKey }) => ({ digest: digest(streamKey), channel }));
  }

  get channels(): IterableIterator<Channel> {
    return this.#channels.values();
  }

  channel(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  publish(
    attempt: PublishAttempt,
    control: PublisherControl,
    cancelled?: AbortSignal,
  ): PublishGrant | Promise<PublishGrant> {
    if (this.#closing) {
      return { accepted: false, code: 'SHUTTING_DOWN', description: 'the server is shutting down' };
    }
    const channel = this.#authorise(attempt.streamKey);
    if (channel === undefined)
      return { accepted: false, code: 'PUBLISH_DENIED', description: 'unknown stream key' };
    return channel.publish(attempt, control, cancelled);
  }

  /** Ends every channel; resolves when the last ENDLIST is out. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#channels.values()].map((channel) => channel.close()));
  }

  /** Compares with every key in constant time, so that the answer's delay tells nothing of how near a guess was. */
  #authorise(streamKey: string): Channel | undefined {
    const offered = digest(streamKey);
    let found: Channel | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(offered, key.digest)) found = key.channel;
    }
    return found;
  }
}
