import type { PlaylistVersion } from '../observation.js';

/** Bytes of playlist text kept for evidence, over all renditions. */
const MAX_TEXT = 128 * 1024 * 1024;

/** Segments, parts and other tags kept, over all renditions: a few hundred bytes each. */
const MAX_ENTRIES = 2_000_000;

/** Gives out memory for playlists until there is none left. */
export class PlaylistBudget {
  #left = MAX_TEXT;
  #entries = 0;
  /** There is none left for texts. */
  exhausted = false;

  /** There is none left for anything: no playlist is followed any further. */
  get isSpent(): boolean {
    return this.#entries > MAX_ENTRIES;
  }

  /** Counts what a version has that the one before it had not. */
  spend({ playlist, fresh }: Pick<PlaylistVersion, 'playlist' | 'fresh'>): void {
    this.#entries += playlist.tags.length;
    for (const { parts } of fresh) this.#entries += 1 + parts.length;
  }

  keep(text: string): string {
    if (text.length > this.#left) {
      this.exhausted = true;
      return '';
    }
    this.#left -= text.length;
    return text;
  }
}
