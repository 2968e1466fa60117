import type { AccessUnit } from '../media/access-unit.js';
import { toSeconds } from '../media/time.js';
import type { TimelineStart } from '../media/timeline-events.js';
import type { AudioTrack, VideoTrack } from '../media/track.js';
import { figuresOf, WINDOW_SECONDS, type Figures } from './figures.js';
import { KeyframeDistances } from './keyframe-distances.js';
import { Second } from './second.js';

/** A frame further than this share of a frame from its place on the grid is a stray. */
const STRAY_SHARE = 1 / 8;

/**
 * Measures a stream second by second of its own time, over a sliding window. A unit costs a few additions; nothing is
 * allocated for it.
 */
export class Meter {
  readonly keyframes = new KeyframeDistances();
  readonly #seconds = Array.from({ length: WINDOW_SECONDS + 1 }, () => new Second());
  /** Seconds that are over, in all; the one under way is at this place in the ring. */
  #closed = 0;
  #current: Second;
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  /** Where the epoch's time 0 lies on the meter's clock, and where that is now; both in seconds. */
  #base = 0;
  #now = 0;
  /** In ticks of the epoch; negative before the first unit. */
  #lastVideo = -1;
  #lastAudio = -1;
  #newestShown = -Infinity;
  #bRun = 0;
  /** The least delay of the epoch's seconds that have left the window. */
  #leastDelayBefore = Infinity;

  constructor() {
    this.#current = this.#second(0);
  }

  /** Seconds of picture since the newest keyframe. */
  get sinceKeyframe(): number {
    return this.#video === undefined ? 0 : this.keyframes.since(this.#lastVideo / this.#video.timescale);
  }

  start({ video, audio }: TimelineStart): void {
    this.#video = video;
    this.#audio = audio;
    this.#base = this.#now;
    this.#lastVideo = this.#lastAudio = -1;
    this.#newestShown = -Infinity;
    this.#bRun = 0;
    this.keyframes.restart();
    this.#leastDelayBefore = Infinity;
    for (const second of this.#seconds) second.forgetArrivals();
  }

  jump(): void {
    this.#current.jumps++;
  }

  formatChange(): void {
    this.#current.formatChanges++;
  }

  ignored(): void {
    this.#current.ignored++;
  }

  unsupported(): void {
    this.#current.unsupported++;
  }

  /** True when a second is over: there is something new to look at. */
  unit(kind: 'video' | 'audio', unit: AccessUnit): boolean {
    const track = kind === 'video' ? this.#video : this.#audio;
    if (track === undefined) return false;
    const over = this.#advance(toSeconds(unit.dts, track.timescale));
    if (kind === 'video') this.#videoUnit(unit, track.timescale);
    else this.#audioUnit(unit, track.timescale);
    if (kind === 'video' || this.#video === undefined) this.#arrived(unit, track.timescale);
    return over;
  }

  figures(): Figures {
    const filled = Math.min(this.#closed, WINDOW_SECONDS);
    const over = Array.from({ length: filled }, (_, i) => this.#second(this.#closed - filled + i));
    return figuresOf(over, this.#current, this.#leastDelayBefore);
  }

  #videoUnit(unit: AccessUnit, timescale: number): void {
    const second = this.#current;
    second.videoUnits++;
    second.videoBytes += unit.data.length;
    const step = unit.dts - this.#lastVideo;
    if (this.#lastVideo >= 0 && step > 0 && unit.duration > 0) {
      const frames = Math.max(1, Math.round(step / unit.duration));
      second.videoSpan += step / timescale;
      second.missing += frames - 1;
      if (Math.abs(step - frames * unit.duration) > unit.duration * STRAY_SHARE) second.strays++;
    } else {
      second.videoSpan += unit.duration / timescale;
    }
    this.#lastVideo = unit.dts;
    if (unit.pts > this.#newestShown) {
      this.#newestShown = unit.pts;
      this.#bRun = 0;
    } else if (++this.#bRun > second.longestBRun) {
      second.longestBRun = this.#bRun;
    }
    if (unit.keyframe) this.keyframes.keyframe(unit.dts / timescale);
  }

  #audioUnit(unit: AccessUnit, timescale: number): void {
    const second = this.#current;
    second.audioUnits++;
    second.audioBytes += unit.data.length;
    const hole = this.#lastAudio < 0 ? 0 : unit.dts - this.#lastAudio - unit.duration;
    if (hole > unit.duration / 2) second.soundHoles += hole / timescale;
    this.#lastAudio = unit.dts;
  }

  #arrived({ arrival, dts }: AccessUnit, timescale: number): void {
    const delay = arrival / 1000 - dts / timescale;
    const second = this.#current;
    if (delay < second.leastDelay) second.leastDelay = delay;
    if (delay > second.mostDelay) second.mostDelay = delay;
  }

  /** `time` in seconds of the epoch. The other track may be behind: time only goes forward. */
  #advance(time: number): boolean {
    const now = this.#base + time;
    if (!(now > this.#now && now < Infinity)) return false;
    const before = Math.floor(this.#now);
    const seconds = Math.floor(now) - before;
    this.#now = now;
    if (seconds === 0) return false;
    this.#current.skew = this.#skew();
    // A longer hole leaves nothing of the window.
    for (let i = 0; i < Math.min(seconds, WINDOW_SECONDS + 1); i++) {
      this.#closed++;
      this.#current = this.#second(this.#closed);
      this.#leastDelayBefore = Math.min(this.#leastDelayBefore, this.#current.leastDelay);
      this.#current.clear();
    }
    return true;
  }

  #skew(): number {
    if (this.#video === undefined || this.#audio === undefined) return 0;
    return this.#lastVideo / this.#video.timescale - this.#lastAudio / this.#audio.timescale;
  }

  #second(number: number): Second {
    return this.#seconds[number % this.#seconds.length]!;
  }
}
