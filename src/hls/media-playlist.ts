import { dateRangeLine } from './date-range.js';
import type { Skip } from './directives.js';
import type { NextPart, PresentationSnapshot, RenditionSnapshot, SegmentInfo } from '../origin/snapshot.js';
import { reportLines } from './rendition-reports.js';
import { serverControl, SKIP_TARGET_DURATIONS } from './server-control.js';
import { attributes, dateTime, decimal, quoted } from './tags.js';

/** Parts are listed in segments that end within this many target durations of the live edge (RFC 8216bis 6.2.2). */
const PART_TARGET_DURATIONS = 3;

/** Low-latency tags need no version of their own; EXT-X-MAP outside I-frame playlists needs 6, EXT-X-SKIP 9. */
const VERSION = 6;
const DELTA_VERSION = 9;
/** EXT-X-SKIP that leaves out date ranges. */
const DATE_RANGE_DELTA_VERSION = 10;

/** Media URLs, relative to the rendition's own playlist. */
export const initUri = (epoch: string): string => `${epoch}/init.mp4`;
export const segmentUri = (epoch: string, msn: number): string => `${epoch}/${String(msn)}.m4s`;
export const partUri = (epoch: string, msn: number, part: number): string =>
  `${epoch}/${String(msn)}.${String(part)}.m4s`;

/**
 * Renders one rendition's media playlist (RFC 8216bis 4.4.3 to 4.4.5).
 *
 * @param skip answer with a delta update where there are segments to skip (6.2.5.1)
 */
export function renderMediaPlaylist(
  presentation: PresentationSnapshot,
  name: string,
  skip: Skip = 'none',
): string | undefined {
  const rendition = presentation.renditions.find((r) => r.name === name);
  if (rendition === undefined) return undefined;
  const skipped = skip === 'none' || presentation.ended ? 0 : skippedSegments(presentation, rendition);
  const skipsDateRanges = skipped > 0 && skip === 'date-ranges';
  const lines = header(presentation, rendition, skipped, skipsDateRanges);
  lines.push(
    ...dateRangeLines(presentation, skipsDateRanges ? skipBoundary(presentation, rendition) : undefined),
  );
  lines.push(...segmentLines(presentation, rendition, skipped));
  if (presentation.ended) lines.push('#EXT-X-ENDLIST');
  else lines.push(...hintLines(rendition.next), ...reportLines(presentation, name, 'index.m3u8'));
  return `${lines.join('\n')}\n`;
}

function header(
  presentation: PresentationSnapshot,
  rendition: RenditionSnapshot,
  skipped: number,
  skipsDateRanges: boolean,
): string[] {
  const { targetDuration, partTarget } = presentation;
  const deltaVersion = skipsDateRanges ? DATE_RANGE_DELTA_VERSION : DELTA_VERSION;
  const version = skipped > 0 ? deltaVersion : VERSION;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${String(version)}`,
    `#EXT-X-TARGETDURATION:${String(targetDuration)}`,
    serverControl(presentation),
    `#EXT-X-PART-INF:PART-TARGET=${decimal(partTarget)}`,
    `#EXT-X-MEDIA-SEQUENCE:${String(rendition.mediaSequence)}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${String(rendition.discontinuitySequence)}`,
  ];
  if (skipped > 0) {
    const removed = skipsDateRanges ? removedSince(presentation, rendition) : undefined;
    const list = attributes({
      'SKIPPED-SEGMENTS': skipped,
      'RECENTLY-REMOVED-DATERANGES': removed && quoted(removed.join('\t')),
    });
    lines.push(`#EXT-X-SKIP:${list}`);
  }
  return lines;
}

/** Those that were added after `since` (ms since the Unix epoch): whoever may ask for a delta has the others. */
function dateRangeLines({ dateRanges }: PresentationSnapshot, since: number | undefined): string[] {
  const listed = since === undefined ? dateRanges : dateRanges.filter(({ added }) => added >= since);
  return listed.map(dateRangeLine);
}

/** Ids of the date ranges that left the playlist within the skip boundary. */
function removedSince(presentation: PresentationSnapshot, rendition: RenditionSnapshot): string[] {
  const since = skipBoundary(presentation, rendition);
  return presentation.removedDateRanges.filter(({ at }) => at >= since).map(({ id }) => id);
}

/** The instant that lies CAN-SKIP-UNTIL before the end of the playlist, in ms since the Unix epoch. */
function skipBoundary({ targetDuration }: PresentationSnapshot, { segments }: RenditionSnapshot): number {
  const last = segments.at(-1);
  const end = last === undefined ? 0 : last.programDateTime + last.duration * 1000;
  return end - SKIP_TARGET_DURATIONS * targetDuration * 1000;
}

function segmentLines(
  presentation: PresentationSnapshot,
  rendition: RenditionSnapshot,
  skipped: number,
): string[] {
  const lines: string[] = [];
  const { segments } = rendition;
  const partsFrom = firstWithParts(presentation, segments);
  for (let i = skipped; i < segments.length; i++) {
    const segment = segments[i];
    if (segment === undefined) break;
    const newEpoch = i === 0 || segments[i - 1]?.epoch !== segment.epoch;
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    // Repeated where a delta begins, so that its first segment is self-describing.
    if (newEpoch || (i === skipped && skipped > 0))
      lines.push(`#EXT-X-MAP:URI=${quoted(initUri(segment.epoch))}`);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(segment.programDateTime)}`);
    if (segment.gap) lines.push('#EXT-X-GAP');
    if (i >= partsFrom) lines.push(...partLines(segment));
    if (segment.complete)
      lines.push(`#EXTINF:${segment.duration.toFixed(5)},`, segmentUri(segment.epoch, segment.msn));
  }
  return lines;
}

function partLines(segment: SegmentInfo): string[] {
  return segment.parts.map((part) => {
    const list = attributes({
      DURATION: part.duration.toFixed(5),
      URI: quoted(partUri(segment.epoch, segment.msn, part.index)),
      INDEPENDENT: part.independent ? 'YES' : undefined,
    });
    return `#EXT-X-PART:${list}`;
  });
}

function hintLines(next: NextPart | undefined): string[] {
  if (next === undefined) return [];
  const part = `#EXT-X-PRELOAD-HINT:TYPE=PART,URI=${quoted(partUri(next.epoch, next.msn, next.part))}`;
  return next.newInit ? [`#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=${quoted(initUri(next.epoch))}`, part] : [part];
}

/** Index of the first segment whose parts are listed. */
function firstWithParts({ targetDuration }: PresentationSnapshot, segments: readonly SegmentInfo[]): number {
  let fromEnd = 0;
  for (let i = segments.length - 1; i >= 0; i--) {
    if (fromEnd > PART_TARGET_DURATIONS * targetDuration) return i + 1;
    fromEnd += segments[i]?.duration ?? 0;
  }
  return 0;
}

/** How many segments lie further from the end of the last complete one than the skip boundary (RFC 8216bis 4.4.5.2). */
function skippedSegments({ targetDuration }: PresentationSnapshot, { segments }: RenditionSnapshot): number {
  let fromEnd = 0;
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i];
    if (segment?.complete !== true) continue;
    fromEnd += segment.duration;
    if (fromEnd > SKIP_TARGET_DURATIONS * targetDuration) return i + 1;
  }
  return 0;
}
