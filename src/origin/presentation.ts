import type { CaptionService } from '../media/captions.js';
import type { Cue } from '../media/cue.js';
import { DateRanges, type MediaSpan } from './date-ranges.js';
import { Rendition, type RenditionEpoch } from './rendition.js';
import type { PresentationSnapshot } from './snapshot.js';

export interface PresentationOptions {
  /** Unique over all presentations ever served at these URLs. */
  readonly id: string;
  readonly firstMsn: number;
  /** Discontinuity sequence number of its first epoch. */
  readonly firstOrdinal: number;
  /** Media sequence number of the first I-frame of each video rendition. */
  readonly firstIFrame: number;
  /** Seconds that a live viewer can seek back. */
  readonly window: number;
}

export type PresentationListener = (snapshot: PresentationSnapshot) => void;

/** Where an epoch stands in its presentation. */
export interface EpochPlace {
  readonly id: string;
  /** Counts the epochs of the channel: its discontinuity sequence number. */
  readonly ordinal: number;
  /** It is the presentation's first, so no DISCONTINUITY stands before it. */
  readonly first: boolean;
  /** Number of the first I-frame of a rendition that begins with it. */
  readonly firstIFrame: number;
  /** Seconds on the presentation's timeline of its media time 0: whole, so that it is exact in every timescale. */
  readonly base: number;
  /** ms since the Unix epoch of its media time 0. */
  readonly wallClockZero: number;
}

/** Removed date ranges are remembered for so many target durations: twice as long as deltas reach back. */
const REMEMBER_TARGET_DURATIONS = 12;

/** TARGETDURATION and PART-TARGET, fixed once for all renditions and epochs. */
interface Targets {
  readonly targetDuration: number;
  readonly partTarget: number;
}

/**
 * What viewers see of a channel from its first publish to ENDLIST: renditions that run on over several epochs, and a
 * new immutable snapshot whenever anything was added.
 */
export class Presentation {
  readonly id: string;
  readonly #options: PresentationOptions;
  readonly #renditions = new Map<string, Rendition>();
  readonly #listeners = new Set<PresentationListener>();
  readonly #dateRanges = new DateRanges();
  #events = 0;
  #captions: ReadonlySet<CaptionService> = new Set();
  #targetDuration: number | undefined;
  #partTarget: number | undefined;
  #open = false;
  #ended = false;
  #version = 0;
  /** What #countChanges gave for the newest snapshot. */
  #published = 0;
  #snapshot: PresentationSnapshot | undefined;
  #epochs = 0;
  #wallClockStart = 0;
  #wallClockEnd = Number.NEGATIVE_INFINITY;
  #timelineEnd = 0;

  constructor(options: PresentationOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Playlists may be served. */
  get isOpen(): boolean {
    return this.#open;
  }

  get targetDuration(): number | undefined {
    return this.#targetDuration;
  }

  get partTarget(): number | undefined {
    return this.#partTarget;
  }

  /** The MSN that the next epoch begins with: after the last segment of every rendition. */
  get nextMsn(): number {
    let next = this.#options.firstMsn;
    for (const rendition of this.#renditions.values()) next = Math.max(next, rendition.nextMsn);
    return next;
  }

  /** The number that the first I-frame of a new rendition gets: after the last of every rendition. */
  get nextIFrame(): number {
    let next = this.#options.firstIFrame;
    for (const rendition of this.#renditions.values()) next = Math.max(next, rendition.nextIFrame);
    return next;
  }

  /** The discontinuity sequence number that the next epoch gets. */
  get nextOrdinal(): number {
    return this.#options.firstOrdinal + this.#epochs;
  }

  get renditions(): IterableIterator<Rendition> {
    return this.#renditions.values();
  }

  rendition(name: string): Rendition | undefined {
    return this.#renditions.get(name);
  }

  /** The id of the epoch with this ordinal, known before it begins so that its first part can be hinted. */
  epochId(ordinal: number): string {
    return `${this.id}-${String(ordinal - this.#options.firstOrdinal + 1)}`;
  }

  /** @param wallClockZero ms since the Unix epoch of the new epoch's media time 0, as its arrivals tell it */
  beginEpoch(wallClockZero: number): EpochPlace {
    const ordinal = this.nextOrdinal;
    this.#epochs += 1;
    // A burst may claim to have begun before the last epoch ended; no two moments may share a date.
    const zero = Math.max(wallClockZero, this.#wallClockEnd);
    if (this.#epochs === 1) this.#wallClockStart = zero;
    const sinceStart = Math.round((zero - this.#wallClockStart) / 1000);
    const base = Math.max(sinceStart, Math.ceil(this.#timelineEnd));
    return {
      id: this.epochId(ordinal),
      ordinal,
      first: this.#epochs === 1,
      firstIFrame: this.nextIFrame,
      base,
      wallClockZero: zero,
    };
  }

  /** @param duration seconds of the epoch's media */
  endEpoch(place: EpochPlace, duration: number): void {
    this.#timelineEnd = Math.max(this.#timelineEnd, place.base + duration);
    this.#wallClockEnd = Math.max(this.#wallClockEnd, place.wallClockZero + duration * 1000);
  }

  fixPartTarget(seconds: number): void {
    this.#partTarget ??= seconds;
  }

  fixTargetDuration(seconds: number): void {
    this.#targetDuration ??= seconds;
  }

  /**
   * Lists what the publisher said of an instant of an epoch.
   * @param time ms of the epoch's media time
   * @returns false when too much of the kind is listed already
   */
  addCue(place: EpochPlace, time: number, cue: Cue): boolean {
    const edge = this.#mediaSpan()?.end ?? Number.NEGATIVE_INFINITY;
    return this.#dateRanges.add(place.id, place.wallClockZero + time, cue, edge);
  }

  /** A number for an event in the media, the same in all renditions. */
  nextEventId(): number {
    return ++this.#events;
  }

  /** Such captions are in the picture; they stay announced, since nobody says that none will come again. */
  addCaptions(services: Iterable<CaptionService>): void {
    this.#captions = new Set([...this.#captions, ...services]);
  }

  /** Gives a rendition of the name for the epoch: the one that was there, or a new one that begins at `firstMsn`. */
  enter(name: string, epoch: RenditionEpoch, firstMsn: number, nominalBandwidth: number): Rendition {
    const existing = this.#renditions.get(name);
    if (existing !== undefined) {
      existing.beginEpoch(epoch);
      return existing;
    }
    const rendition = new Rendition(name, epoch, firstMsn, nominalBandwidth, () => ({
      window: this.#options.window,
      ...this.#targets(),
    }));
    this.#renditions.set(name, rendition);
    return rendition;
  }

  /** Lets viewers in; from then on every change is published. */
  open(): void {
    this.#open = true;
    this.publish();
  }

  /** The epoch is over and another may follow: hints name the first part that a returning publisher would make. */
  awaitNextEpoch(): void {
    const epoch = this.epochId(this.nextOrdinal);
    const msn = this.nextMsn;
    for (const rendition of this.#renditions.values()) rendition.expect({ epoch, msn, part: 0 });
    this.publish();
  }

  /** ENDLIST: nothing follows. */
  end(): void {
    this.#ended = true;
    for (const rendition of this.#renditions.values()) rendition.expect(undefined);
    this.publish();
  }

  /** Called with each new snapshot until the returned function is called. */
  subscribe(listener: PresentationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): PresentationSnapshot {
    return (this.#snapshot ??= {
      renditions: [...this.#renditions.values()].filter((r) => r.hasMedia).map((r) => r.snapshot()),
      ...this.#targets(),
      captions: this.#captions,
      dateRanges: this.#dateRanges.tags,
      removedDateRanges: this.#dateRanges.removed,
      ended: this.#ended,
      version: this.#version,
    });
  }

  /** Makes what was added visible, all renditions at one instant, and wakes whoever waits for it. */
  publish(): void {
    const changes = this.#countChanges();
    if (changes === this.#published) return;
    this.#published = changes;
    this.#version += 1;
    this.#snapshot = undefined;
    if (!this.#open) return;
    this.#slideDateRanges();
    const snapshot = this.snapshot();
    for (const listener of this.#listeners) listener(snapshot);
  }

  /** A number that differs from the last when a snapshot would. */
  #countChanges(): number {
    let changes = (this.#open ? 1 : 0) + (this.#ended ? 1 : 0);
    changes += this.#dateRanges.version + this.#captions.size;
    for (const rendition of this.#renditions.values()) changes += rendition.version;
    return changes;
  }

  #slideDateRanges(): void {
    const { tags, removed } = this.#dateRanges;
    const media = tags.length + removed.length > 0 ? this.#mediaSpan() : undefined;
    if (media !== undefined)
      this.#dateRanges.slide(media, REMEMBER_TARGET_DURATIONS * this.#targets().targetDuration * 1000);
  }

  /** From the first listed segment of any rendition to the end of the last; undefined while there is none. */
  #mediaSpan(): MediaSpan | undefined {
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (const rendition of this.#renditions.values()) {
      if (!rendition.hasMedia) continue;
      const { segments } = rendition.snapshot();
      const last = segments.at(-1);
      start = Math.min(start, segments[0]?.programDateTime ?? start);
      if (last !== undefined) end = Math.max(end, last.programDateTime + last.duration * 1000);
    }
    return end < start ? undefined : { start, end };
  }

  #targets(): Targets {
    return { targetDuration: this.#targetDuration ?? 0, partTarget: this.#partTarget ?? 0 };
  }
}
