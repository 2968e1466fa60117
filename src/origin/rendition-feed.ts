import type { CueEvent } from '../cmaf/event-message.js';
import type { SegmentPlan } from '../cmaf/segment-plan.js';
import { Segmenter, type SegmenterOutput } from '../cmaf/segmenter.js';
import type { AccessUnit } from '../media/access-unit.js';
import type { Ticks } from '../media/time.js';
import type { Track } from '../media/track.js';
import type { Rendition } from './rendition.js';

export interface RenditionFeedOptions {
  readonly epoch: string;
  readonly rendition: Rendition;
  readonly track: Track;
  readonly plan: SegmentPlan;
  readonly firstMsn: number;
  /** Longest part, in the track's timescale. */
  readonly partTicks: Ticks;
  /** Seconds that the epoch stands on the presentation's timeline. */
  readonly base: number;
  readonly partAdded: (rendition: string, bytes: number, arrival: number) => void;
}

/** The way of one track's units into a rendition, for one epoch. */
export class RenditionFeed {
  readonly rendition: Rendition;
  readonly track: Track;
  readonly #options: RenditionFeedOptions;
  readonly #segmenter: Segmenter;

  constructor(options: RenditionFeedOptions) {
    const { rendition, track, plan, firstMsn, partTicks, base } = options;
    this.#options = options;
    this.rendition = rendition;
    this.track = track;
    const baseTime = base * track.timescale;
    this.#segmenter = new Segmenter({ track, plan, firstMsn, partTicks, baseTime });
  }

  /** The segment that the next unit belongs to, as far as can be told. */
  get msn(): number {
    return this.#segmenter.next.msn;
  }

  /** Takes the next unit in decode order. The plan must know every boundary at or before it. */
  push(unit: AccessUnit): void {
    this.#add(this.#segmenter.push(unit));
    this.#expect();
  }

  /** Puts an event into the media, at the part that it falls into. */
  announce(event: CueEvent): void {
    this.#segmenter.announce(event);
  }

  /** Nothing comes before segment `msn`, which has begun: those before it are closed, or gaps. */
  skipTo(msn: number): void {
    this.#add(this.#segmenter.skipTo(msn));
    this.#expect();
  }

  /** Closes the open part and the open segment, however short. */
  finish(): void {
    this.#add(this.#segmenter.finish());
  }

  #add(outputs: readonly SegmenterOutput[]): void {
    for (const output of outputs) {
      this.rendition.add(output);
      if (output.type === 'part')
        this.#options.partAdded(this.rendition.name, output.data.length, output.arrival);
    }
  }

  #expect(): void {
    this.rendition.expect({ epoch: this.#options.epoch, ...this.#segmenter.next });
  }
}
