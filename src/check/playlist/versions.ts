import type { MediaPlaylist, SegmentEntry } from './media-playlist.js';

/** A playlist's segments as a client holds them after this update. */
export interface HeldSegments {
  readonly segments: readonly SegmentEntry[];
  /** Media sequence numbers that a delta update skipped although the client never had them. */
  readonly missing: readonly number[];
}

/** Puts the segments that a delta update skips in front of those it lists (RFC 8216bis 6.3.7). */
export function applyUpdate(playlist: MediaPlaylist, held: readonly SegmentEntry[]): HeldSegments {
  const skipped = playlist.skipped ?? 0;
  if (skipped === 0) return { segments: share(playlist.segments, held), missing: [] };
  const kept: SegmentEntry[] = [];
  const missing: number[] = [];
  const first = held[0]?.msn ?? 0;
  for (let msn = playlist.mediaSequence; msn < playlist.mediaSequence + skipped; msn++) {
    const segment = held[msn - first];
    if (segment?.uri !== undefined) kept.push(segment);
    else if (missing.push(msn) > MAX_MISSING) break;
  }
  return { segments: [...kept, ...share(carryOn(playlist.segments, kept.at(-1)), held)], missing };
}

const MAX_MISSING = 100;

/** Gives listed segments the state that skipped tags before them have set. */
function carryOn(listed: readonly SegmentEntry[], last: SegmentEntry | undefined): readonly SegmentEntry[] {
  if (last === undefined) return listed;
  let discontinuitySequence = last.discontinuitySequence;
  let previous = last;
  return listed.map((segment) => {
    if (segment.discontinuity) discontinuitySequence += 1;
    const start =
      segment.start ??
      (segment.discontinuity || previous.start === undefined
        ? undefined
        : previous.start + previous.duration * 1000);
    previous = {
      ...segment,
      start,
      discontinuitySequence,
      map: segment.map ?? previous.map,
      keys: segment.keys === '' && !segment.source.includes('#EXT-X-KEY') ? previous.keys : segment.keys,
    };
    return previous;
  });
}

/** Uses the objects that are held already where nothing has changed, so that thousands of versions fit in memory. */
function share(listed: readonly SegmentEntry[], held: readonly SegmentEntry[]): readonly SegmentEntry[] {
  const first = held[0]?.msn ?? 0;
  return listed.map((segment) => {
    const known = held[segment.msn - first];
    return known !== undefined && sameEntry(known, segment) ? known : segment;
  });
}

function sameEntry(a: SegmentEntry, b: SegmentEntry): boolean {
  return (
    a.msn === b.msn &&
    a.source === b.source &&
    a.discontinuitySequence === b.discontinuitySequence &&
    a.map?.uri === b.map?.uri &&
    a.keys === b.keys &&
    Math.abs((a.start ?? 0) - (b.start ?? 0)) < 0.5
  );
}
