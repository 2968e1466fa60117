import type { MillraceError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { AudioCodec, VideoCodec } from '../media/codec.js';
import type { Track } from '../media/track.js';
import type { Feed } from '../origin/feed.js';
import { keepPublishing } from '../publish/keep-publishing.js';
import type { KeepPublishingOptions, Publishing, PublishState } from '../publish/keep-publishing.js';
import type { RtmpPublisher } from '../publish/publisher.js';
import { parseRtmpUrl, showTarget } from '../publish/rtmp-url.js';
import { FlvStream, type FlvMessage } from '../rtmp/flv-stream.js';
import type { PushStatus } from './push-status.js';

export interface PushTargetOptions {
  readonly feed: Feed;
  /** `rtmp://host[:port]/app/key`, or `rtmps://`. */
  readonly url: string;
  /** Codings beside H.264 and AAC that the target is known to take, whether it says so or not. */
  readonly codecs: readonly (VideoCodec | AudioCodec)[];
  readonly logger: Logger;
  readonly waits?: KeepPublishingOptions['waits'];
}

/** A target hears nothing for this long (ms) while the publisher is away; then it gets a goodbye. */
export const MAX_SILENCE = 10_000;

/**
 * Sends a channel on to another server for as long as the channel has a publisher. What the target does costs the channel
 * nothing: what it does not take is left out, group of pictures by group of pictures, and a lost connection is made again.
 */
export class PushTarget {
  readonly #options: PushTargetOptions;
  readonly #logger: Logger;
  readonly #server: string;
  readonly #unsubscribe: () => void;
  #state: PushStatus['state'] = 'idle';
  #since = Date.now();
  #error: PushStatus['error'];
  /** The publisher of the running publish, and what those before it came to. */
  #publisher: RtmpPublisher | undefined;
  #bytes = 0;
  #dropped = 0;
  #connections = 0;
  #wanted = false;
  #publishing: Publishing | undefined;
  #running: Promise<void> | undefined;
  #silence: NodeJS.Timeout | undefined;

  /** @throws MillraceError CONFIG_INVALID when the URL is not one */
  constructor(options: PushTargetOptions) {
    const target = parseRtmpUrl(options.url);
    this.#options = options;
    this.#server = target.tcUrl.slice(0, -target.app.length - 1);
    this.#logger = options.logger.child({ push: showTarget(target) });
    this.#unsubscribe = options.feed.subscribe({
      start: () => this.#begin(),
      unit: () => undefined,
      away: () => {
        this.#silence = setTimeout(() => this.#finish(), MAX_SILENCE);
      },
      end: () => this.#finish(),
    });
  }

  status(): PushStatus {
    const now = this.#publisher?.stats();
    return {
      server: this.#server,
      state: this.#state,
      since: this.#since,
      bytes: this.#bytes + (now?.bytesSent ?? 0),
      dropped: this.#dropped + (now?.dropped ?? 0),
      queued: now?.queuedBytes ?? 0,
      connections: this.#connections,
      error: this.#error,
    };
  }

  /** Says goodbye to the target and begins no more. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#finish();
    await this.#running;
  }

  #begin(): void {
    clearTimeout(this.#silence);
    this.#wanted = true;
    this.#running ??= this.#run();
  }

  #finish(): void {
    clearTimeout(this.#silence);
    this.#wanted = false;
    void this.#publishing?.stop();
  }

  /** One publishing after the other: the next begins when the goodbye of the last one is said. */
  async #run(): Promise<void> {
    while (this.#wanted) {
      this.#publishing = keepPublishing({
        url: this.#options.url,
        logger: this.#logger,
        persistent: true,
        stream: (publisher, signal) => this.#stream(publisher, signal),
        onState: (state) => this.#follow(state),
        ...(this.#options.waits && { waits: this.#options.waits }),
      });
      try {
        await this.#publishing.done;
      } catch (error) {
        // A fault of our own: it would come again at once, so the channel's next start is waited for.
        this.#logger.error({ err: error }, 'the push failed');
        this.#wanted = false;
        this.#error = { code: 'INTERNAL', message: 'a fault of the server itself, see its log' };
      }
      this.#settle();
      this.#reach('idle');
    }
    this.#running = undefined;
  }

  #follow(state: PublishState): void {
    switch (state.state) {
      case 'connecting':
        break;
      case 'live':
        this.#publisher = state.publisher;
        this.#connections++;
        this.#error = undefined;
        break;
      case 'refused':
      case 'waiting':
        this.#settle();
        this.#error = describe(state.fault);
        break;
    }
    this.#reach(state.state);
  }

  #reach(state: PushStatus['state']): void {
    this.#state = state;
    this.#since = Date.now();
  }

  /** Adds up what a publish that is over came to. */
  #settle(): void {
    const stats = this.#publisher?.stats();
    this.#publisher = undefined;
    this.#bytes += stats?.bytesSent ?? 0;
    this.#dropped += stats?.dropped ?? 0;
  }

  async #stream(publisher: RtmpPublisher, signal: AbortSignal): Promise<boolean> {
    const flv = new FlvStream(publisher.serverCapabilities, this.#options.codecs);
    let joining = true;
    const unsubscribe = this.#options.feed.subscribe({
      start: (start, from) => {
        for (const message of flv.start(start, from)) send(publisher, message, joining);
        if (flv.leftOut.length > 0) this.#miss(flv.leftOut);
      },
      unit: (unit) => {
        const message = flv.unit(unit);
        if (message) send(publisher, message, joining);
      },
      away: () => undefined,
      end: () => void publisher.close(),
    });
    joining = false;
    const stop = (): void => void publisher.close();
    signal.addEventListener('abort', stop);
    await publisher.closed;
    signal.removeEventListener('abort', stop);
    unsubscribe();
    return false;
  }

  #miss(leftOut: readonly Track[]): void {
    const codecs = leftOut.map(({ codecString }) => codecString).join(', ');
    this.#error = { code: 'MEDIA_UNSUPPORTED', message: `the target did not say that it takes ${codecs}` };
    this.#logger.warn({ codecs }, 'the target does not take all tracks');
  }
}

function send(publisher: RtmpPublisher, message: FlvMessage, backlog: boolean): void {
  if (message.type === 'metadata') publisher.metadata(message.values);
  else publisher.media(message.type, message.timestamp, message.body, message.kind, backlog);
}

const describe = (fault: MillraceError | undefined): PushStatus['error'] =>
  fault === undefined
    ? { code: 'CONNECT_FAILED', message: 'the server ended the publish' }
    : { code: fault.code, message: fault.message };
