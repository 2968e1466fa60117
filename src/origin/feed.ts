import type { AccessUnit } from '../media/access-unit.js';
import { toSeconds } from '../media/time.js';
import type { TimelineEvent, TimelineStart, TimelineUnit } from '../media/timeline-events.js';

/** Bounds of what is kept for those who join; a group of pictures beyond any of them is not kept at all. */
export const MAX_GROUP_BYTES = 16 * 1024 * 1024;
export const MAX_GROUP_UNITS = 4096;
export const MAX_GROUP_SECONDS = 20;

/** Somebody who wants what a channel's publisher sends. Its methods must return at once: the feed waits for nobody. */
export interface FeedSubscriber {
  /**
   * An epoch begins, or is joined. The first video unit that follows is a keyframe, and no video unit is decoded before
   * `from`, in seconds of the epoch's media time.
   */
  start(start: TimelineStart, from: number): void;
  /** A unit of one of the two tracks of the last start. */
  unit(unit: TimelineUnit): void;
  /** The publisher vanished and may come back: then there is a new start, else an end. */
  away(): void;
  /** Nobody publishes any more; a later publisher begins with a new start. */
  end(): void;
}

/**
 * What a channel's publisher sends, as it sends it, for any number of subscribers. Whoever joins gets the newest
 * keyframe and all that came since at once. Tracks beside the default ones are not part of it.
 */
export class Feed {
  readonly #onFault: (error: unknown) => void;
  readonly #subscriptions = new Set<Subscription>();
  #state: 'idle' | 'live' | 'away' = 'idle';
  #start: TimelineStart | undefined;
  /** Undefined until there is a keyframe, and after a group that was too long to keep. */
  #group: GroupOfPictures | undefined;

  /** `onFault` is told what a subscriber threw: for that subscriber it is the end, for the others it is nothing. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** True from a publisher's first unit until nobody is expected to come back. */
  get isLive(): boolean {
    return this.#state !== 'idle';
  }

  get subscribers(): number {
    return this.#subscriptions.size;
  }

  /** Gives what is there at once and the rest as it comes, until the function that is returned is called. */
  subscribe(subscriber: FeedSubscriber): () => void {
    const subscription = { subscriber, joined: false };
    this.#subscriptions.add(subscription);
    if (this.#start !== undefined && this.#group !== undefined)
      this.#join(subscription, this.#start, this.#group);
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  event(event: TimelineEvent): void {
    switch (event.type) {
      case 'start':
        this.#begin(event);
        break;
      case 'unit':
        if (event.alternate === undefined) this.#unit(event);
        break;
      case 'discontinuity':
        this.#interrupt();
        break;
      case 'cue':
    }
  }

  /** The publisher vanished; it may come back. */
  away(): void {
    if (this.#state !== 'live') return;
    this.#state = 'away';
    this.#interrupt();
    this.#tell((subscriber) => {
      subscriber.away();
    });
  }

  /** Nobody publishes and nobody is waited for. */
  end(): void {
    if (this.#state === 'idle') return;
    this.#state = 'idle';
    this.#interrupt();
    this.#tell((subscriber) => {
      subscriber.end();
    });
  }

  #begin(start: TimelineStart): void {
    this.#state = 'live';
    this.#start = start;
    this.#group = start.video && new GroupOfPictures(0);
    for (const subscription of this.#subscriptions) {
      subscription.joined = true;
      this.#call(subscription, (subscriber) => {
        subscriber.start(start, 0);
      });
    }
  }

  #interrupt(): void {
    this.#start = undefined;
    this.#group = undefined;
    for (const subscription of this.#subscriptions) subscription.joined = false;
  }

  #unit(unit: TimelineUnit): void {
    const start = this.#start;
    if (start === undefined) return;
    this.#keep(start, unit);
    for (const subscription of this.#subscriptions) {
      if (subscription.joined) this.#pass(subscription, unit);
      else if (this.#group !== undefined) this.#join(subscription, start, this.#group);
      else if (start.video === undefined) this.#joinSound(subscription, start, unit);
    }
  }

  #keep(start: TimelineStart, unit: TimelineUnit): void {
    const { video, audio } = start;
    if (video === undefined) return;
    if (unit.kind === 'video' && unit.unit.keyframe && this.#group?.hasPicture !== false) {
      const from = toSeconds(unit.unit.dts, video.timescale);
      const shown = toSeconds(unit.unit.pts, video.timescale);
      // Sound runs ahead of the picture in many encoders: what is heard with this picture may be here already.
      const goesWithIt = ({ kind, unit: { pts, duration } }: TimelineUnit): boolean =>
        kind === 'audio' && audio !== undefined && toSeconds(pts + duration, audio.timescale) > shown;
      this.#group = new GroupOfPictures(from, [unit, ...(this.#group?.units.filter(goesWithIt) ?? [])]);
    } else if (this.#group !== undefined) {
      const track = unit.kind === 'video' ? video : audio;
      const time = toSeconds(unit.unit.dts, track?.timescale ?? video.timescale);
      if (!this.#group.add(unit, time)) this.#group = undefined;
    }
  }

  #join(subscription: Subscription, start: TimelineStart, group: GroupOfPictures): void {
    subscription.joined = true;
    this.#call(subscription, (subscriber) => {
      subscriber.start(start, group.from);
    });
    for (const unit of group.units) this.#pass(subscription, unit);
  }

  /** Without a picture any unit will do to begin with. */
  #joinSound(subscription: Subscription, start: TimelineStart, unit: TimelineUnit): void {
    subscription.joined = true;
    this.#call(subscription, (subscriber) => {
      subscriber.start(start, toSeconds(unit.unit.dts, start.audio?.timescale ?? 1));
    });
    this.#pass(subscription, unit);
  }

  #pass(subscription: Subscription, unit: TimelineUnit): void {
    try {
      if (this.#subscriptions.has(subscription)) subscription.subscriber.unit(unit);
    } catch (error) {
      this.#dismiss(subscription, error);
    }
  }

  #tell(notice: (subscriber: FeedSubscriber) => void): void {
    for (const subscription of this.#subscriptions) this.#call(subscription, notice);
  }

  #call(subscription: Subscription, notice: (subscriber: FeedSubscriber) => void): void {
    try {
      notice(subscription.subscriber);
    } catch (error) {
      this.#dismiss(subscription, error);
    }
  }

  #dismiss(subscription: Subscription, error: unknown): void {
    this.#subscriptions.delete(subscription);
    this.#onFault(error);
    try {
      subscription.subscriber.end();
    } catch (another) {
      this.#onFault(another);
    }
  }
}

interface Subscription {
  readonly subscriber: FeedSubscriber;
  /** It has the start of what is being sent. */
  joined: boolean;
}

/** A keyframe and all that came since, with the sound that goes with it. */
class GroupOfPictures {
  /** Decode time of the first picture, in seconds. */
  readonly from: number;
  readonly units: TimelineUnit[];
  /** False only at an epoch's start, where sound may come before the first picture. */
  hasPicture: boolean;
  #bytes: number;

  constructor(from: number, units: TimelineUnit[] = []) {
    this.from = from;
    this.units = units;
    this.hasPicture = units.length > 0;
    this.#bytes = units.reduce((sum, { unit }) => sum + sizeOf(unit), 0);
  }

  /** False when it is too much to keep; `time` in seconds. */
  add(unit: TimelineUnit, time: number): boolean {
    this.units.push(unit);
    this.hasPicture ||= unit.kind === 'video';
    this.#bytes += sizeOf(unit.unit);
    return (
      this.#bytes <= MAX_GROUP_BYTES &&
      this.units.length <= MAX_GROUP_UNITS &&
      time - this.from <= MAX_GROUP_SECONDS
    );
  }
}

const sizeOf = (unit: AccessUnit): number => unit.data.length;
