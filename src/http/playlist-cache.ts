import { constants, gzipSync } from 'node:zlib';
import type { Skip } from '../hls/directives.js';
import { renderMultivariantPlaylist } from '../hls/multivariant-playlist.js';
import type { RenditionPlaylist } from '../hls/rendition-playlists.js';
import type { PresentationSnapshot } from '../origin/snapshot.js';

/** A playlist's bytes, and the same compressed when somebody takes it so. */
export interface RenderedPlaylist {
  readonly body: Buffer;
  readonly gzip: () => Buffer;
}

/** What has been rendered of one snapshot; goes with it. */
const rendered = new WeakMap<PresentationSnapshot, Map<string, RenderedPlaylist>>();

function once(
  snapshot: PresentationSnapshot,
  key: string,
  render: () => string | undefined,
): RenderedPlaylist | undefined {
  let playlists = rendered.get(snapshot);
  if (playlists === undefined) rendered.set(snapshot, (playlists = new Map<string, RenderedPlaylist>()));
  const kept = playlists.get(key);
  if (kept !== undefined) return kept;
  const text = render();
  if (text === undefined) return undefined;
  const body = Buffer.from(text);
  let compressed: Buffer | undefined;
  const playlist = {
    body,
    gzip: () => (compressed ??= gzipSync(body, { level: constants.Z_BEST_SPEED })),
  };
  playlists.set(key, playlist);
  return playlist;
}

/** A playlist of a rendition, rendered once a snapshot however many viewers ask; undefined where there is none. */
export function renderedOnce(
  snapshot: PresentationSnapshot,
  { file, render }: RenditionPlaylist,
  rendition: string,
  skip: Skip,
): RenderedPlaylist | undefined {
  return once(snapshot, `${skip} ${rendition}/${file}`, () => render(snapshot, rendition, skip));
}

export function multivariantPlaylist(snapshot: PresentationSnapshot): RenderedPlaylist | undefined {
  return once(snapshot, 'multivariant', () => renderMultivariantPlaylist(snapshot));
}
