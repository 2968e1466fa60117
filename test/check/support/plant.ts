import type { Fault, PlaylistContext } from './fake-origin.js';
import type { FakeReply, FakeRequest } from './fake-replies.js';
import type { FakeName } from './fake-media.js';
import type { MediaPlaylist } from '../../../src/check/playlist/media-playlist.js';

/** One fault, and the one rule that it breaks. */
export interface Planted extends Fault {
  readonly rule: string;
  /** What the server does wrong, in a few words. */
  readonly what: string;
  /** Virtual seconds of the observation; 20 where nothing is said. */
  readonly seconds?: number;
  /** A change of what was recorded, where a server that does it would be another kind of server. */
  readonly recorded?: (
    text: string,
    context: { readonly name: string; readonly playlist: MediaPlaylist },
  ) => string;
}

type Change = (text: string, context: PlaylistContext) => string;

/** Changes the playlist of one rendition. */
export const only =
  (name: FakeName, change: Change): Change =>
  (text, context) =>
    context.name === name ? change(text, context) : text;

/** Changes playlists from a second of the observation on. */
export const from =
  (second: number, change: Change): Change =>
  (text, context) =>
    context.seconds >= second ? change(text, context) : text;

export const put =
  (what: string | RegExp, instead: string): ((text: string) => string) =>
  (text) =>
    text.replaceAll(
      typeof what === 'string' ? what : new RegExp(what.source, `${what.flags.replace('g', '')}g`),
      instead,
    );

/** Puts a line behind the one that begins so. */
export const after = (begin: string, line: string): ((text: string) => string) =>
  put(new RegExp(`^(${begin}[^\\n]*\\n)`, 'm'), `$1${line}\n`);

/** Takes away every line that begins so. */
export const without = (begin: string): ((text: string) => string) =>
  put(new RegExp(`^${begin}[^\\n]*\\n`, 'm'), '');

export const moved =
  (ms: number): Change =>
  (text) =>
    text.replace(
      /(PROGRAM-DATE-TIME:)(\S+)/g,
      (_, tag: string, date: string) => `${tag}${new Date(Date.parse(date) + ms).toISOString()}`,
    );

/** Answers some requests with another status and nothing in it. */
export const refuse =
  (status: number, which: (request: FakeRequest) => boolean): NonNullable<Fault['reply']> =>
  (made, request) =>
    which(request) ? { ...made, status, body: Buffer.from('{}') } : made;

/** Changes the headers of some answers; undefined takes one away. */
export const headers =
  (
    which: (request: FakeRequest, made: FakeReply) => boolean,
    changed: Readonly<Record<string, string | undefined>>,
  ): NonNullable<Fault['reply']> =>
  (made, request) => {
    if (!which(request, made)) return made;
    const merged = { ...made.headers, ...changed };
    const left = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...made, headers: Object.fromEntries(left) };
  };

export const isMedia = ({ kind }: FakeRequest): boolean =>
  kind === 'init' || kind === 'segment' || kind === 'part';

export const isPlaylist = ({ kind }: FakeRequest): boolean => kind === 'playlist';
