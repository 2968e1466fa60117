import {
  urlOf,
  type Asked,
  type PlaylistVersion,
  type Probe,
  type ProbeKind,
  type RenditionKind,
} from '../observation.js';
import { MAX_PLAYLIST_BYTES } from '../playlist/lines.js';
import { readMediaPlaylist, type PartEntry, type SegmentEntry } from '../playlist/media-playlist.js';
import type { Clock, RequestOptions, Transport } from '../transport.js';
import { canBlock, canSkip, holdLimit, nextPlace, withDirectives } from './playlist-follower.js';

/** Removed segments and parts of one rendition that are asked for once more. */
const MAX_KEPT = 3;

const TIMEOUT_MS = 10_000;

/** What is on its way at the deadline has so long to come. */
const AFTER_DEADLINE_MS = 2000;

/** Directives are tried on a rendition once it has shown so many versions: then it is known how it runs. */
const AFTER_VERSIONS = 2;

/** So far ahead that no live playlist gets there while the request is under way. */
const FAR = 1000;

const NAME_OF_NOTHING = 'no-such-file-4d1c7f.m4s';

/** Values that no directive may have. */
const MALFORMED = [
  '_HLS_msn=abc',
  '_HLS_msn=-1',
  '_HLS_msn=1&_HLS_msn=2',
  '_HLS_msn=99999999999999999999999',
];

interface Target {
  readonly version: PlaylistVersion;
  readonly url: string;
}

/** Makes requests on purpose, to see how they are answered: once for each rendition, most for the first one only. */
export class Prober {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #probes: Probe[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #directives = new Set<string>();
  readonly #boundaries = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #kept = new Map<string, number>();
  readonly #held = new Map<string, PlaylistVersion>();
  #general = false;

  constructor(transport: Transport, clock: Clock, deadline: number) {
    this.#transport = transport;
    this.#clock = clock;
    this.#deadline = deadline;
  }

  /** Looks whether a version gives occasion to a probe. */
  see(version: PlaylistVersion, url: string, kind: RenditionKind): void {
    const { rendition, playlist } = version;
    const target = { version, url };
    this.#removed(target);
    if (kind === 'subtitles' || kind === 'i-frames') return;
    if (playlist.ended) {
      if (!this.#ended.has(rendition)) this.#start(this.#afterEnd(target));
      this.#ended.add(rendition);
    } else if (version.number + 1 >= AFTER_VERSIONS && !this.#directives.has(rendition)) {
      this.#directives.add(rendition);
      if (canBlock(version)) this.#start(this.#blocking(target));
      if (canSkip(version)) this.#start(this.#deltas(target));
    }
    if (canBlock(version) && !this.#boundaries.has(rendition)) this.#atBoundary(target);
    if (!this.#general && (version.number + 1 >= AFTER_VERSIONS || playlist.ended)) {
      this.#general = true;
      this.#start(this.#http(target));
    }
  }

  /** Resolves with all probes when the last has its answer. */
  async settle(): Promise<readonly Probe[]> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    return this.#probes;
  }

  #start(work: Promise<void>): void {
    this.#running.add(work);
    void work.then(() => this.#running.delete(work));
  }

  async #blocking(target: Target): Promise<void> {
    const { version } = target;
    const next = nextPlace(version);
    const closed = version.segments.filter((segment) => segment.uri !== undefined).at(-1);
    const held = holdLimit(version);
    const waiting = [this.#directive('msn-alone', target, { msn: next.msn }, held)];
    const first = version.segments[0];
    if (first?.uri !== undefined) await this.#directive('stale-msn', target, { msn: first.msn });
    await this.#directive('part-alone', target, { part: 0 });
    await this.#directive('msn-too-far', target, { msn: next.msn + FAR });
    if (next.part > 0 || closed !== undefined)
      await this.#directive('part-too-far', target, { msn: next.msn, part: next.part + FAR });
    for (const query of MALFORMED)
      await this.#playlist('malformed', target, withQuery(target.url, query), query, {});
    if (first?.uri !== undefined) {
      const query = `extra=1&_HLS_part=0&_HLS_msn=${first.msn}`;
      await this.#playlist('extra-parameters', target, withQuery(target.url, query), query, {
        msn: first.msn,
        part: 0,
      });
    }
    await Promise.all(waiting);
  }

  /** A part beyond a segment that has just closed: later on the first part of the next one is there already. */
  #atBoundary(target: Target): void {
    const { version } = target;
    const last = version.segments.at(-1);
    if (last?.uri === undefined || last.parts.length === 0) return;
    this.#boundaries.add(version.rendition);
    const beyond = { msn: last.msn, part: last.parts.length };
    this.#start(this.#directive('part-beyond', target, beyond, holdLimit(version)));
  }

  async #deltas(target: Target): Promise<void> {
    await this.#directive('skip', target, { skip: 'YES' });
    await this.#directive('skip-v2', target, { skip: 'v2' });
  }

  async #afterEnd(target: Target): Promise<void> {
    const last = target.version.segments.at(-1);
    if (last !== undefined) await this.#directive('ended-directive', target, { msn: last.msn + 1 });
  }

  /** Plain HTTP: methods, ranges, conditions, what is not there. */
  async #http(target: Target): Promise<void> {
    const { version, url } = target;
    await this.#playlist('head-playlist', target, url, 'HEAD', {}, { method: 'HEAD' });
    await this.#playlist('range-playlist', target, url, 'bytes=0-9', {}, { headers: { range: 'bytes=0-9' } });
    const { exchange } = await this.#request(url, { maxBytes: MAX_PLAYLIST_BYTES });
    const tag = exchange.headers['etag'];
    if (tag !== undefined)
      await this.#playlist('etag', target, url, tag, {}, { headers: { 'if-none-match': tag } });
    const unknown = urlOf({ url }, { uri: NAME_OF_NOTHING });
    await this.#media('unknown', target, unknown, NAME_OF_NOTHING);
    await this.#media('preflight', target, url, 'OPTIONS', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://player.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range',
      },
    });
    const segment = version.segments.filter((each) => each.uri !== undefined && !each.gap).at(-1);
    if (segment?.uri === undefined || segment.byteRange !== undefined) return;
    const media = urlOf({ url }, { uri: segment.uri });
    await this.#media('head-media', target, media, segment.uri, { method: 'HEAD' });
    await this.#media('range', target, media, 'bytes=0-99', { headers: { range: 'bytes=0-99' } });
    const beyond = 'bytes=1099511627776-';
    await this.#media('range-beyond', target, media, beyond, { headers: { range: beyond } });
  }

  /** What has just left the playlist has to stay for a while (RFC 8216bis 6.2.2). */
  #removed(target: Target): void {
    const { version } = target;
    const before = this.#held.get(version.rendition);
    this.#held.set(version.rendition, version);
    const count = this.#kept.get(version.rendition) ?? 0;
    if (before === undefined || count >= 2 * MAX_KEPT) return;
    const first = version.segments[0]?.msn ?? Number.POSITIVE_INFINITY;
    const removed = before.segments.find((segment) => segment.msn < first && !segment.gap);
    const listed = new Map(version.segments.map((segment) => [segment.msn, segment]));
    const bare = before.segments.find(
      (segment) => segment.parts.length > 0 && listed.get(segment.msn)?.parts.length === 0,
    );
    const part = bare?.parts.find((each) => !each.gap);
    if (removed !== undefined) this.#keep('kept-segment', target, removed);
    if (part !== undefined) this.#keep('kept-part', target, part);
  }

  #keep(
    kind: 'kept-segment' | 'kept-part',
    target: Target,
    { uri, byteRange }: SegmentEntry | PartEntry,
  ): void {
    const { rendition } = target.version;
    if (uri === undefined || byteRange !== undefined) return;
    this.#kept.set(rendition, (this.#kept.get(rendition) ?? 0) + 1);
    this.#start(this.#media(kind, target, urlOf({ url: target.url }, { uri }), uri));
  }

  #directive(kind: ProbeKind, target: Target, asked: Asked, timeout = TIMEOUT_MS): Promise<void> {
    const url = withDirectives(target.url, asked);
    return this.#playlist(kind, target, url, url.slice(target.url.length + 1), asked, { timeout });
  }

  async #playlist(
    kind: ProbeKind,
    target: Target,
    url: string,
    about: string,
    asked: Asked,
    options: Partial<RequestOptions> = {},
  ): Promise<void> {
    const answer = await this.#request(url, { maxBytes: MAX_PLAYLIST_BYTES, ...options });
    const text = answer.body.toString('utf8');
    const playlist = text.startsWith('#EXTM3U') ? readMediaPlaylist(text) : undefined;
    this.#record(kind, target, about, asked, answer, playlist);
  }

  async #media(
    kind: ProbeKind,
    target: Target,
    url: string,
    about: string,
    options: Partial<RequestOptions> = {},
  ): Promise<void> {
    const answer = await this.#request(url, options);
    this.#record(kind, target, about, {}, answer, undefined);
  }

  #request(url: string, options: Partial<RequestOptions>) {
    const left = Math.max(0, this.#deadline - this.#clock.now());
    const timeout = Math.min(options.timeout ?? TIMEOUT_MS, left + AFTER_DEADLINE_MS);
    return this.#transport.request(url, { maxBytes: MAX_MEDIA_BYTES, ...options, timeout });
  }

  #record(
    kind: ProbeKind,
    { version }: Target,
    about: string,
    asked: Asked,
    answer: Awaited<ReturnType<Transport['request']>>,
    playlist: Probe['playlist'],
  ): void {
    this.#probes.push({
      kind,
      rendition: version.rendition,
      exchange: answer.exchange,
      asked,
      about,
      playlist,
      bodyBytes: answer.body.length,
      known: version,
    });
  }
}

const MAX_MEDIA_BYTES = 64 * 1024 * 1024;

const withQuery = (url: string, query: string): string => `${url}${url.includes('?') ? '&' : '?'}${query}`;
