import { MAX_WAITING_EVENTS } from '../cmaf/segmenter.js';
import type { CueEvent } from '../cmaf/event-message.js';
import { choosePartTarget, partTicksOf } from '../cmaf/part-target.js';
import { SegmentPlan } from '../cmaf/segment-plan.js';
import type { AccessUnit } from '../media/access-unit.js';
import { scanForCaptions, type CaptionScan } from '../media/captions.js';
import type { TrackId } from '../media/codec.js';
import type { Cue } from '../media/cue.js';
import type { TrackKind } from '../media/raw-unit.js';
import type { TimelineStart } from '../media/timeline-events.js';
import type { Track, VideoTrack } from '../media/track.js';
import type { RungSpec, RungStats, Transcoder, TranscoderListener } from '../transcode/transcoder.js';
import { Follower } from './follower.js';
import type { EpochPlace, Presentation } from './presentation.js';
import type { Rendition, RenditionEpoch } from './rendition.js';
import { RenditionFeed } from './rendition-feed.js';
import { AUDIO, nameAlternates, SOURCE } from './rendition-names.js';

/** Without a second keyframe by then, TARGETDURATION is fixed at this many seconds. */
export const MAX_KEYFRAME_WAIT = 10;

/** Bits per second stated for a rendition that nothing is known of yet. */
const UNKNOWN_BANDWIDTH = 1;

/** A rung's stream comes out about this much over its target bit rate: rate control's slack and the container. */
const RUNG_OVERHEAD = 1.1;

export type TranscoderFactory = (
  source: VideoTrack,
  rungs: readonly RungSpec[],
  listener: TranscoderListener,
) => Transcoder;

export interface EpochOptions {
  readonly presentation: Presentation;
  readonly start: TimelineStart;
  /** Wanted seconds. */
  readonly partTarget: number;
  readonly segmentTarget: number;
  readonly rungs: readonly RungSpec[];
  readonly createTranscoder: TranscoderFactory | undefined;
  readonly listener: EpochListener;
}

export interface EpochListener {
  /** A part became part of the presentation; `arrival` is that of its newest source unit. */
  partAdded(rendition: string, bytes: number, arrival: number): void;
  /** The source's keyframes are too far apart for TARGETDURATION: a segment begins without one. */
  forcedBoundary(): void;
  transcoderFailed(error: Error): void;
  /** There was no room for a cue. */
  cueDropped(): void;
  /** All that was accepted is in the presentation; comes once, after `finish`. */
  closed(): void;
}

interface Alternate {
  readonly kind: TrackKind;
  readonly id: TrackId;
  readonly follower: Follower;
}

/** One uninterrupted timeline of one publisher, on its way into a presentation's renditions. */
export class Epoch {
  readonly id: string;
  readonly #options: EpochOptions;
  readonly #plan: SegmentPlan;
  /** Seconds. */
  readonly #partTarget: number;
  readonly #place: EpochPlace;
  readonly #firstMsn: number;
  /** What decides where segments begin: the picture, or the sound where there is none. */
  readonly #lead: RenditionFeed | undefined;
  /** Of the picture. */
  readonly #captions: CaptionScan | undefined;
  /** Sound beside a picture. */
  readonly #audio: Follower | undefined;
  readonly #alternates: readonly Alternate[];
  /** The newest cues, for rungs whose first picture has still to come. */
  #events: CueEvent[] = [];
  /** None where the encoder sends smaller pictures itself. */
  readonly #rungSpecs: readonly RungSpec[];
  /** One for each rung, from when its track is known; empty without a transcoder. */
  readonly #rungs: (RenditionFeed | undefined)[];
  /** Renditions that are part of this epoch, fed or silent. */
  readonly #entered = new Set<Rendition>();
  /** Renditions of the presentation that nothing comes of in this epoch. */
  readonly #silent = new Set<Rendition>();
  #transcoder: Transcoder | undefined;
  /** Seconds from the epoch's start to the end of its newest unit. */
  #duration = 0;
  #finished = false;

  constructor(options: EpochOptions) {
    const { presentation, start } = options;
    this.#options = options;
    this.#firstMsn = presentation.nextMsn;
    this.#place = presentation.beginEpoch(start.wallClockZero);
    this.id = this.#place.id;
    this.#partTarget = partTargetFor(options);
    presentation.fixPartTarget(this.#partTarget);
    this.#plan = new SegmentPlan({
      firstMsn: this.#firstMsn,
      timescale: (start.video ?? start.audio)?.timescale ?? 1,
      segmentTarget: options.segmentTarget,
      targetDuration: presentation.targetDuration,
    });
    const source = start.video && this.#feed(SOURCE, start.video, UNKNOWN_BANDWIDTH);
    const audio = start.audio && this.#feed(AUDIO, start.audio, UNKNOWN_BANDWIDTH);
    this.#lead = source ?? audio;
    this.#captions = start.video && scanForCaptions(start.video);
    if (source && audio) this.#audio = new Follower(audio, this.#plan, false);
    this.#alternates = nameAlternates(start.alternates).map(({ id, track, name }) => ({
      kind: track.kind,
      id,
      follower: new Follower(this.#feed(name, track, UNKNOWN_BANDWIDTH), this.#plan, true),
    }));
    this.#rungSpecs = this.#alternates.some(({ kind }) => kind === 'video') ? [] : options.rungs;
    this.#transcoder = this.#createTranscoder();
    this.#rungs = this.#transcoder === undefined ? [] : this.#rungSpecs.map(() => undefined);
    const expected = this.#rungs.map((_, i) => this.#rungSpecs[i]?.name);
    for (const rendition of presentation.renditions) {
      if (!this.#entered.has(rendition) && !expected.includes(rendition.name)) this.#silence(rendition);
    }
    if (start.video === undefined) this.#fixTargetDuration(options.segmentTarget);
  }

  /** Every rendition that this epoch will have has something to play. */
  get isPlayable(): boolean {
    const followers = [this.#audio, ...this.#alternates.map(({ follower }) => follower)];
    const feeds = [this.#lead, ...followers.flatMap((follower) => follower?.feed ?? []), ...this.#rungs];
    return feeds.every((feed) => feed?.rendition.hasMedia === true);
  }

  rungStats(): (RungStats & { readonly name: string })[] {
    const stats = this.#transcoder?.stats().rungs ?? [];
    return stats.map((rung, i) => ({ ...rung, name: this.#rungSpecs[i]?.name ?? '' }));
  }

  /** @param alternate the id of the track where it is not the first of its kind */
  push(kind: TrackKind, unit: AccessUnit, alternate?: TrackId): void {
    if (this.#finished) return;
    const follower = alternate === undefined ? this.#audio : this.#alternate(kind, alternate);
    const lead = this.#lead;
    if (alternate === undefined && lead?.track.kind === kind) this.#pushLead(lead, unit);
    else if (follower !== undefined) this.#pushFollower(follower, unit);
    for (const rendition of this.#silent) rendition.completeTo(this.#plan.msn);
    this.#options.presentation.publish();
  }

  /** @param time ms of media time, which may lie ahead */
  cue(time: number, cue: Cue): void {
    const { presentation, listener } = this.#options;
    if (this.#finished) return;
    if (!presentation.addCue(this.#place, time, cue)) listener.cueDropped();
    this.#announce({ id: presentation.nextEventId(), time, cue });
    presentation.publish();
  }

  /** Nothing more comes: closes what is open, drains the transcoder, then `closed`. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#audio?.finish();
    for (const { follower } of this.#alternates) follower.finish();
    this.#lead?.finish();
    // A stream too short to show its keyframe interval is as long as it is.
    if (this.#options.presentation.targetDuration === undefined) this.#fixTargetDuration(this.#duration);
    this.#options.presentation.endEpoch(this.#place, this.#duration);
    this.#options.presentation.publish();
    if (this.#transcoder === undefined) this.#closed();
    else this.#transcoder.finish();
  }

  /** Gives up what the transcoder still holds; `closed` follows at once. */
  abandonTranscoder(): void {
    this.#transcoderEnded();
  }

  #pushLead(lead: RenditionFeed, unit: AccessUnit): void {
    this.#reach(lead.track, unit);
    const step = this.#plan.offer(unit.dts, unit.pts, unit.duration, unit.keyframe);
    if (step.forced) this.#options.listener.forcedBoundary();
    this.#decideTargetDuration();
    if (this.#captions?.look(unit.data) === true)
      this.#options.presentation.addCaptions(this.#captions.services);
    lead.push(unit);
    this.#transcoder?.push(unit);
    this.#follow(this.#audio, step.boundary);
    for (const { follower } of this.#alternates) this.#follow(follower, step.boundary);
  }

  #follow(follower: Follower | undefined, boundary: boolean): void {
    follower?.release();
    if (boundary) follower?.keepUp();
  }

  #pushFollower(follower: Follower, unit: AccessUnit): void {
    this.#reach(follower.feed.track, unit);
    follower.push(unit);
    this.#decideTargetDuration();
  }

  /** Into every rendition of the picture, since a player has one of them; of the sound where there is no picture. */
  #announce(event: CueEvent): void {
    this.#events = [...this.#events, event].slice(-MAX_WAITING_EVENTS);
    const kind = this.#lead?.track.kind;
    const alternates = this.#alternates.map(({ follower }) => follower.feed);
    for (const feed of [this.#lead, ...alternates, ...this.#rungs])
      if (feed?.track.kind === kind) feed?.announce(event);
  }

  #reach(track: Track, unit: AccessUnit): void {
    this.#duration = Math.max(this.#duration, (unit.dts + unit.duration) / track.timescale);
  }

  #alternate(kind: TrackKind, id: TrackId): Follower | undefined {
    return this.#alternates.find((each) => each.id === id && each.kind === kind)?.follower;
  }

  #decideTargetDuration(): void {
    const { presentation } = this.#options;
    if (presentation.targetDuration !== undefined) return;
    const interval = this.#plan.keyframeInterval;
    const waited = this.#plan.openDuration >= MAX_KEYFRAME_WAIT * this.#plan.timescale;
    if (interval !== undefined) this.#fixTargetDuration(interval / this.#plan.timescale);
    else if (waited) this.#fixTargetDuration(MAX_KEYFRAME_WAIT);
  }

  #fixTargetDuration(longest: number): void {
    const { presentation, segmentTarget } = this.#options;
    // A keyframe interval of 2.0001 s is a 2 s one: EXTINF is rounded before it is compared with TARGETDURATION.
    presentation.fixTargetDuration(Math.max(Math.ceil(segmentTarget), Math.ceil(longest - 0.05), 1));
    this.#plan.fixTargetDuration(presentation.targetDuration ?? segmentTarget);
  }

  #feed(name: string, track: Track, nominalBandwidth: number): RenditionFeed {
    const { presentation, listener } = this.#options;
    const rendition = presentation.enter(name, this.#renditionEpoch(track), this.#firstMsn, nominalBandwidth);
    this.#entered.add(rendition);
    return new RenditionFeed({
      epoch: this.id,
      rendition,
      track,
      plan: this.#plan,
      firstMsn: this.#firstMsn,
      partTicks: partTicksOf(track, this.#partTarget),
      base: this.#place.base,
      partAdded: (...part) => {
        listener.partAdded(...part);
      },
    });
  }

  #renditionEpoch(track: Track): RenditionEpoch {
    const { timescale } = this.#plan;
    return {
      ...this.#place,
      track,
      spanOf: (msn) => {
        const span = this.#plan.spanOf(msn);
        return span && { start: span.start / timescale, end: span.end / timescale };
      },
    };
  }

  /** A rendition that nothing comes of goes on all the same: with gaps, in step with the others. */
  #silence(rendition: Rendition): void {
    if (!this.#entered.has(rendition)) rendition.beginEpoch(this.#renditionEpoch(rendition.track));
    rendition.rest();
    this.#entered.add(rendition);
    this.#silent.add(rendition);
  }

  /** Without one, because it cannot be made here or now, the source rendition goes on alone. */
  #createTranscoder(): Transcoder | undefined {
    const { start, createTranscoder, listener } = this.#options;
    if (start.video === undefined || this.#rungSpecs.length === 0) return undefined;
    try {
      return createTranscoder?.(start.video, this.#rungSpecs, this.#transcoderListener());
    } catch (fault) {
      listener.transcoderFailed(fault as Error);
      return undefined;
    }
  }

  #transcoderListener(): TranscoderListener {
    const { presentation, listener } = this.#options;
    return {
      onTrack: (index, track) => {
        const rung = this.#rungSpecs[index];
        if (rung === undefined) return;
        const feed = this.#feed(rung.name, track, rung.videoBitrate * RUNG_OVERHEAD);
        this.#rungs[index] = feed;
        for (const event of this.#events) feed.announce(event);
      },
      onUnits: (index, units) => {
        const feed = this.#rungs[index];
        if (feed === undefined) return;
        for (const unit of units) feed.push(unit);
        presentation.publish();
      },
      onError: (error) => {
        this.#silenceRungs();
        presentation.publish();
        listener.transcoderFailed(error);
      },
      onEnd: () => {
        this.#transcoderEnded();
      },
    };
  }

  #silenceRungs(): void {
    const { presentation } = this.#options;
    for (const feed of this.#rungs) feed?.finish();
    this.#rungs.length = 0;
    for (const { name } of this.#rungSpecs) {
      const rendition = presentation.rendition(name);
      if (rendition !== undefined) this.#silence(rendition);
    }
  }

  #transcoderEnded(): void {
    if (this.#transcoder === undefined) return;
    this.#transcoder.close();
    this.#transcoder = undefined;
    for (const feed of this.#rungs) feed?.finish();
    if (this.#finished) this.#closed();
  }

  /** All that will come is there: every rendition now ends with the same segment. */
  #closed(): void {
    const { presentation, listener } = this.#options;
    for (const rendition of presentation.renditions) {
      if (!this.#entered.has(rendition)) this.#silence(rendition);
      rendition.completeTo(this.#plan.msn + 1);
    }
    presentation.publish();
    listener.closed();
  }
}

function partTargetFor({ presentation, start, partTarget }: EpochOptions): number {
  const { video, audio, alternates } = start;
  const tracks = [video, audio, ...alternates.map(({ track }) => track)].filter((each) => each !== undefined);
  return presentation.partTarget ?? choosePartTarget(partTarget, tracks);
}
