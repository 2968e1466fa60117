import type { Fragments } from './boxes/fragments.js';
import type { InitSegment } from './boxes/init-segment.js';
import type { ByteRange, MediaPlaylist, PartEntry, SegmentEntry } from './playlist/media-playlist.js';
import type { MultivariantPlaylist } from './playlist/multivariant-playlist.js';
import type { Exchange } from './transport.js';

/** Delivery directives of a request as the checker sent them. */
export interface Asked {
  readonly msn?: number | undefined;
  readonly part?: number | undefined;
  readonly skip?: 'YES' | 'v2' | undefined;
}

/** One answer to a playlist request. */
export interface PlaylistVersion {
  readonly rendition: string;
  /** Counts the rendition's versions from 0. */
  readonly number: number;
  readonly exchange: Exchange;
  readonly asked: Asked;
  /** As it was sent; empty once the memory for texts is used up. */
  readonly text: string;
  readonly playlist: MediaPlaylist;
  /** What a client holds after it: for a delta update with the segments that it skips. */
  readonly segments: readonly SegmentEntry[];
  /** Those of `segments` that are not the very same in the version before. */
  readonly fresh: readonly SegmentEntry[];
  /** Media sequence numbers that it skips and no client can have. */
  readonly missing: readonly number[];
  /** The request before it got no playlist, so nobody saw when its news came. */
  readonly afterFailure: boolean;
}

/** One fetch of media. */
export interface MediaObservation {
  readonly rendition: string;
  readonly kind: 'init' | 'segment' | 'part';
  /** As it is listed. */
  readonly uri: string;
  readonly url: string;
  readonly byteRange: ByteRange | undefined;
  /** Seconds as listed; undefined for an init segment and for a hinted part. */
  readonly duration: number | undefined;
  /** Asked for because of a preload hint, before it was listed. */
  readonly hinted: boolean;
  readonly exchange: Exchange;
  readonly container: 'mp4' | 'ts' | 'other';
  readonly init: InitSegment | undefined;
  readonly fragments: Fragments | undefined;
}

export type RenditionKind = 'variant' | 'audio' | 'video' | 'subtitles' | 'i-frames';

export interface RenditionObservation {
  readonly name: string;
  /** What its URIs are relative to: after redirects. */
  readonly url: string;
  /** As the multivariant playlist has it. */
  readonly listedUrl: string;
  readonly kind: RenditionKind;
  readonly versions: readonly PlaylistVersion[];
  /** Playlist requests that got no playlist. */
  readonly failures: readonly PlaylistFailure[];
  /** By `mediaKey`. */
  readonly media: ReadonlyMap<string, MediaObservation>;
}

export interface PlaylistFailure {
  readonly exchange: Exchange;
  readonly asked: Asked;
}

export interface MultivariantVersion {
  readonly exchange: Exchange;
  readonly text: string;
  readonly playlist: MultivariantPlaylist;
}

export type ProbeKind =
  | 'msn-alone'
  | 'part-beyond'
  | 'part-alone'
  | 'msn-too-far'
  | 'part-too-far'
  | 'stale-msn'
  | 'malformed'
  | 'extra-parameters'
  | 'skip'
  | 'skip-v2'
  | 'ended-directive'
  | 'head-playlist'
  | 'head-media'
  | 'range'
  | 'range-beyond'
  | 'range-playlist'
  | 'etag'
  | 'unknown'
  | 'preflight'
  | 'kept-segment'
  | 'kept-part';

/** A request made on purpose to see how a server answers it. */
export interface Probe {
  readonly kind: ProbeKind;
  readonly rendition: string;
  readonly exchange: Exchange;
  readonly asked: Asked;
  /** What it was about, in words: the value sent, the segment asked for. */
  readonly about: string;
  /** The answer, where it is a playlist. */
  readonly playlist: MediaPlaylist | undefined;
  readonly bodyBytes: number;
  /** The newest version known when it was sent. */
  readonly known: PlaylistVersion;
}

/** All that was seen. Rules are pure functions of it. */
export interface Observation {
  readonly url: string;
  /** ms since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly multivariant: MultivariantVersion | undefined;
  readonly renditions: readonly RenditionObservation[];
  readonly probes: readonly Probe[];
  /** Whether probes were made. */
  readonly active: boolean;
  /** What a TLS server chooses that may choose HTTP/2; undefined for plain HTTP. */
  readonly http2: boolean | undefined;
  /** Bounds that were reached, in words. */
  readonly limits: readonly string[];
}

/** What tells one fetch of media from another. */
export const mediaKey = (url: string, range: ByteRange | undefined): string =>
  range === undefined ? url : `${url}@${range.start}`;

const resolved = new WeakMap<object, string>();

/** The absolute URL of something that a rendition's playlist lists. */
export function urlOf(rendition: { readonly url: string }, entry: { readonly uri: string }): string {
  let url = resolved.get(entry);
  if (url === undefined) {
    url = URL.canParse(entry.uri, rendition.url) ? new URL(entry.uri, rendition.url).href : entry.uri;
    resolved.set(entry, url);
  }
  return url;
}

type Fetched = PartEntry | SegmentEntry | { readonly uri: string; readonly byteRange: ByteRange | undefined };

/** The fetch of a listed part, segment or init segment; undefined where there was none. */
export function mediaOf(rendition: RenditionObservation, entry: Fetched): MediaObservation | undefined {
  const { uri } = entry;
  if (uri === undefined) return undefined;
  return rendition.media.get(mediaKey(urlOf(rendition, { uri }), entry.byteRange));
}

/** The segment's init segment, where it was fetched and could be read. */
export const initOf = (rendition: RenditionObservation, segment: SegmentEntry): InitSegment | undefined =>
  segment.map === undefined ? undefined : mediaOf(rendition, segment.map)?.init;
