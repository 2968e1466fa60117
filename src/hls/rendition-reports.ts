import type { IFrameTotals, PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';
import { offersIFrames } from './i-frames.js';
import { attributes, quoted } from './tags.js';

/** The playlists of a rendition, by the last part of their URLs. */
export type PlaylistFile = 'index.m3u8' | 'iframes.m3u8';

/**
 * EXT-X-RENDITION-REPORT for every other playlist that the multivariant playlist names, those of I-frames included (RFC
 * 8216bis 4.4.5.4).
 */
export function reportLines(presentation: PresentationSnapshot, name: string, file: PlaylistFile): string[] {
  const lines: string[] = [];
  for (const other of presentation.renditions) {
    if (!other.active) continue;
    if (other.name !== name || file !== 'index.m3u8') lines.push(mediaReport(other));
    if (offersIFrames(other) && (other.name !== name || file !== 'iframes.m3u8'))
      lines.push(iFrameReport(other.name, other.iFrames));
  }
  return lines;
}

function mediaReport({ name, segments, mediaSequence }: RenditionSnapshot): string {
  const last = segments.at(-1);
  return report(name, 'index.m3u8', last?.msn ?? mediaSequence, last?.parts.at(-1)?.index);
}

const iFrameReport = (name: string, { first, next }: IFrameTotals): string =>
  report(name, 'iframes.m3u8', Math.max(first, next - 1));

function report(name: string, file: PlaylistFile, msn: number, part?: number): string {
  const list = attributes({ URI: quoted(`../${name}/${file}`), 'LAST-MSN': msn, 'LAST-PART': part });
  return `#EXT-X-RENDITION-REPORT:${list}`;
}
