import { choosePartTarget, fitPartTarget, type PartTarget } from '../cmaf/part-target.js';
import { SegmentPlan } from '../cmaf/segment-plan.js';
import { Segmenter } from '../cmaf/segmenter.js';
import type { AccessUnit } from '../media/access-unit.js';
import { rescale } from '../media/time.js';
import type { TimelineStart } from '../media/timeline-events.js';
import type { AudioTrack, Track, VideoTrack } from '../media/track.js';
import type { RungSpec, RungStats, Transcoder, TranscoderListener } from '../transcode/transcoder.js';
import type { EpochPlace, Presentation } from './presentation.js';
import type { Rendition } from './rendition.js';

/** Audio units held back until the picture has reached them; more than this and they go out regardless. */
const MAX_HELD_AUDIO = 512;

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
  readonly #rungs: (Feed | undefined)[];
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
    this.#leaveBehind(['source', 'audio', ...options.rungs.map((rung) => rung.name)]);
    if (start.video) this.#source = this.#feed('source', start.video, UNKNOWN_BANDWIDTH);
    if (start.audio) this.#audio = this.#feed('audio', start.audio, UNKNOWN_BANDWIDTH);
    this.#rungs = options.rungs.map(() => undefined);
    if (start.video !== undefined && options.rungs.length > 0) {
      this.#transcoder = options.createTranscoder?.(start.video, options.rungs, this.#transcoderListener());
    }
    if (start.video === undefined) this.#fixTargetDuration(options.segmentTarget);
  }

  /** Every rendition that this epoch will have has something to play. */
  get isPlayable(): boolean {
    const wanted = [this.#source, this.#audio, ...(this.#transcoder === undefined ? [] : this.#rungs)];
    const { video, audio } = this.#options.start;
    if ((video && !this.#source) || (audio && !this.#audio)) return false;
    return wanted.every(
      (feed, i) => (i === 0 && !video) || (i === 1 && !audio) || feed?.rendition.hasMedia === true,
    );
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
    if (this.#transcoder === undefined) this.#options.listener.closed();
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
  }

  /** Segment boundaries are the picture's: sound goes out once the picture before `horizon` (90 kHz) has been seen. */
  #releaseAudio(horizon: number): void {
    const { audio } = this.#options.start;
    if (this.#audio === undefined || audio === undefined) return;
    for (;;) {
      const unit = this.#heldAudio[0];
      if (unit === undefined) return;
      const due = rescale(unit.pts + unit.duration, audio.timescale, this.#plan.timescale) <= horizon;
      if (!due && this.#heldAudio.length <= MAX_HELD_AUDIO) return;
      this.#heldAudio.shift();
      this.#segment(this.#audio, unit);
    }
  }

  #decideTargetDuration(): void {
    const { presentation } = this.#options;
    if (presentation.targetDuration !== undefined) return;
    const interval = this.#plan.keyframeInterval;
    if (interval !== undefined) this.#fixTargetDuration(interval / this.#plan.timescale);
    else if (this.#plan.openDuration >= MAX_KEYFRAME_WAIT * this.#plan.timescale)
      this.#fixTargetDuration(MAX_KEYFRAME_WAIT);
  }

  #fixTargetDuration(longest: number): void {
    const { presentation, segmentTarget } = this.#options;
    // A keyframe interval of 2.0001 s is a 2 s one: EXTINF is rounded before it is compared with TARGETDURATION.
    presentation.fixTargetDuration(Math.max(Math.ceil(segmentTarget), Math.ceil(longest - 0.05), 1));
    this.#plan.fixTargetDuration(presentation.targetDuration ?? segmentTarget);
  }

  #feed(name: string, track: Track, nominalBandwidth: number): Feed {
    const rendition = this.#options.presentation.enter(
      name,
      { ...this.#place, track },
      this.#firstMsn,
      nominalBandwidth,
    );
    const partTicks = this.#partTicks(track);
    const segmenter = new Segmenter({
      track,
      plan: this.#plan,
      firstMsn: this.#firstMsn,
      partTicks,
      baseTime: this.#place.base * track.timescale,
    });
    return { rendition, segmenter };
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
    rendition.expect({ epoch: this.id, ...segmenter.next, newInit: false });
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

  /** Renditions of earlier epochs that this one does not carry on would stand still for ever. */
  #leaveBehind(kept: readonly string[]): void {
    const { presentation, start } = this.#options;
    for (const name of presentation.renditionNames) {
      const gone =
        !kept.includes(name) || (name === 'source' && !start.video) || (name === 'audio' && !start.audio);
      if (gone) presentation.remove(name);
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
        for (const rung of rungs) presentation.remove(rung.name);
        this.#rungs.fill(undefined);
        listener.transcoderFailed(error);
      },
      onEnd: () => {
        this.#transcoderEnded();
      },
    };
  }

  #transcoderEnded(): void {
    if (this.#transcoder === undefined) return;
    this.#transcoder.close();
    this.#transcoder = undefined;
    for (const feed of this.#rungs) this.#close(feed);
    this.#options.presentation.publish();
    if (this.#finished) this.#options.listener.closed();
  }
}

function partTargetFor({ presentation, start, partTarget }: EpochOptions): PartTarget {
  const tracks = { frameRate: start.video?.frameRate, audio: start.audio };
  return presentation.partTarget === undefined
    ? choosePartTarget({ wanted: partTarget, ...tracks })
    : fitPartTarget(presentation.partTarget, tracks);
}
