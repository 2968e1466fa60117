import { VIDEO_TIMESCALE, type Ticks } from '../media/time.js';
import type { AudioTrack, VideoTrack } from '../media/track.js';

/** A part that is not the last of its segment must last at least this share of PART-TARGET (RFC 8216bis 4.4.4.9). */
const SHORTEST_PART = 0.85;

/** How many more frames than asked for a part may hold to suit the other tracks too. */
const MAX_EXTRA_FRAMES = 8;

/** What of a track decides how long its parts can be. */
export type PacedTrack =
  Pick<VideoTrack, 'kind' | 'frameRate'> | Pick<AudioTrack, 'kind' | 'frameSamples' | 'timescale'>;

const roundUp = (seconds: number): number => Math.ceil(seconds * 1e5 - 1e-6) / 1e5;

/**
 * PART-TARGET in seconds, rounded up at the fifth decimal; no part is longer. The one nearest to the wanted one of
 * which every track's parts fill at least 85 %, as far as there is one: a whole number of units of the first track, of
 * which every other track has as many whole units as fit in it.
 */
export function choosePartTarget(wanted: number, tracks: readonly PacedTrack[]): number {
  const [lead, ...others] = tracks;
  if (lead === undefined) return roundUp(wanted);
  const nearest = Math.max(1, Math.round(wanted / unitSeconds(lead)));
  for (let extra = 0; extra <= MAX_EXTRA_FRAMES; extra++) {
    for (const units of [nearest + extra, nearest - extra]) {
      if (units < 1) continue;
      const target = secondsOf(units, lead);
      if (others.every((track) => fills(track, target))) return target;
    }
  }
  return secondsOf(nearest, lead);
}

/** The longest part of a track within a part target, in its timescale: whole units, never less than one. */
export function partTicksOf(track: PacedTrack, partTarget: number): Ticks {
  const unit = unitTicks(track);
  return Math.ceil(Math.max(1, Math.floor((partTarget * timescaleOf(track)) / unit + 1e-6)) * unit);
}

/** Frame times are rounded to ticks one by one, so a part can be the fraction of a tick longer than its frames. */
const secondsOf = (units: number, track: PacedTrack): number =>
  roundUp(Math.ceil(units * unitTicks(track)) / timescaleOf(track));

function fills(track: PacedTrack, partTarget: number): boolean {
  const filled = partTicksOf(track, partTarget) / (partTarget * timescaleOf(track));
  return filled >= SHORTEST_PART && filled <= 1 + 1e-6;
}

const unitTicks = (track: PacedTrack): number =>
  track.kind === 'video' ? (VIDEO_TIMESCALE * track.frameRate.den) / track.frameRate.num : track.frameSamples;

const timescaleOf = (track: PacedTrack): number =>
  track.kind === 'video' ? VIDEO_TIMESCALE : track.timescale;

const unitSeconds = (track: PacedTrack): number => unitTicks(track) / timescaleOf(track);
