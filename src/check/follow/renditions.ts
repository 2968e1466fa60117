import type { RenditionKind } from '../observation.js';
import { textOf } from '../playlist/attribute-list.js';
import type { MultivariantPlaylist } from '../playlist/multivariant-playlist.js';

/** A media playlist to follow. */
export interface RenditionSource {
  readonly name: string;
  readonly url: string;
  readonly kind: RenditionKind;
}

/** Media playlists followed at one time. */
export const MAX_RENDITIONS = 32;

const KINDS: Readonly<Record<string, RenditionKind>> = {
  AUDIO: 'audio',
  VIDEO: 'video',
  SUBTITLES: 'subtitles',
};

/** The media playlists that a multivariant playlist lists. */
export interface RenditionSources {
  /** Each once, and no more than are followed. */
  readonly sources: readonly RenditionSource[];
  /** How many are listed. */
  readonly listed: number;
}

/** The first media playlists that a multivariant playlist lists, and how many there are. */
export function renditionsOf(playlist: MultivariantPlaylist, base: string): RenditionSources {
  const found = new Map<string, RenditionKind>();
  const add = (uri: string | undefined, kind: RenditionKind): void => {
    if (uri === undefined || !URL.canParse(uri, base)) return;
    const url = new URL(uri, base).href;
    if (!found.has(url)) found.set(url, kind);
  };
  for (const variant of playlist.variants) add(variant.uri, 'variant');
  for (const media of playlist.media) {
    const kind = KINDS[textOf(media.attributes, 'TYPE') ?? ''];
    if (kind !== undefined) add(media.uri, kind);
  }
  for (const iFrames of playlist.iFrames) add(iFrames.uri, 'i-frames');
  const followed = [...found].slice(0, MAX_RENDITIONS);
  const urls = followed.map(([url]) => url);
  return {
    sources: followed.map(([url, kind]) => ({ url, kind, name: nameOf(url, urls) })),
    listed: found.size,
  };
}

/** What tells a URL from the others: what it does not share with them, without the file that all have. */
export function nameOf(url: string, all: readonly string[]): string {
  const steps = (text: string): string[] => new URL(text).pathname.split('/').filter((step) => step !== '');
  const own = steps(url);
  const others = all.filter((other) => other !== url).map(steps);
  let front = 0;
  while (others.length > 0 && front < own.length - 1 && others.every((other) => other[front] === own[front]))
    front++;
  const shortened = others.length === 0 ? own.slice(-2) : own.slice(front);
  const name = shortened
    .join('/')
    .replace(/\.m3u8?$/, '')
    .replace(/\/(?:index|playlist|media|stream|prog_index|chunklist)$/, '');
  const clashes = others.filter((other) => other.join('/') === own.join('/')).length > 0;
  return clashes || name === '' ? url : name;
}
