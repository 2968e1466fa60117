import type { IFrameInfo, PresentationSnapshot, RenditionSnapshot, SegmentInfo } from '../origin/snapshot.js';
import type { Skip } from './directives.js';
import { initUri, segmentUri } from './media-playlist.js';
import { reportLines } from './rendition-reports.js';
import { serverControl, SKIP_TARGET_DURATIONS } from './server-control.js';
import { dateTime, quoted } from './tags.js';

/** EXT-X-MAP in an I-frame playlist needs 5, EXT-X-SKIP 9. */
const VERSION = 5;
const DELTA_VERSION = 9;

interface Entry {
  readonly segment: SegmentInfo;
  readonly iFrame: IFrameInfo;
}

/**
 * Renders the I-frame playlist of a video rendition (RFC 8216bis 4.4.3.6): each I-frame of its complete segments as a
 * range of the segment's bytes. A range goes from the fragment's header to the end of the picture, so the fragment is cut
 * off behind its first sample. There are no parts in it, and no date ranges.
 *
 * @param skip answer with a delta update where there is something to skip (6.2.5.1)
 */
export function renderIFramePlaylist(
  presentation: PresentationSnapshot,
  name: string,
  skip: Skip = 'none',
): string | undefined {
  const rendition = presentation.renditions.find((r) => r.name === name);
  if (rendition?.iFrames === undefined) return undefined;
  const entries = rendition.segments.flatMap((segment) =>
    segment.iFrames.map((iFrame): Entry => ({ segment, iFrame })),
  );
  const skipped = skip === 'none' || presentation.ended ? 0 : skippedEntries(presentation, entries);
  const lines = [
    ...header(presentation, rendition, rendition.iFrames.first, skipped),
    ...entryLines(entries, skipped),
    ...(presentation.ended ? ['#EXT-X-ENDLIST'] : reportLines(presentation, name, 'iframes.m3u8')),
  ];
  return `${lines.join('\n')}\n`;
}

function header(
  presentation: PresentationSnapshot,
  { discontinuitySequence }: RenditionSnapshot,
  mediaSequence: number,
  skipped: number,
): string[] {
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${String(skipped > 0 ? DELTA_VERSION : VERSION)}`,
    `#EXT-X-TARGETDURATION:${String(presentation.targetDuration)}`,
    serverControl(presentation),
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MEDIA-SEQUENCE:${String(mediaSequence)}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${String(discontinuitySequence)}`,
  ];
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${String(skipped)}`);
  return lines;
}

function entryLines(entries: readonly Entry[], skipped: number): string[] {
  const lines: string[] = [];
  let before = entries[skipped - 1]?.segment;
  for (const [i, { segment, iFrame }] of entries.slice(skipped).entries()) {
    if (segment !== before && segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    // Repeated where a delta begins, so that its first entry is self-describing.
    if (i === 0 || segment.epoch !== before?.epoch)
      lines.push(`#EXT-X-MAP:URI=${quoted(initUri(segment.epoch))}`);
    before = segment;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(iFrame.programDateTime)}`);
    if (iFrame.bytes === undefined) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${iFrame.duration.toFixed(5)},`);
    if (iFrame.bytes !== undefined)
      lines.push(`#EXT-X-BYTERANGE:${String(iFrame.bytes.length)}@${String(iFrame.bytes.offset)}`);
    lines.push(segmentUri(segment.epoch, segment.msn));
  }
  return lines;
}

/** How many entries lie further from the end than the skip boundary (RFC 8216bis 4.4.5.2). */
function skippedEntries({ targetDuration }: PresentationSnapshot, entries: readonly Entry[]): number {
  let fromEnd = 0;
  for (let i = entries.length - 1; i >= 0; i--) {
    fromEnd += entries[i]?.iFrame.duration ?? 0;
    if (fromEnd > SKIP_TARGET_DURATIONS * targetDuration) return i + 1;
  }
  return 0;
}
