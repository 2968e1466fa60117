import type { Answer, Clock, RequestOptions, Transport } from '../../../src/check/transport.js';
import {
  BAD_REQUEST,
  badDirectives,
  multivariantText,
  NOT_FOUND,
  playlistReply,
  ranged,
  reply,
  type FakeReply,
  type FakeRequest,
} from './fake-replies.js';
import { fakeInit, fakePart, isIndependent, type FakeName } from './fake-media.js';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);
export const BASE = 'https://origin.example/live/';

/** Seconds of a part, and parts of a segment. */
const PARTS = 6;
const TARGET = 6;
const NETWORK_MS = 5;
const MS_PER_KB = 0.1;

export interface FakeOptions {
  /** Segments listed. */
  readonly window: (name: FakeName, seconds: number) => number;
  /** Whole segments that have their parts listed. */
  readonly partsListed: number;
  /** CAN-SKIP-UNTIL, and how far back a delta update really reaches, in seconds. */
  readonly skipUntil: number;
  readonly deltaReach: number | undefined;
  /** Seconds that the stream runs already. */
  readonly age: number;
  /** Second of the observation at which the presentation ends. */
  readonly endsAt: number;
  /** Segments that begin with a discontinuity. */
  readonly discontinuities: readonly number[];
  /** ms that a part comes late. */
  readonly delay: (name: FakeName, second: number) => number;
}

const DEFAULTS: FakeOptions = {
  window: () => 151,
  partsListed: 3,
  skipUntil: 36,
  deltaReach: undefined,
  age: 1003.4,
  endsAt: Number.POSITIVE_INFINITY,
  // One at the front, about to be removed, and one to come.
  discontinuities: [17, 169],
  delay: () => 0,
};

export interface PlaylistContext {
  readonly name: FakeName;
  readonly request: FakeRequest;
  /** Since the observation began, when the playlist was made. */
  readonly seconds: number;
  readonly delta: boolean;
  /** Newest whole segment. */
  readonly last: number;
  /** First listed segment. */
  readonly first: number;
}

/** What is wrong with a server. */
export interface Fault {
  readonly options?: Partial<FakeOptions>;
  readonly multivariant?: (text: string) => string;
  readonly playlist?: (text: string, context: PlaylistContext) => string;
  readonly media?: (data: Buffer, request: FakeRequest) => Buffer;
  readonly reply?: (reply: FakeReply, request: FakeRequest) => FakeReply;
  /** Does what is to be done instead of answering; undefined to answer as ever. */
  readonly instead?: (request: FakeRequest, clock: Clock) => Promise<FakeReply> | undefined;
  /** Lets a held request go although nothing it asked for is there. */
  readonly impatient?: (request: FakeRequest) => boolean;
  readonly http2?: boolean;
  readonly tls?: string;
}

const NAMES: readonly FakeName[] = ['high', 'low', 'audio'];

/** An LL-HLS server in memory that keeps every rule, but for the fault that it is given. */
export class FakeOrigin implements Transport {
  readonly #clock: Clock;
  readonly #fault: Fault;
  readonly #options: FakeOptions;
  readonly #began: number;

  constructor(clock: Clock, fault: Fault = {}) {
    this.#clock = clock;
    this.#fault = fault;
    this.#options = { ...DEFAULTS, ...fault.options };
    this.#began = clock.now();
  }

  async request(url: string, options: RequestOptions): Promise<Answer> {
    const startedAt = this.#clock.now();
    const method = options.method ?? 'GET';
    const headers = options.headers ?? {};
    const request = this.#parse(url, method, headers);
    await this.#clock.sleep(NETWORK_MS);
    const timedOut = this.#clock.sleep(options.timeout).then(() => undefined);
    const answer = await Promise.race([this.#answer(request), timedOut]);
    const made = answer ?? reply(0, {}, '');
    await this.#clock.sleep(NETWORK_MS);
    const firstByteAt = this.#clock.now();
    await this.#clock.sleep(made.bodyMs ?? (made.body.length / 1000) * MS_PER_KB);
    return {
      body: method === 'HEAD' ? Buffer.alloc(0) : made.body,
      exchange: {
        method,
        url,
        finalUrl: url,
        requestHeaders: headers,
        startedAt,
        firstByteAt,
        endedAt: this.#clock.now(),
        status: made.status,
        headers: made.headers,
        redirects: made.redirects ?? 0,
        bytes: made.body.length,
        fault: answer === undefined ? 'timeout' : undefined,
        tls: { version: this.#fault.tls ?? 'TLSv1.3', alpn: 'http/1.1' },
      },
    };
  }

  offersHttp2(): Promise<boolean> {
    return Promise.resolve(this.#fault.http2 ?? true);
  }

  close(): void {}

  get #seconds(): number {
    return (this.#clock.now() - this.#began) / 1000;
  }

  #parse(url: string, method: string, headers: Readonly<Record<string, string>>): FakeRequest {
    const { pathname, searchParams } = new URL(url);
    const path = pathname.slice('/live/'.length);
    const [, name, file] = /^(high|low|audio)\/(.+)$/.exec(path) ?? [];
    const [, msn, part] = /^e\d+\/(\d+)(?:\.(\d+))?\.m4s$/.exec(file ?? '') ?? [];
    const kind =
      path === 'index.m3u8'
        ? 'multivariant'
        : file === 'index.m3u8' || file === 'index.txt'
          ? 'playlist'
          : /^e\d+\/init\.mp4$/.test(file ?? '')
            ? 'init'
            : msn === undefined
              ? 'other'
              : part === undefined
                ? 'segment'
                : 'part';
    return {
      method,
      kind,
      name: name as FakeName | undefined,
      msn: Number(msn ?? -1),
      part: Number(part ?? -1),
      query: searchParams,
      headers,
      seconds: this.#seconds,
    };
  }

  async #answer(request: FakeRequest): Promise<FakeReply> {
    const instead = this.#fault.instead?.(request, this.#clock);
    const made = instead === undefined ? await this.#honest(request) : await instead;
    return this.#fault.reply?.(made, request) ?? made;
  }

  async #honest(request: FakeRequest): Promise<FakeReply> {
    if (request.method === 'OPTIONS') return reply(204, { 'access-control-allow-headers': 'Range' }, '');
    const { name } = request;
    if (request.kind === 'multivariant') {
      const text = multivariantText();
      return playlistReply(this.#fault.multivariant?.(text) ?? text, 3);
    }
    if (name === undefined || request.kind === 'other') return NOT_FOUND;
    return request.kind === 'playlist' ? this.#playlist(name, request) : this.#media(name, request);
  }

  /** How many parts there are now, and how many there will ever be. */
  #parts(name: FakeName): number {
    const now = this.#clock.now();
    let count = Math.max(0, Math.floor(this.#position(Math.min(this.#seconds, this.#options.endsAt))) + 2);
    while (count > 0 && this.#publishedAt(name, count - 1) > now) count--;
    return Math.min(count, this.#lastPart);
  }

  get #lastPart(): number {
    const { endsAt } = this.#options;
    return endsAt === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : PARTS * Math.floor(this.#position(endsAt) / PARTS);
  }

  #position(seconds: number): number {
    return this.#options.age + seconds;
  }

  /** When part `second` is there, in ms of the clock. */
  #publishedAt(name: FakeName, second: number): number {
    return this.#began + (second + 1 - this.#options.age) * 1000 + 100 + this.#options.delay(name, second);
  }

  #ended(name: FakeName): boolean {
    return this.#seconds >= this.#options.endsAt && this.#parts(name) >= this.#lastPart;
  }

  async #untilMore(name: FakeName): Promise<void> {
    const next = this.#publishedAt(name, this.#parts(name));
    const end = this.#began + this.#options.endsAt * 1000 + 1;
    const at = Math.min(next, end > this.#clock.now() ? end : next);
    await this.#clock.sleep(Math.max(1, at - this.#clock.now()));
  }

  async #playlist(name: FakeName, request: FakeRequest): Promise<FakeReply> {
    const { query } = request;
    const refused = badDirectives(query);
    if (refused && !this.#ended(name)) return BAD_REQUEST;
    const msn =
      query.has('_HLS_msn') && request.method !== 'HEAD' ? Number(query.get('_HLS_msn')) : undefined;
    const part = query.has('_HLS_part') ? Number(query.get('_HLS_part')) : undefined;
    if (msn !== undefined && !this.#ended(name)) {
      const newest = Math.floor((this.#parts(name) - 1) / PARTS);
      if (msn > newest + 2 || (msn >= newest && part !== undefined && part > PARTS + 3)) return BAD_REQUEST;
      while (!this.#has(name, msn, part) && !this.#ended(name)) {
        if (this.#fault.impatient?.(request) === true) break;
        await this.#untilMore(name);
      }
    }
    return this.#render(name, request);
  }

  #has(name: FakeName, msn: number, part: number | undefined): boolean {
    const count = this.#parts(name);
    if (part === undefined) return count >= (msn + 1) * PARTS;
    return part >= PARTS ? count > (msn + 1) * PARTS : count > msn * PARTS + part;
  }

  #render(name: FakeName, request: FakeRequest): FakeReply {
    const count = this.#parts(name);
    const closed = Math.floor(count / PARTS);
    const first = Math.max(0, closed - this.#options.window(name, this.#seconds));
    const ended = this.#ended(name);
    const asksSkip = request.query.has('_HLS_skip');
    const reach = this.#options.deltaReach ?? this.#options.skipUntil;
    const skipped = asksSkip && !ended ? Math.max(0, closed - Math.ceil(reach / TARGET) - first) : 0;
    const text = this.#text(name, count, first, skipped, ended);
    const context = { name, request, seconds: this.#seconds, delta: skipped > 0, last: closed - 1, first };
    const made = playlistReply(
      this.#fault.playlist?.(text, context) ?? text,
      request.query.has('_HLS_msn') ? 36 : 3,
    );
    if (request.query.size > 0) return made;
    const tag = `"${name}-${count}"`;
    return request.headers['if-none-match'] === tag
      ? reply(304, { etag: tag }, '')
      : { ...made, headers: { ...made.headers, etag: tag } };
  }

  #text(name: FakeName, count: number, first: number, skipped: number, ended: boolean): string {
    const closed = Math.floor(count / PARTS);
    const { discontinuities } = this.#options;
    const gone = discontinuities.filter((msn) => msn < first).length;
    const lines = [
      '#EXTM3U',
      `#EXT-X-VERSION:${skipped > 0 ? 9 : 6}`,
      `#EXT-X-TARGETDURATION:${TARGET}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=${this.#options.skipUntil},PART-HOLD-BACK=3`,
      '#EXT-X-PART-INF:PART-TARGET=1',
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${gone}`,
      ...(skipped > 0 ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
    ];
    let epoch = -1;
    for (let msn = first + skipped; msn <= closed; msn++) {
      const listed = Math.min(PARTS, count - msn * PARTS);
      if (listed <= 0) break;
      if (discontinuities.includes(msn)) lines.push('#EXT-X-DISCONTINUITY');
      if (this.#epoch(msn) !== epoch) lines.push(`#EXT-X-MAP:URI="e${(epoch = this.#epoch(msn))}/init.mp4"`);
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(this.#dateOf(msn)).toISOString()}`);
      if (closed - msn <= this.#options.partsListed) lines.push(...this.#partLines(name, msn, listed));
      if (msn < closed) lines.push('#EXTINF:6.00000,', `e${epoch}/${msn}.m4s`);
    }
    if (ended) return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e${this.#epoch(closed)}/${closed}.${count % PARTS}.m4s"`);
    for (const other of NAMES.filter((each) => each !== name)) {
      const last = this.#parts(other) - 1;
      lines.push(
        `#EXT-X-RENDITION-REPORT:URI="../${other}/index.m3u8",LAST-MSN=${Math.floor(last / PARTS)},LAST-PART=${last % PARTS}`,
      );
    }
    return `${lines.join('\n')}\n`;
  }

  #partLines(name: FakeName, msn: number, listed: number): string[] {
    return Array.from({ length: listed }, (_, index) => {
      const independent = isIndependent(name, msn * PARTS + index) ? ',INDEPENDENT=YES' : '';
      return `#EXT-X-PART:DURATION=1.00000,URI="e${this.#epoch(msn)}/${msn}.${index}.m4s"${independent}`;
    });
  }

  #epoch(msn: number): number {
    return this.#options.discontinuities.filter((each) => each <= msn).length;
  }

  /** ms since the Unix epoch. */
  #dateOf(msn: number): number {
    return this.#began + (msn * TARGET - this.#options.age) * 1000;
  }

  async #media(name: FakeName, request: FakeRequest): Promise<FakeReply> {
    const { kind, msn, part } = request;
    const type = name === 'audio' ? 'audio/mp4' : 'video/mp4';
    if (kind === 'init') return ranged(this.#given(fakeInit(name), request), type, request);
    const needed = kind === 'part' ? msn * PARTS + part + 1 : (msn + 1) * PARTS;
    if (part >= PARTS || needed > this.#parts(name) + 1) return NOT_FOUND;
    while (this.#parts(name) < needed) {
      if (this.#ended(name)) return NOT_FOUND;
      await this.#untilMore(name);
    }
    const part0 = msn * PARTS;
    const data =
      kind === 'part'
        ? fakePart(name, part0 + part, part === 0)
        : Buffer.concat(Array.from({ length: PARTS }, (_, i) => fakePart(name, part0 + i, i === 0)));
    return ranged(this.#given(data, request), type, request);
  }

  #given(data: Buffer, request: FakeRequest): Buffer {
    return this.#fault.media?.(data, request) ?? data;
  }
}
