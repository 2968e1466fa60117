/** A tag with the number of its line, from 1. */
export interface Tag {
  readonly name: string;
  /** What stands after the colon; empty where there is none. */
  readonly value: string;
  readonly line: number;
}

/** Longest playlist that is read; a longer one is cut off by the client. */
export const MAX_PLAYLIST_BYTES = 4 * 1024 * 1024;

/** Lines beyond this are not read: a window of a day in half-second segments fits. */
export const MAX_LINES = 1_000_000;

/** The lines of a playlist without their ends. */
export const linesOf = (text: string): string[] => text.split(/\r?\n/, MAX_LINES);

/** The tag on a line; undefined for a URI, a comment and an empty line. */
export function tagOf(line: string, number: number): Tag | undefined {
  if (!line.startsWith('#EXT')) return undefined;
  const colon = line.indexOf(':');
  return {
    name: colon < 0 ? line.slice(1) : line.slice(1, colon),
    value: colon < 0 ? '' : line.slice(colon + 1),
    line: number,
  };
}

/** Tags whose value is an attribute list. */
export const ATTRIBUTE_TAGS: ReadonlySet<string> = new Set([
  'EXT-X-START',
  'EXT-X-DEFINE',
  'EXT-X-PART-INF',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-KEY',
  'EXT-X-MAP',
  'EXT-X-PART',
  'EXT-X-DATERANGE',
  'EXT-X-SKIP',
  'EXT-X-PRELOAD-HINT',
  'EXT-X-RENDITION-REPORT',
  'EXT-X-MEDIA',
  'EXT-X-STREAM-INF',
  'EXT-X-I-FRAME-STREAM-INF',
  'EXT-X-SESSION-DATA',
  'EXT-X-SESSION-KEY',
  'EXT-X-CONTENT-STEERING',
]);

/** Tags that only a multivariant playlist has. */
export const MULTIVARIANT_TAGS: ReadonlySet<string> = new Set([
  'EXT-X-MEDIA',
  'EXT-X-STREAM-INF',
  'EXT-X-I-FRAME-STREAM-INF',
  'EXT-X-SESSION-DATA',
  'EXT-X-SESSION-KEY',
  'EXT-X-CONTENT-STEERING',
]);

/** Tags that only a media playlist has, each at most once in it. */
export const MEDIA_PLAYLIST_TAGS: ReadonlySet<string> = new Set([
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-ENDLIST',
  'EXT-X-PLAYLIST-TYPE',
  'EXT-X-I-FRAMES-ONLY',
  'EXT-X-PART-INF',
  'EXT-X-SERVER-CONTROL',
]);

/** Tags of single segments, and of low latency. */
export const SEGMENT_TAGS: ReadonlySet<string> = new Set([
  'EXTINF',
  'EXT-X-BYTERANGE',
  'EXT-X-DISCONTINUITY',
  'EXT-X-KEY',
  'EXT-X-MAP',
  'EXT-X-PROGRAM-DATE-TIME',
  'EXT-X-GAP',
  'EXT-X-BITRATE',
  'EXT-X-PART',
  'EXT-X-DATERANGE',
  'EXT-X-SKIP',
  'EXT-X-PRELOAD-HINT',
  'EXT-X-RENDITION-REPORT',
]);
