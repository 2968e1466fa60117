import type { VideoTrack } from '../media/track.js';
import type { RungSpec } from './transcoder.js';

/** A rung as configured: the width follows from the source's shape. */
export interface LadderRung {
  readonly name: string;
  /** Lines of a landscape picture; of a portrait one, the pixels across. */
  readonly height: number;
  /** Target bits per second. */
  readonly videoBitrate: number;
}

export type LadderConfig = 'auto' | 'off' | readonly LadderRung[];

/**
 * The rungs that `ladder: auto` chooses from.
 *
 * | rung  | up to 30 fps | above 30 fps |
 * | ----- | ------------ | ------------ |
 * | 1080p | 5000 kbit/s  | 7500 kbit/s  |
 * | 720p  | 2800 kbit/s  | 4200 kbit/s  |
 * | 480p  | 1200 kbit/s  | 1800 kbit/s  |
 * | 360p  | 700 kbit/s   | 1050 kbit/s  |
 *
 * An H.264 source gets those that are strictly smaller than itself: a 1080p source 720p, 480p and 360p, a source of
 * 360 lines or fewer none. A source of another codec gets one of its own size as well, up to 1080p, because not every
 * player decodes it.
 */
export const AUTO_LADDER: readonly LadderRung[] = [
  { name: '1080p', height: 1080, videoBitrate: 5_000_000 },
  { name: '720p', height: 720, videoBitrate: 2_800_000 },
  { name: '480p', height: 480, videoBitrate: 1_200_000 },
  { name: '360p', height: 360, videoBitrate: 700_000 },
];

/** Above this rate a rung gets more bits; the margin is for clocks that run a little fast. */
const NORMAL_FRAME_RATE = 30.5;
const HIGH_FRAME_RATE_FACTOR = 1.5;

/** A picture of half the size needs more than half the bits. */
const BITS_PER_AREA_EXPONENT = 0.75;
const BITRATE_STEP = 100_000;

/**
 * The rungs to encode for a source, largest first in the automatic ladder, else as configured.
 *
 * A rung's height counts along the source's short side, so that a portrait 1080x1920 source has a 720x1280 "720p".
 * The long side follows from the display aspect ratio, rounded to even pixels. Nothing is ever enlarged:
 * configured rungs larger than the source are left out.
 */
export function resolveLadder(ladder: LadderConfig, source: VideoTrack): RungSpec[] {
  if (ladder === 'off') return [];
  const shortSide = Math.min(source.displayWidth, source.displayHeight);
  if (ladder !== 'auto') {
    return ladder
      .filter((rung) => rung.height <= shortSide)
      .map((rung) => fit(rung, rung.videoBitrate, source));
  }
  const highRate = source.frameRate.num / source.frameRate.den > NORMAL_FRAME_RATE;
  const factor = highRate ? HIGH_FRAME_RATE_FACTOR : 1;
  const smaller = AUTO_LADDER.filter((rung) => rung.height < shortSide);
  const ownSize = source.codec === 'avc' ? undefined : rungOfHeight(shortSide);
  const rungs = ownSize === undefined ? smaller : [ownSize, ...smaller];
  return rungs.map((rung) => fit(rung, rung.videoBitrate * factor, source));
}

/** The rung of this height, or one between its neighbours; undefined above the largest. */
function rungOfHeight(height: number): LadderRung | undefined {
  const above = AUTO_LADDER.findLast((rung) => rung.height >= height);
  if (above === undefined || above.height === height) return above;
  const bits = above.videoBitrate * (height / above.height) ** (2 * BITS_PER_AREA_EXPONENT);
  const videoBitrate = Math.max(1, Math.round(bits / BITRATE_STEP)) * BITRATE_STEP;
  return { name: `${height}p`, height, videoBitrate };
}

function fit(rung: LadderRung, videoBitrate: number, source: VideoTrack): RungSpec {
  const { displayWidth, displayHeight } = source;
  const portrait = displayHeight > displayWidth;
  const [short, long] = portrait ? [displayWidth, displayHeight] : [displayHeight, displayWidth];
  const scaledShort = toEven(rung.height, short);
  const scaledLong = toEven((rung.height * long) / short, long);
  return {
    name: rung.name,
    width: portrait ? scaledShort : scaledLong,
    height: portrait ? scaledLong : scaledShort,
    videoBitrate,
  };
}

/** The nearest even number of pixels, at least 2, at most `limit`. */
function toEven(pixels: number, limit: number): number {
  return Math.max(2, Math.min(2 * Math.round(pixels / 2), 2 * Math.floor(limit / 2)));
}
