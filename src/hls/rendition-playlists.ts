import type { PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';
import { iFrameReadiness, readiness, type Directives, type Readiness, type Skip } from './directives.js';
import { renderIFramePlaylist } from './i-frame-playlist.js';
import { renderMediaPlaylist } from './media-playlist.js';
import type { PlaylistFile } from './rendition-reports.js';

/** One kind of playlist that a rendition has. */
export interface RenditionPlaylist {
  readonly file: PlaylistFile;
  /** Undefined where the rendition has no such playlist, or there is no such rendition. */
  readonly render: (presentation: PresentationSnapshot, name: string, skip: Skip) => string | undefined;
  /** Whether a blocking reload can be answered with this snapshot. */
  readonly readiness: (
    presentation: PresentationSnapshot,
    rendition: RenditionSnapshot,
    asked: Directives,
  ) => Readiness;
}

const PLAYLISTS: readonly RenditionPlaylist[] = [
  { file: 'index.m3u8', render: renderMediaPlaylist, readiness },
  { file: 'iframes.m3u8', render: renderIFramePlaylist, readiness: iFrameReadiness },
];

/** @param file the last part of the URL's path */
export const renditionPlaylist = (file: string): RenditionPlaylist | undefined =>
  PLAYLISTS.find((playlist) => playlist.file === file);
