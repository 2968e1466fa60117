import { renderMediaPlaylist } from '../hls/media-playlist.js';
import { renderMultivariantPlaylist } from '../hls/multivariant-playlist.js';
import type { PresentationSnapshot } from '../origin/snapshot.js';

/** What has been rendered of one snapshot; goes with it. */
const rendered = new WeakMap<PresentationSnapshot, Map<string, string>>();

function once(
  snapshot: PresentationSnapshot,
  key: string,
  render: () => string | undefined,
): string | undefined {
  let texts = rendered.get(snapshot);
  if (texts === undefined) rendered.set(snapshot, (texts = new Map<string, string>()));
  let text = texts.get(key);
  if (text === undefined) {
    text = render();
    if (text !== undefined) texts.set(key, text);
  }
  return text;
}

/** The media playlist of a rendition, rendered once a snapshot however many viewers ask. */
export function mediaPlaylist(
  snapshot: PresentationSnapshot,
  rendition: string,
  skip: boolean,
): string | undefined {
  return once(snapshot, `${skip ? 'delta' : 'full'} ${rendition}`, () =>
    renderMediaPlaylist(snapshot, rendition, skip),
  );
}

export function multivariantPlaylist(snapshot: PresentationSnapshot): string {
  return once(snapshot, 'multivariant', () => renderMultivariantPlaylist(snapshot)) ?? '';
}
