import type { IFrameTotals, RenditionSnapshot } from '../origin/snapshot.js';

/**
 * Whether the multivariant playlist names the rendition's I-frame playlist: there is an I-frame to show, or one in the
 * open segment, for whose end a request for the playlist waits.
 */
export function offersIFrames(
  rendition: RenditionSnapshot,
): rendition is RenditionSnapshot & { readonly iFrames: IFrameTotals } {
  const { iFrames, segments } = rendition;
  return iFrames !== undefined && (iFrames.count > 0 || segments.at(-1)?.parts[0]?.independent === true);
}
