import type { RenditionSnapshot } from '../origin/snapshot.js';

/** Audio renditions between which a player may choose: of one codec, so that it can play all or none. */
export interface AudioGroup {
  readonly id: string;
  readonly members: readonly [RenditionSnapshot, ...RenditionSnapshot[]];
}

const FIRST_GROUP = 'audio';

/** `mp4a.40.2` and `mp4a.40.5` need the same decoder; MP3 (`mp4a.40.34`) is another. */
const codecOf = ({ codecString }: RenditionSnapshot): string =>
  codecString.startsWith('mp4a.40.') && codecString !== 'mp4a.40.34' ? 'aac' : codecString;

/**
 * Puts audio renditions, the default one first, into groups by codec. Groups must correspond member by member (RFC
 * 8216bis 4.4.6.1.1): they are encodings of the same, of which a player takes one that it can play. Renditions of
 * another codec that the default's group has no counterparts for are therefore left out.
 */
export function audioGroups(renditions: readonly RenditionSnapshot[]): AudioGroup[] {
  const byCodec = new Map<string, [RenditionSnapshot, ...RenditionSnapshot[]]>();
  for (const rendition of renditions) {
    const members = byCodec.get(codecOf(rendition));
    if (members === undefined) byCodec.set(codecOf(rendition), [rendition]);
    else members.push(rendition);
  }
  const groups = [...byCodec].map(([codec, members], i) => ({
    id: i === 0 ? FIRST_GROUP : `${FIRST_GROUP}-${codec.toLowerCase()}`,
    members,
  }));
  return groups.filter(({ members }) => members.length === groups[0]?.members.length);
}
