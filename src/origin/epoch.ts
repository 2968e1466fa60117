import { choosePartTarget, fitPartTarget, type PartTarget } from '../cmaf/part-target.js';
import { SegmentPlan } from '../cmaf/segment-plan.js';
import { Segmenter } from '../cmaf/segmenter.js';
import type { AccessUnit } from '../media/access-unit.js';
import { rescale } from '../media/time.js';
import type { TimelineStart } from '../media/timeline-events.js';
import type { AudioTrack, Track, VideoTrack } from '../media/track.js';
import type { RungSpec, RungStats, Transcoder, TranscoderListener } from '../transcode/transcoder.js';
import type { EpochPlace, Presentation } from './presentation.js';
import type { Rendition, RenditionEpoch } from './rendition.js';

/** Audio this many seconds ahead of the picture no longer waits for it: the picture has stopped. */
const MAX_AUDIO_LEAD = 10;

/** And no more audio units than this are ever held back. */
const MAX_HELD_AUDIO = 1024;

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
  /** All that was accepted is in the presentation; comes once, after `finish`. */
  closed(): void;
}

interface Feed {
  readonly rendition: Rendition;
  readonly segmenter: Segmenter;
}

/** One uninterrupted timeline of one publisher, on its way into a presentation's renditions. */
export class Epoch {
  readonly id: string;
  readonly #options: EpochOptions;
  readonly #plan: SegmentPlan;
  readonly #parts: PartTarget;
  readonly #place: EpochPlace;
  readonly #firstMsn: number;
  readonly #source: Feed | undefined;
  readonly #audio: Feed | undefined;
  /** One for each rung, from when its track is known; empty without a transcoder. */
  readonly #rungs: (Feed | undefined)[];
  /** Renditions that are part of this epoch, fed or silent. */
  readonly #entered = new Set<Rendition>();
  /** Renditions of the presentation that nothing comes of in this epoch. */
  readonly #silent = new Set<Rendition>();
  readonly #heldAudio: AccessUnit[] = [];
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
    this.#parts = partTargetFor(options);
    presentation.fixPartTarget(this.#parts.seconds);
    this.#plan = new SegmentPlan({
      firstMsn: this.#firstMsn,
      timescale: (start.video ?? start.audio)?.timescale ?? 1,
      segmentTarget: options.segmentTarget,
      targetDuration: presentation.targetDuration,
    });
    if (start.video) this.#source = this.#feed('source', start.video, UNKNOWN_BANDWIDTH);
    if (start.audio) this.#audio = this.#feed('audio', start.audio, UNKNOWN_BANDWIDTH);
    this.#transcoder = this.#createTranscoder();
    this.#rungs = this.#transcoder === undefined ? [] : options.rungs.map(() => undefined);
    const expected = this.#rungs.map((_, i) => options.rungs[i]?.name);
    for (const rendition of presentation.renditions) {
      if (!this.#entered.has(rendition) && !expected.includes(rendition.name)) this.#silence(rendition);
    }
    if (start.video === undefined) this.#fixTargetDuration(options.segmentTarget);
  }

  /** Every rendition that this epoch will have has something to play. */
  get isPlayable(): boolean {
    const { video, audio } = this.#options.start;
    const wanted = [...(video ? [this.#source] : []), ...(audio ? [this.#audio] : []), ...this.#rungs];
    return wanted.every((feed) => feed?.rendition.hasMedia === true);
  }

  rungStats(): (RungStats & { readonly name: string })[] {
    const stats = this.#transcoder?.stats().rungs ?? [];
    return stats.map((rung, i) => ({ ...rung, name: this.#options.rungs[i]?.name ?? '' }));
  }

  push(kind: 'video' | 'audio', unit: AccessUnit): void {
    if (this.#finished) return;
    this.#duration = Math.max(this.#duration, (unit.dts + unit.duration) / this.#timescale(kind));
    if (kind === 'video') this.#pushVideo(unit);
    else this.#pushAudio(unit);
    for (const rendition of this.#silent) rendition.completeTo(this.#plan.msn);
    this.#options.presentation.publish();
  }

  /** Nothing more comes: closes what is open, drains the transcoder, then `closed`. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#releaseAudio(Number.POSITIVE_INFINITY);
    this.#close(this.#source);
    this.#close(this.#audio);
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

  #pushVideo(unit: AccessUnit): void {
    const step = this.#plan.offer(unit.dts, unit.pts, unit.duration, unit.keyframe);
    if (step.forced) this.#options.listener.forcedBoundary();
    this.#decideTargetDuration();
    if (this.#source) this.#segment(this.#source, unit);
    this.#transcoder?.push(unit);
    this.#releaseAudio(unit.dts);
  }

  #pushAudio(unit: AccessUnit): void {
    if (this.#source === undefined) {
      this.#plan.offer(unit.dts, unit.pts, unit.duration, true);
      if (this.#audio) this.#segment(this.#audio, unit);
      return;
    }
    this.#heldAudio.push(unit);
    this.#releaseAudio(this.#plan.horizon);
    this.#decideTargetDuration();
  }

  /** Segment boundaries are the picture's: sound goes out once the picture before `horizon` (90 kHz) has been seen. */
  #releaseAudio(horizon: number): void {
    const { audio } = this.#options.start;
    if (this.#audio === undefined || audio === undefined) return;
    const ended = horizon === Number.POSITIVE_INFINITY;
    for (;;) {
      const unit = this.#heldAudio[0];
      if (unit === undefined) return;
      const end = rescale(unit.pts + unit.duration, audio.timescale, this.#plan.timescale);
      if (end > horizon || ended) {
        const newest = this.#heldAudio.at(-1) ?? unit;
        const lead = (newest.pts - unit.pts) / audio.timescale;
        if (!ended && lead < MAX_AUDIO_LEAD && this.#heldAudio.length <= MAX_HELD_AUDIO) return;
        // The picture is not there to say where segments end.
        this.#plan.extend(end);
      }
      this.#heldAudio.shift();
      this.#segment(this.#audio, unit);
    }
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

  #feed(name: string, track: Track, nominalBandwidth: number): Feed {
    const { presentation } = this.#options;
    const rendition = presentation.enter(name, this.#renditionEpoch(track), this.#firstMsn, nominalBandwidth);
    this.#entered.add(rendition);
    const segmenter = new Segmenter({
      track,
      plan: this.#plan,
      firstMsn: this.#firstMsn,
      partTicks: this.#partTicks(track),
      baseTime: this.#place.base * track.timescale,
    });
    return { rendition, segmenter };
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

  #timescale(kind: 'video' | 'audio'): number {
    return this.#options.start[kind]?.timescale ?? 1;
  }

  #partTicks(track: VideoTrack | AudioTrack): number {
    const ticks = track.kind === 'video' ? this.#parts.videoTicks : this.#parts.audioTicks;
    return ticks ?? Math.round(this.#parts.seconds * track.timescale);
  }

  #segment(feed: Feed, unit: AccessUnit): void {
    const { rendition, segmenter } = feed;
    for (const output of segmenter.push(unit)) this.#add(rendition, output);
    rendition.expect({ epoch: this.id, ...segmenter.next });
  }

  #close(feed: Feed | undefined): void {
    if (feed === undefined) return;
    for (const output of feed.segmenter.finish()) this.#add(feed.rendition, output);
  }

  #add(rendition: Rendition, output: Parameters<Rendition['add']>[0]): void {
    rendition.add(output);
    if (output.type === 'part')
      this.#options.listener.partAdded(rendition.name, output.data.length, output.arrival);
  }

  /** Without one, because it cannot be made here or now, the source rendition goes on alone. */
  #createTranscoder(): Transcoder | undefined {
    const { start, rungs, createTranscoder, listener } = this.#options;
    if (start.video === undefined || rungs.length === 0) return undefined;
    try {
      return createTranscoder?.(start.video, rungs, this.#transcoderListener());
    } catch (fault) {
      listener.transcoderFailed(fault as Error);
      return undefined;
    }
  }

  #transcoderListener(): TranscoderListener {
    const { presentation, rungs, listener } = this.#options;
    return {
      onTrack: (index, track) => {
        const rung = rungs[index];
        if (rung) this.#rungs[index] = this.#feed(rung.name, track, rung.videoBitrate * RUNG_OVERHEAD);
      },
      onUnits: (index, units) => {
        const feed = this.#rungs[index];
        if (feed === undefined) return;
        for (const unit of units) this.#segment(feed, unit);
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
    const { presentation, rungs } = this.#options;
    for (const feed of this.#rungs) this.#close(feed);
    this.#rungs.length = 0;
    for (const { name } of rungs) {
      const rendition = presentation.rendition(name);
      if (rendition !== undefined) this.#silence(rendition);
    }
  }

  #transcoderEnded(): void {
    if (this.#transcoder === undefined) return;
    this.#transcoder.close();
    this.#transcoder = undefined;
    for (const feed of this.#rungs) this.#close(feed);
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

function partTargetFor({ presentation, start, partTarget }: EpochOptions): PartTarget {
  const tracks = { frameRate: start.video?.frameRate, audio: start.audio };
  return presentation.partTarget === undefined
    ? choosePartTarget({ wanted: partTarget, ...tracks })
    : fitPartTarget(presentation.partTarget, tracks);
}
