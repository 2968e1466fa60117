import { readFragments } from '../boxes/fragments.js';
import { readInitSegment, type InitSegment } from '../boxes/init-segment.js';
import {
  mediaKey,
  urlOf,
  type MediaObservation,
  type PlaylistVersion,
  type RenditionKind,
} from '../observation.js';
import type { ByteRange, MapEntry, SegmentEntry } from '../playlist/media-playlist.js';
import { succeeded, type Answer, type Clock, type Transport } from '../transport.js';
import { holdLimit } from './playlist-follower.js';

/** Fetches of media kept for one rendition. */
export const MAX_MEDIA = 50_000;

/** Longest piece of media that is read. */
const MAX_MEDIA_BYTES = 64 * 1024 * 1024;

/** Listed media fetched at one time for one rendition. */
const CONCURRENCY = 4;

/** What a live playlist lists already is fetched this many target durations back. */
const HISTORY_TARGET_DURATIONS = 3;

/** Hints waited for at one time for one rendition: a playlist has one part hint (RFC 8216bis 4.4.5.3), and a late answer may overlap. */
const MAX_HINTED = 4;

/** Of an I-frame playlist only so many pictures are fetched. */
const MAX_I_FRAMES = 4;

/** Last byte of a range whose end is not known yet (RFC 8216bis 6.2.6). */
const OPEN_END = Number.MAX_SAFE_INTEGER;

interface Wanted {
  readonly kind: MediaObservation['kind'];
  readonly uri: string;
  readonly byteRange: ByteRange | undefined;
  readonly duration: number | undefined;
  readonly map: MapEntry | undefined;
  readonly encrypted: boolean;
}

export interface FetcherOptions {
  readonly name: string;
  readonly kind: RenditionKind;
  /** The playlist's URL: what listed URIs are relative to. */
  readonly url: () => string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly deadline: number;
}

/** Fetches every part and segment of one rendition once, reads its boxes and lets go of the bytes. */
export class MediaFetcher {
  readonly media = new Map<string, MediaObservation>();
  readonly #options: FetcherOptions;
  readonly #inits = new Map<string, Promise<InitSegment | undefined>>();
  readonly #asked = new Set<string>();
  readonly #queue: Wanted[] = [];
  /** Hints on their way, with what they were listed as in the meantime. */
  readonly #hinted = new Map<string, Wanted | undefined>();
  readonly #running = new Set<Promise<void>>();
  #busy = 0;
  /** Nothing before this segment is fetched, whatever becomes of how it is listed. */
  #from = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Fetches what a version lists or hints and was not asked for yet. */
  see(version: PlaylistVersion): void {
    const listed = version.number === 0 ? this.#history(version) : version.fresh;
    if (version.number === 0) this.#from = listed[0]?.msn ?? 0;
    const last = version.segments.at(-1);
    for (const segment of listed) {
      if (segment.gap || segment.msn < this.#from) continue;
      const common = { map: segment.map, encrypted: segment.keys !== '' };
      // Of the past only whole segments are fetched.
      const past = version.number === 0 && segment !== last;
      for (const part of past ? [] : segment.parts)
        if (!part.gap) this.#want({ kind: 'part', ...common, ...part });
      const { uri, byteRange, duration } = segment;
      if (uri !== undefined) this.#want({ kind: 'segment', ...common, uri, byteRange, duration });
    }
    this.#hints(version);
    this.#work();
  }

  /** Resolves when nothing is fetched any more. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #history({ playlist, segments }: PlaylistVersion): readonly SegmentEntry[] {
    if (this.#options.kind === 'i-frames') return segments.slice(-MAX_I_FRAMES);
    if (playlist.ended) return segments;
    const limit = HISTORY_TARGET_DURATIONS * (playlist.targetDuration ?? 2);
    let seconds = 0;
    let from = segments.length;
    while (from > 0 && seconds < limit) seconds += segments[--from]?.duration ?? 0;
    return segments.slice(from);
  }

  #hints(version: PlaylistVersion): void {
    if (this.#options.clock.now() >= this.#options.deadline) return;
    const map = version.segments.at(-1)?.map;
    for (const { type, uri, byteRange } of version.playlist.hints) {
      const wanted = { kind: 'part', uri, byteRange, duration: undefined, map, encrypted: false } as const;
      const key = this.#key(wanted);
      if (type !== 'PART' || version.playlist.ended || this.#asked.has(key)) continue;
      if (this.#hinted.size >= MAX_HINTED || this.#asked.size >= MAX_MEDIA) return;
      this.#asked.add(key);
      this.#hinted.set(key, undefined);
      this.#start(this.#fetch(wanted, key, holdLimit(version)));
    }
  }

  #want(wanted: Wanted): void {
    const key = this.#key(wanted);
    if (this.#hinted.has(key)) this.#hinted.set(key, wanted);
    if (this.#asked.has(key) || this.#asked.size >= MAX_MEDIA) return;
    this.#asked.add(key);
    this.#queue.push(wanted);
  }

  #work(): void {
    while (this.#busy < CONCURRENCY && this.#options.clock.now() < this.#options.deadline) {
      const wanted = this.#queue.shift();
      if (wanted === undefined) return;
      this.#busy += 1;
      this.#start(
        this.#fetch(wanted, this.#key(wanted), LISTED_TIMEOUT_MS).then(() => {
          this.#busy -= 1;
          this.#work();
        }),
      );
    }
  }

  #start(work: Promise<void>): void {
    this.#running.add(work);
    void work.then(() => this.#running.delete(work));
  }

  async #fetch(wanted: Wanted, key: string, timeout: number): Promise<void> {
    const { kind, uri, byteRange, duration, map, encrypted } = wanted;
    const init = map === undefined ? undefined : await this.#init(map);
    const answer = await this.#request(uri, byteRange, timeout);
    const hinted = kind === 'part' && duration === undefined;
    if (hinted) this.#hintAnswered(key, succeeded(answer.exchange));
    this.media.set(key, {
      ...this.#observed(answer, kind, uri, byteRange),
      duration,
      hinted,
      init: undefined,
      fragments:
        !encrypted && containerOf(answer) === 'mp4' && kind !== 'init'
          ? readFragments(answer.body, init)
          : undefined,
    });
  }

  /** A hint that led nowhere is asked for again when it is listed. */
  #hintAnswered(key: string, answered: boolean): void {
    const listed = this.#hinted.get(key);
    this.#hinted.delete(key);
    if (answered) return;
    this.#asked.delete(key);
    if (listed === undefined) return;
    this.#want(listed);
    this.#work();
  }

  #init(map: MapEntry): Promise<InitSegment | undefined> {
    const key = this.#key(map);
    let init = this.#inits.get(key);
    if (init === undefined) this.#inits.set(key, (init = this.#fetchInit(map, key)));
    return init;
  }

  async #fetchInit({ uri, byteRange }: MapEntry, key: string): Promise<InitSegment | undefined> {
    const answer = await this.#request(uri, byteRange, LISTED_TIMEOUT_MS);
    const init = succeeded(answer.exchange) ? readInitSegment(answer.body) : undefined;
    this.media.set(key, {
      ...this.#observed(answer, 'init', uri, byteRange),
      duration: undefined,
      hinted: false,
      init,
      fragments: undefined,
    });
    return init;
  }

  #request(uri: string, range: ByteRange | undefined, timeout: number): Promise<Answer> {
    const { transport, clock, deadline } = this.#options;
    const last = range?.length === undefined ? OPEN_END : range.start + range.length - 1;
    return transport.request(this.#urlOf(uri), {
      headers: {
        'accept-encoding': 'gzip',
        ...(range === undefined ? {} : { range: `bytes=${range.start}-${last}` }),
      },
      timeout: Math.min(timeout, Math.max(0, deadline - clock.now()) + AFTER_DEADLINE_MS),
      maxBytes: MAX_MEDIA_BYTES,
    });
  }

  #observed(answer: Answer, kind: MediaObservation['kind'], uri: string, byteRange: ByteRange | undefined) {
    const { name } = this.#options;
    const container = containerOf(answer);
    return {
      rendition: name,
      kind,
      uri,
      url: this.#urlOf(uri),
      byteRange,
      exchange: answer.exchange,
      container,
    };
  }

  #urlOf(uri: string): string {
    return urlOf({ url: this.#options.url() }, { uri });
  }

  #key({ uri, byteRange }: { readonly uri: string; readonly byteRange: ByteRange | undefined }): string {
    return mediaKey(this.#urlOf(uri), byteRange);
  }
}

/** Nothing holds a request for what is listed. */
const LISTED_TIMEOUT_MS = 15_000;

/** What is on its way at the deadline has so long to come. */
const AFTER_DEADLINE_MS = 2000;

const TRANSPORT_STREAM_SYNC = 0x47;

/** What a file of this kind may begin with. */
const FRAGMENT_BOXES = new Set('ftyp styp sidx moof moov emsg prft free skip ssix uuid mdat'.split(' '));

function containerOf({ exchange, body }: Answer): MediaObservation['container'] {
  if (!succeeded(exchange)) return 'other';
  if (body[0] === TRANSPORT_STREAM_SYNC) return 'ts';
  return body.length >= 8 && FRAGMENT_BOXES.has(body.toString('latin1', 4, 8)) ? 'mp4' : 'other';
}
