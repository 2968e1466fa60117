import type { Channel } from '../origin/channel.js';
import type { Origin } from '../origin/origin.js';
import type { PushStatus } from '../relay/push-status.js';
import type { Exchange } from './exchange.js';
import { publisherStatus } from './publisher-status.js';
import { pushStatus } from './push-status.js';
import { error, json } from './replies.js';

/** The control API below `/api/v1/`. */
export class ApiRoutes {
  readonly #origin: Origin;
  readonly #rtmpPort: () => number;
  readonly #pushes: (channel: string) => readonly PushStatus[];

  constructor(origin: Origin, rtmpPort: () => number, pushes: (channel: string) => readonly PushStatus[]) {
    this.#origin = origin;
    this.#rtmpPort = rtmpPort;
    this.#pushes = pushes;
  }

  /** @param path the URL's segments after `/api/v1/` */
  handle(exchange: Exchange, path: readonly string[]): void {
    const [resource, name] = path;
    if (resource === 'time' && path.length === 1) exchange.send(json({ now: Date.now() }));
    else if (resource === 'server' && path.length === 1) exchange.send(json({ rtmpPort: this.#rtmpPort() }));
    else if (resource === 'channels' && path.length === 1) {
      exchange.send(json({ channels: [...this.#origin.channels].map((channel) => this.#status(channel)) }));
    } else if (resource === 'channels' && path.length === 2) {
      const channel = this.#origin.channel(name ?? '');
      exchange.send(
        channel === undefined
          ? error(404, 'NOT_FOUND', 'there is no channel of this name')
          : json(this.#status(channel)),
      );
    } else exchange.send(error(404, 'NOT_FOUND', 'nothing is at this URL'));
  }

  #status(channel: Channel): object {
    return { ...channelStatus(channel), push: this.#pushes(channel.name).map(pushStatus) };
  }
}

function channelStatus(channel: Channel): object {
  const base = `/live/${encodeURIComponent(channel.name)}`;
  const snapshot = channel.state === 'offline' ? undefined : channel.presentation?.snapshot();
  return {
    name: channel.name,
    state: channel.state,
    since: channel.since === undefined ? null : new Date(channel.since).toISOString(),
    playlist: `${base}/index.m3u8`,
    poster: channel.poster === undefined ? null : `${base}/poster.jpg`,
    renditions: (snapshot?.renditions.filter((r) => r.active) ?? []).map((r) => ({
      name: r.name,
      kind: r.kind,
      width: r.width,
      height: r.height,
      frameRate: Number(r.frameRate.toFixed(3)),
      bandwidth: r.peakBandwidth,
      codecs: r.codecString,
    })),
    publisher: publisherStatus(channel.publisherReport),
  };
}
