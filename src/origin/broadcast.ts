import type { AccessUnit } from '../media/access-unit.js';
import type { TimelineEvent, TimelineStart, TimelineUnit } from '../media/timeline-events.js';
import type { RungStats } from '../transcode/transcoder.js';
import { Epoch, type EpochOptions } from './epoch.js';
import type { Presentation } from './presentation.js';

/** A transcoder that has not given its last frames back by then is cut off (ms). */
const DRAIN_DEADLINE = 1000;

/** Once TARGETDURATION is known, renditions that are late are waited for this long before the playlists open (ms). */
const OPEN_DEADLINE = 400;

export interface BroadcastOptions {
  readonly presentation: Presentation;
  /** What an epoch of these tracks is made with. */
  readonly epochOptions: (start: TimelineStart) => Omit<EpochOptions, 'presentation' | 'start' | 'listener'>;
  readonly listener: BroadcastListener;
  /** An earlier broadcast of the presentation is still draining: hold everything until `resume`. */
  readonly held: boolean;
}

export interface BroadcastListener {
  partAdded(rendition: string, bytes: number, arrival: number): void;
  epochStarted(id: string, start: TimelineStart): void;
  /** The epoch ends and another of the same publisher follows. */
  epochEnded(reason: string): void;
  keyframe(start: TimelineStart, unit: AccessUnit): void;
  forcedBoundary(): void;
  transcoderFailed(error: Error): void;
  /** The playlists hold as many cues as they may: one more was left out. */
  cueDropped(): void;
  opened(): void;
  /** Everything accepted is in the presentation; comes once, after `end`. */
  closed(): void;
}

type Step = TimelineEvent | { readonly type: 'end' };

/** One publish session: turns its timeline's events into epochs, one after the other, none overlapping the next. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  /** Steps that wait for the epoch before them to drain; DRAIN_DEADLINE bounds how long, and so how many. */
  #waiting: Step[] = [];
  #held: boolean;
  #epoch: Epoch | undefined;
  #start: TimelineStart | undefined;
  #ending = false;
  #openTimer: NodeJS.Timeout | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #afterDrain: (() => void) | undefined;

  constructor(options: BroadcastOptions) {
    this.#options = options;
    this.#held = options.held;
  }

  event(event: TimelineEvent): void {
    this.#take(event);
  }

  /** The publisher is gone; `closed` follows when all it sent is in the presentation. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#take({ type: 'end' });
  }

  /** The broadcast before this one has closed. */
  resume(): void {
    this.#held = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const step of waiting) this.#take(step);
  }

  rungStats(): (RungStats & { readonly name: string })[] {
    return this.#epoch?.rungStats() ?? [];
  }

  #take(step: Step): void {
    if (this.#held) {
      this.#waiting.push(step);
      return;
    }
    switch (step.type) {
      case 'start':
        this.#begin(step);
        break;
      case 'unit':
        this.#push(step);
        break;
      case 'cue':
        this.#epoch?.cue(step.time, step.cue);
        break;
      case 'discontinuity':
        this.#options.listener.epochEnded(step.reason);
        this.#drain();
        break;
      case 'end':
        if (this.#epoch === undefined) this.#close();
        else this.#drain(() => this.#close());
        break;
    }
  }

  #begin(start: TimelineStart): void {
    const { presentation, epochOptions, listener } = this.#options;
    this.#start = start;
    const epoch = new Epoch({
      ...epochOptions(start),
      presentation,
      start,
      listener: {
        partAdded: (rendition, bytes, arrival) => {
          listener.partAdded(rendition, bytes, arrival);
          this.#openWhenPlayable();
        },
        forcedBoundary: () => {
          listener.forcedBoundary();
        },
        transcoderFailed: (error) => {
          listener.transcoderFailed(error);
        },
        cueDropped: () => {
          listener.cueDropped();
        },
        closed: () => {
          this.#drained();
        },
      },
    });
    this.#epoch = epoch;
    listener.epochStarted(epoch.id, start);
  }

  #push({ kind, alternate, unit }: TimelineUnit): void {
    if (this.#epoch === undefined || this.#start === undefined) return;
    this.#epoch.push(kind, unit, alternate);
    this.#openWhenPlayable();
    if (kind === 'video' && alternate === undefined && unit.keyframe)
      this.#options.listener.keyframe(this.#start, unit);
  }

  #openWhenPlayable(): void {
    const { presentation } = this.#options;
    if (presentation.isOpen || presentation.targetDuration === undefined) return;
    if (this.#epoch?.isPlayable === true) this.#open();
    else this.#openTimer ??= setTimeout(() => this.#open(), OPEN_DEADLINE);
  }

  #open(): void {
    clearTimeout(this.#openTimer);
    const { presentation, listener } = this.#options;
    if (presentation.isOpen || presentation.targetDuration === undefined) return;
    presentation.open();
    listener.opened();
  }

  #drain(then?: () => void): void {
    if (this.#epoch === undefined) return;
    this.#held = true;
    this.#afterDrain = then;
    const epoch = this.#epoch;
    this.#drainTimer = setTimeout(() => epoch.abandonTranscoder(), DRAIN_DEADLINE);
    epoch.finish();
  }

  #drained(): void {
    clearTimeout(this.#drainTimer);
    this.#epoch = undefined;
    const then = this.#afterDrain;
    this.#afterDrain = undefined;
    if (then) {
      then();
      return;
    }
    this.#options.presentation.awaitNextEpoch();
    this.resume();
  }

  #close(): void {
    clearTimeout(this.#openTimer);
    this.#options.listener.closed();
  }
}
