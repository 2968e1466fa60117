import type { Observation, PlaylistVersion } from '../../../src/check/observation.js';
import { readMediaPlaylist, type MediaPlaylist } from '../../../src/check/playlist/media-playlist.js';
import { applyUpdate } from '../../../src/check/playlist/versions.js';

/** What was seen, with the text of every media playlist changed and read again. */
export function rewritten(
  seen: Observation,
  change: (text: string, context: { readonly name: string; readonly playlist: MediaPlaylist }) => string,
): Observation {
  return {
    ...seen,
    renditions: seen.renditions.map((rendition) => {
      const versions: PlaylistVersion[] = [];
      for (const version of rendition.versions) {
        const text = change(version.text, { name: rendition.name, playlist: version.playlist });
        const playlist = readMediaPlaylist(text);
        const held = versions.at(-1)?.segments ?? [];
        const { segments, missing } = applyUpdate(playlist, held);
        const fresh = segments.filter((segment) => !held.includes(segment));
        versions.push({ ...version, text, playlist, segments, missing, fresh });
      }
      return { ...rendition, versions };
    }),
  };
}
