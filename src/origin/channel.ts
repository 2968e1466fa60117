import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { PublisherReport } from '../diagnosis/report.js';
import type { Rational } from '../media/time.js';
import type { TimelineStart } from '../media/timeline-events.js';
import type { VideoTrack } from '../media/track.js';
import type { RungSpec, RungStats } from '../transcode/transcoder.js';
import { Broadcast } from './broadcast.js';
import type { TranscoderFactory } from './epoch.js';
import { Feed } from './feed.js';
import type { OriginObserver } from './observer.js';
import { Poster, type PictureMakerFactory } from './poster.js';
import { Presentation } from './presentation.js';
import { PublisherWatch } from './publisher-watch.js';
import type { PublishAttempt, PublisherControl, PublishGrant, PublishSession } from './publishing.js';
import { nameAlternates } from './rendition-names.js';
import { Takeover, type TakeoverOptions, type Verdict } from './takeover.js';

export interface ChannelOptions {
  readonly name: string;
  readonly hls: { readonly partTarget: number; readonly segmentTarget: number; readonly window: number };
  /** Seconds that a vanished publisher may stay away. */
  readonly reconnectGrace: number;
  readonly takeover: TakeoverOptions;
  readonly ladder: (source: VideoTrack) => readonly RungSpec[];
  /** Undefined: no transcoder on this machine, the source rendition only. */
  readonly createTranscoder: TranscoderFactory | undefined;
  readonly createPictureMaker: PictureMakerFactory;
  readonly observer: OriginObserver;
  readonly logger: Logger;
}

export type ChannelState = 'offline' | 'starting' | 'live' | 'reconnecting' | 'ended';

/** Hung-up publishers are waited for this long at shutdown (ms). */
const CLOSE_DEADLINE = 2000;

interface Publisher {
  readonly id: string;
  readonly control: PublisherControl;
  readonly broadcast: Broadcast;
  readonly watch: PublisherWatch;
  ended: boolean;
}

/** One channel: who publishes to it, and the presentation that viewers see of it. */
export class Channel {
  readonly name: string;
  /** What the publisher sends, for those who pass it on. */
  readonly feed: Feed;
  readonly #options: ChannelOptions;
  readonly #poster: Poster;
  readonly #takeover: Takeover;
  /** The presentation that a publisher feeds or may come back to. */
  #current: Presentation | undefined;
  /** The one before it: ended, still watchable for as long as its window. */
  #last: Presentation | undefined;
  #lastIsListed = false;
  #publisher: Publisher | undefined;
  /** Broadcasts that are not closed yet: those of publishers that are gone but still draining, then the live one's. */
  readonly #broadcasts: Broadcast[] = [];
  /** Nobody will come back: the presentation ends as soon as its last units are out. */
  #leaving = false;
  /** Numbers go on over presentations. From 1: hls.js takes segment 0 for none in places. */
  #nextMsn = 1;
  #nextIFrame = 1;
  #nextOrdinal = 0;
  #publishes = 0;
  #frameRate: Rational | undefined;
  #since: number | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: ChannelOptions) {
    this.name = options.name;
    this.#options = options;
    this.feed = new Feed((error) => options.logger.error({ err: error }, 'a subscriber of the feed failed'));
    this.#poster = new Poster(options.createPictureMaker);
    this.#takeover = new Takeover(options.takeover);
  }

  get state(): ChannelState {
    if (this.#current !== undefined) {
      if (!this.#current.isOpen) return 'starting';
      return this.#publisher === undefined ? 'reconnecting' : 'live';
    }
    return this.#lastIsListed ? 'ended' : 'offline';
  }

  /** ms since the Unix epoch of the first picture of what is live now. */
  get since(): number | undefined {
    return this.#current === undefined ? undefined : this.#since;
  }

  get poster(): Buffer | undefined {
    return this.#poster.image;
  }

  /** The presentation to serve: the running one, or the ended one until a new one opens. */
  get presentation(): Presentation | undefined {
    if (this.#current?.isOpen === true) return this.#current;
    return this.#lastIsListed ? this.#last : undefined;
  }

  /** The presentation that an epoch belongs to. */
  presentationOf(epoch: string): Presentation | undefined {
    return [this.#current, this.#last].find((p) => p?.isOpen === true && epoch.startsWith(`${p.id}-`));
  }

  /** What the live publisher sends and what is wrong with it. */
  get publisherReport(): PublisherReport | undefined {
    return this.#publisher?.watch.report;
  }

  /** The live transcoder's figures, rung by rung. */
  rungStats(): (RungStats & { readonly name: string })[] {
    return this.#publisher?.broadcast.rungStats() ?? [];
  }

  /** Lets a publisher in, at once where nobody has the key; see {@link Takeover} for where somebody has. */
  publish(
    attempt: PublishAttempt,
    control: PublisherControl,
    cancelled?: AbortSignal,
  ): PublishGrant | Promise<PublishGrant> {
    if (this.#publisher === undefined) return this.#admit(attempt, control);
    const verdict = this.#takeover.ask(this.#publisher.control, cancelled);
    if (!(verdict instanceof Promise)) return this.#answer(verdict, attempt, control);
    this.#options.logger.info(
      { remote: attempt.remoteAddress },
      'the key is in use, a newcomer waits for it',
    );
    return verdict.then((decided) => this.#answer(decided, attempt, control));
  }

  #answer(verdict: Verdict, attempt: PublishAttempt, control: PublisherControl): PublishGrant {
    switch (verdict) {
      case 'granted':
        this.#dropRival();
        return this.#admit(attempt, control);
      case 'closing':
        return { accepted: false, code: 'SHUTTING_DOWN', description: 'the server is shutting down' };
      case 'replaced':
        return busy('another publisher has asked for the same key since');
      case 'cancelled':
      case 'busy':
        return busy(`channel "${this.name}" already has a live publisher`);
    }
  }

  /** The key changes hands: viewers see what they see when a publisher vanishes and comes back. */
  #dropRival(): void {
    const rival = this.#publisher;
    if (rival === undefined) return;
    const { logger, name, observer } = this.#options;
    const silentMs = Math.round(rival.control.silentForMs());
    logger.warn({ publish: rival.id, silentMs }, 'its key is taken over by another publisher');
    observer.tookOver(name);
    this.#ended(rival, 'vanished');
    rival.control.close('taken over by a new publisher');
  }

  #admit(attempt: PublishAttempt, control: PublisherControl): PublishGrant {
    const { logger, name, hls } = this.#options;
    clearTimeout(this.#graceTimer);
    this.#publishes += 1;
    const id = `${name}-${String(this.#publishes)}`;
    const log = logger.child({ publish: id });
    const resumed = this.#current !== undefined;
    this.#leaving = false;
    this.#current ??= this.#newPresentation();
    const publisher: Publisher = {
      id,
      control,
      broadcast: this.#newBroadcast(this.#current, log),
      watch: new PublisherWatch({ flashVersion: attempt.encoder, segmentTarget: hls.segmentTarget }, log),
      ended: false,
    };
    this.#publisher = publisher;
    this.#broadcasts.push(publisher.broadcast);
    this.#options.observer.publishStarted(name);
    log.info({ remote: attempt.remoteAddress, encoder: attempt.encoder, resumed }, 'publish started');
    const grant = {
      accepted: true,
      channel: name,
      publishId: id,
      session: this.#session(publisher),
    } as const;
    return resumed && this.#frameRate !== undefined ? { ...grant, frameRateHint: this.#frameRate } : grant;
  }

  /** Ends what is live: the publisher is told, the last parts go out, ENDLIST. Resolves when that is done. */
  async close(): Promise<void> {
    clearTimeout(this.#graceTimer);
    this.#takeover.close();
    const publisher = this.#publisher;
    if (publisher !== undefined) {
      publisher.control.close('the server is shutting down');
      this.#ended(publisher, 'goodbye');
    }
    if (this.#broadcasts.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        setTimeout(resolve, CLOSE_DEADLINE).unref();
      });
    }
    if (this.#current !== undefined) this.#endPresentation();
    clearTimeout(this.#lingerTimer);
    this.#poster.close();
  }

  #session(publisher: Publisher): PublishSession {
    return {
      event: (event) => {
        if (publisher.ended) return;
        publisher.broadcast.event(event);
        publisher.watch.event(event);
        this.feed.event(event);
      },
      metadata: (claims) => {
        publisher.watch.metadata(claims);
      },
      ignored: (error) => {
        publisher.watch.ignored(error);
      },
      end: (reason) => {
        this.#ended(publisher, reason);
      },
    };
  }

  #ended(publisher: Publisher, reason: 'goodbye' | 'vanished'): void {
    if (publisher.ended) return;
    publisher.ended = true;
    const { logger, name, observer, reconnectGrace } = this.#options;
    logger.info({ publish: publisher.id, reason }, 'publish ended');
    observer.publishEnded(name, reason);
    if (this.#publisher === publisher) this.#publisher = undefined;
    const grace = reason === 'vanished' ? reconnectGrace * 1000 : 0;
    if (grace > 0) this.#graceTimer = setTimeout(() => this.#graceOver(), grace);
    this.#leaving = grace === 0;
    if (grace > 0) this.feed.away();
    else this.feed.end();
    publisher.broadcast.end();
    this.#takeover.rivalGone();
  }

  #broadcastClosed(broadcast: Broadcast): void {
    this.#broadcasts.splice(this.#broadcasts.indexOf(broadcast), 1);
    const next = this.#broadcasts[0];
    if (next === undefined && this.#leaving) this.#endPresentation();
    else if (next === undefined && this.#current?.isOpen === false) this.#abandonPresentation();
    else this.#current?.awaitNextEpoch();
    if (next !== undefined) next.resume();
    else this.#onIdle?.();
  }

  #graceOver(): void {
    this.#leaving = true;
    this.feed.end();
    if (this.#broadcasts.length > 0) return;
    this.#options.logger.info('publisher did not come back in time');
    this.#endPresentation();
  }

  /** Vanished before anybody could watch: whoever comes back begins afresh, with nothing guessed from too little. */
  #abandonPresentation(): void {
    clearTimeout(this.#graceTimer);
    this.feed.end();
    this.#current = undefined;
    this.#since = undefined;
    this.#frameRate = undefined;
  }

  #endPresentation(): void {
    const presentation = this.#current;
    if (presentation === undefined) return;
    if (presentation.targetDuration === undefined) {
      this.#abandonPresentation();
      return;
    }
    presentation.open();
    this.#nextMsn = presentation.nextMsn;
    this.#nextIFrame = presentation.nextIFrame;
    this.#nextOrdinal = presentation.nextOrdinal;
    this.#current = undefined;
    this.#since = undefined;
    this.#frameRate = undefined;
    this.#last = presentation;
    this.#lastIsListed = true;
    presentation.end();
    this.#linger();
    this.#options.logger.info({ presentation: presentation.id }, 'presentation ended');
  }

  /** An ended presentation is listed for one window more, and its media are there for another (RFC 8216bis 6.2.2). */
  #linger(): void {
    const window = this.#options.hls.window * 1000;
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => {
      this.#lastIsListed = false;
      if (this.#current === undefined) this.#poster.clear();
      this.#lingerTimer = setTimeout(() => {
        this.#last = undefined;
      }, window).unref();
    }, window).unref();
  }

  #newPresentation(): Presentation {
    return new Presentation({
      id: `${Date.now().toString(36)}${randomBytes(2).toString('hex')}`,
      firstMsn: this.#nextMsn,
      firstOrdinal: this.#nextOrdinal,
      firstIFrame: this.#nextIFrame,
      window: this.#options.hls.window,
    });
  }

  #newBroadcast(presentation: Presentation, log: Logger): Broadcast {
    const { name, hls, observer, ladder, createTranscoder } = this.#options;
    const broadcast: Broadcast = new Broadcast({
      presentation,
      held: this.#broadcasts.length > 0,
      epochOptions: ({ video }) => ({
        partTarget: hls.partTarget,
        segmentTarget: hls.segmentTarget,
        rungs: video === undefined || createTranscoder === undefined ? [] : ladder(video),
        createTranscoder,
      }),
      listener: {
        partAdded: (rendition, bytes, arrival) => {
          observer.partAdded(name, rendition, bytes, arrival);
        },
        epochStarted: (epoch, start) => {
          this.#frameRate = start.video?.frameRate;
          this.#since ??= start.wallClockZero;
          log.info({ epoch, ...describe(start) }, 'epoch started');
        },
        epochEnded: (reason) => {
          log.warn({ reason }, 'discontinuity');
        },
        keyframe: ({ video }, unit) => {
          if (video) this.#poster.offer(video, unit);
        },
        forcedBoundary: () => {
          observer.forcedBoundary(name);
          log.warn(
            { targetDuration: presentation.targetDuration },
            'keyframe interval is longer than the target duration; set it to 2 s in the encoder',
          );
        },
        transcoderFailed: (error) => {
          observer.transcoderFailed(name);
          log.error({ err: error }, 'transcoder failed, the source rendition goes on alone');
        },
        cueDropped: () => {
          log.warn('a cue point was left out: the playlists hold as many as they may');
        },
        opened: () => {
          log.info({ renditions: [...presentation.renditions].map((r) => r.name) }, 'playable');
        },
        closed: () => {
          this.#broadcastClosed(broadcast);
        },
      },
    });
    return broadcast;
  }
}

const busy = (description: string): PublishGrant => ({ accepted: false, code: 'PUBLISH_BUSY', description });

function describe({ video, audio, alternates }: TimelineStart): object {
  return {
    video: video && `${video.codecString} ${String(video.width)}x${String(video.height)}`,
    frameRate: video && Number((video.frameRate.num / video.frameRate.den).toFixed(3)),
    audio: audio && `${audio.codecString} ${String(audio.sampleRate)} Hz, ${String(audio.channels)} ch`,
    alternates: alternates.length > 0 ? nameAlternates(alternates).map(({ name }) => name) : undefined,
  };
}
