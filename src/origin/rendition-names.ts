import type { AlternateTrack } from '../media/track.js';

/** The rendition of an encoder's alternate track. */
export interface NamedAlternate extends AlternateTrack {
  readonly name: string;
}

export const SOURCE = 'source';
export const AUDIO = 'audio';

/**
 * Names the tracks beside the default ones: pictures by their short side (`720p`, and `720p-2` for a second of that
 * size), sound by number (`audio-2`).
 */
export function nameAlternates(alternates: readonly AlternateTrack[]): NamedAlternate[] {
  const taken = new Map<string, number>([[AUDIO, 1]]);
  return alternates.map((alternate) => {
    const { track } = alternate;
    const base = track.kind === 'video' ? `${Math.min(track.displayWidth, track.displayHeight)}p` : AUDIO;
    const count = (taken.get(base) ?? 0) + 1;
    taken.set(base, count);
    return { ...alternate, name: count === 1 ? base : `${base}-${count}` };
  });
}
