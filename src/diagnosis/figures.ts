import { Second } from './second.js';

/** How far back is looked, in seconds of media. */
export const WINDOW_SECONDS = 30;

/** The bit rate "now" is that of so many seconds: long enough for a keyframe to be among them. */
const RECENT_SECONDS = 5;

/** A second whose units' delays differ by more than this (s) came in a burst. */
const BURST_SPREAD = 0.4;

/** What was measured over the window. Bit rates are in bits per second, times in seconds. */
export interface Figures {
  /** How much of the window is filled. */
  readonly seconds: number;
  /** Frames that came for each second of picture; undefined without any. */
  readonly frameRate: number | undefined;
  readonly framesMissing: number;
  /** Of all frames that should have come. */
  readonly missingShare: number;
  /** Frames off the grid, of all that came. */
  readonly strayShare: number;
  readonly videoBitrate: number;
  /** Of the last seconds only, and only of those with a picture; NaN without any. */
  readonly recentVideoBitrate: number;
  readonly audioBitrate: number;
  /** Frames in a row that are shown before one that was sent earlier. */
  readonly bFrames: number;
  readonly soundHoles: number;
  /** By how much longer the newest units were on their way than the quickest of the window. */
  readonly delay: number;
  /** By how much quicker the newest units came than any up to half a window ago: media ahead of its time. */
  readonly ahead: number;
  /** Seconds of the window whose units came in bursts, and the widest such burst. */
  readonly burstySeconds: number;
  readonly widestBurst: number;
  /** Whole seconds up to now that brought no frame, and no sound. */
  readonly picturePause: number;
  readonly soundPause: number;
  /** Where the picture is minus where the sound is; undefined unless both come. */
  readonly skew: number | undefined;
  readonly jumps: number;
  readonly formatChanges: number;
  readonly ignored: number;
  readonly unsupported: number;
}

/**
 * Takes the seconds oldest first; of the one under way only what is counted, not what is a rate. `leastDelayBefore`: that
 * of the epoch's seconds before the window; infinite where there are none.
 */
export function figuresOf(seconds: readonly Second[], current: Second, leastDelayBefore: number): Figures {
  const count = seconds.length;
  const all = total(seconds, 0);
  const recent = total(seconds, count - RECENT_SECONDS);
  const newest = seconds.at(-1);
  const bothCome = newest !== undefined && newest.videoUnits > 0 && newest.audioUnits > 0;
  return {
    seconds: count,
    frameRate: all.videoSpan > 0 ? all.videoUnits / all.videoSpan : undefined,
    framesMissing: all.missing,
    missingShare: share(all.missing, all.videoUnits + all.missing),
    strayShare: share(all.strays, all.videoUnits),
    videoBitrate: (8 * all.videoBytes) / Math.max(1, count),
    recentVideoBitrate: (8 * recent.videoBytes) / recent.videoSpan,
    audioBitrate: (8 * all.audioBytes) / Math.max(1, count),
    bFrames: all.longestBRun,
    soundHoles: all.soundHoles,
    ...arrivals(seconds, leastDelayBefore),
    picturePause: count - 1 - seconds.findLastIndex((second) => second.videoUnits > 0),
    soundPause: count - 1 - seconds.findLastIndex((second) => second.audioUnits > 0),
    skew: bothCome ? newest.skew : undefined,
    jumps: all.jumps + current.jumps,
    formatChanges: all.formatChanges + current.formatChanges,
    ignored: all.ignored + current.ignored,
    unsupported: all.unsupported + current.unsupported,
  };
}

function total(seconds: readonly Second[], from: number): Second {
  const sum = new Second();
  for (let i = Math.max(0, from); i < seconds.length; i++) sum.add(seconds[i]!);
  return sum;
}

function arrivals(
  seconds: readonly Second[],
  leastDelayBefore: number,
): Pick<Figures, 'delay' | 'ahead' | 'burstySeconds' | 'widestBurst'> {
  const known = seconds.filter((second) => second.mostDelay >= second.leastDelay);
  const newest = known.at(-1);
  if (newest === undefined) return { delay: 0, ahead: 0, burstySeconds: 0, widestBurst: 0 };
  const spreads = known.map((second) => second.mostDelay - second.leastDelay);
  const least = (some: readonly Second[]): number => -most(some, (second) => -second.leastDelay);
  const older = known.slice(0, known.length >> 1);
  return {
    delay: newest.leastDelay - least(known),
    // Who makes up for a hold-up was quicker before it.
    ahead: older.length === 0 ? 0 : Math.max(0, Math.min(least(older), leastDelayBefore) - newest.leastDelay),
    burstySeconds: spreads.filter((spread) => spread > BURST_SPREAD).length,
    widestBurst: Math.max(...spreads),
  };
}

const most = (seconds: readonly Second[], read: (second: Second) => number): number =>
  seconds.reduce((top, second) => Math.max(top, read(second)), -Infinity);

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
