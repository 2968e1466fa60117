import { numberOf, readAttributes, textOf, type AttributeList } from './attribute-list.js';
import { linesOf, tagOf, type Tag } from './lines.js';

export interface Variant {
  readonly attributes: AttributeList;
  /** Undefined where no URI line follows the tag. */
  readonly uri: string | undefined;
  readonly line: number;
}

/** EXT-X-MEDIA or EXT-X-I-FRAME-STREAM-INF. */
export interface Listed {
  readonly attributes: AttributeList;
  readonly uri: string | undefined;
  readonly line: number;
}

export interface MultivariantPlaylist {
  readonly tags: readonly Tag[];
  readonly variants: readonly Variant[];
  readonly media: readonly Listed[];
  readonly iFrames: readonly Listed[];
}

/** Whether a playlist is a multivariant one: it says so by its first tag of either kind. */
export const isMultivariant = (text: string): boolean =>
  /^#EXT-X-(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF):/m.test(text);

/** Reads a multivariant playlist. Never throws. */
export function readMultivariantPlaylist(text: string): MultivariantPlaylist {
  const tags: Tag[] = [];
  const variants: Variant[] = [];
  const media: Listed[] = [];
  const iFrames: Listed[] = [];
  const lines = linesOf(text);
  lines.forEach((line, index) => {
    const tag = tagOf(line, index + 1);
    if (tag === undefined) return;
    tags.push(tag);
    const attributes = readAttributes(tag.value);
    const entry = { attributes, uri: textOf(attributes, 'URI'), line: tag.line };
    if (tag.name === 'EXT-X-MEDIA') media.push(entry);
    else if (tag.name === 'EXT-X-I-FRAME-STREAM-INF') iFrames.push(entry);
    else if (tag.name === 'EXT-X-STREAM-INF') {
      const next = lines[index + 1];
      const isUri = next !== undefined && next !== '' && !next.startsWith('#');
      variants.push({ attributes, uri: isUri ? next : undefined, line: tag.line });
    }
  });
  return { tags, variants, media, iFrames };
}

/** Groups of one type that a variant refers to. */
export const GROUP_ATTRIBUTES = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const;

/** EXT-X-MEDIA entries of the group that a variant names for a type. */
export function membersOf(playlist: MultivariantPlaylist, variant: Variant, type: string): readonly Listed[] {
  const group = textOf(variant.attributes, type);
  if (group === undefined) return [];
  return playlist.media.filter(
    ({ attributes }) => textOf(attributes, 'TYPE') === type && textOf(attributes, 'GROUP-ID') === group,
  );
}

export const bandwidthOf = (variant: Variant): number | undefined =>
  numberOf(variant.attributes, 'BANDWIDTH');

/** The formats that CODECS names. */
export const codecsOf = (variant: Variant | Listed): readonly string[] =>
  (textOf(variant.attributes, 'CODECS') ?? '')
    .split(',')
    .map((codec) => codec.trim())
    .filter((codec) => codec !== '');
