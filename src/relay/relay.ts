import type { Logger } from '../logger.js';
import type { Channel } from '../origin/channel.js';
import { PushTarget, type PushTargetOptions } from './push-target.js';
import type { PushStatus } from './push-status.js';

/** Where a channel is sent on to. */
export type PushTargetConfig = Pick<PushTargetOptions, 'url' | 'codecs'>;

/** All pushes of this server, by channel. */
export class Relay {
  readonly #targets = new Map<string, readonly PushTarget[]>();

  /** Sends a channel on to these servers, from its next publisher on. Once for each channel. */
  push(channel: Channel, targets: readonly PushTargetConfig[], logger: Logger): void {
    const { name, feed } = channel;
    this.#targets.set(
      name,
      targets.map((target) => new PushTarget({ ...target, feed, logger })),
    );
  }

  /** In the order in which the targets were given; empty for a channel that has none. */
  statusOf(channel: string): PushStatus[] {
    return (this.#targets.get(channel) ?? []).map((target) => target.status());
  }

  /** Says goodbye to every target. */
  async close(): Promise<void> {
    await Promise.all([...this.#targets.values()].flat().map((target) => target.close()));
  }
}
