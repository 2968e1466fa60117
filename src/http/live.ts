import { MillraceError } from '../errors.js';
import { parseDirectives } from '../hls/directives.js';
import { renditionPlaylist, type RenditionPlaylist } from '../hls/rendition-playlists.js';
import { PLAYLIST_TYPE } from '../hls/tags.js';
import type { Channel } from '../origin/channel.js';
import type { Origin } from '../origin/origin.js';
import type { Presentation } from '../origin/presentation.js';
import type { PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';
import type { Exchange, Reply } from './exchange.js';
import { multivariantPlaylist, renderedOnce, type RenderedPlaylist } from './playlist-cache.js';
import { error, IMMUTABLE, ranged } from './replies.js';
import type { Waiters } from './waiters.js';

/** A request is held for at most this many target durations (RFC 8216bis 6.2.5.2). */
const PATIENCE = 3;

/** How long a blocking reload's answer may be kept, in target durations; a part is listed and kept as long (RFC 8216bis B.1). */
const BLOCKED_MAX_AGE = 6;

/** How long a playlist that was asked for as it is may be kept, in target durations (RFC 8216bis B.1). */
const PLAIN_MAX_AGE = 0.5;

const MEDIA_NAME = /^(\d{1,15})(?:\.(\d{1,6}))?\.m4s$/;

/** Everything below `/live/<channel>/`. */
export class LiveRoutes {
  readonly #origin: Origin;
  readonly #waiters: Waiters;

  constructor(origin: Origin, waiters: Waiters) {
    this.#origin = origin;
    this.#waiters = waiters;
  }

  /** @param path the URL's segments after `/live/` */
  handle(exchange: Exchange, path: readonly string[]): void {
    const [name, second, third, fourth] = path;
    const channel = this.#origin.channel(name ?? '');
    const kind = path.length === 3 ? renditionPlaylist(third ?? '') : undefined;
    if (channel === undefined) exchange.send(error(404, 'NOT_FOUND', 'there is no channel of this name'));
    else if (path.length === 2 && second === 'index.m3u8') this.#multivariant(exchange, channel);
    else if (path.length === 2 && second === 'poster.jpg') this.#poster(exchange, channel);
    else if (kind !== undefined) this.#rendition(exchange, channel, second ?? '', kind);
    else if (path.length === 4) this.#bytes(exchange, channel, second ?? '', third ?? '', fourth ?? '');
    else exchange.send(error(404, 'NOT_FOUND', 'nothing is at this URL'));
  }

  #multivariant(exchange: Exchange, channel: Channel): void {
    const { presentation } = channel;
    if (presentation === undefined) exchange.send(notLive(channel));
    else
      exchange.send(
        conditional(
          exchange,
          playlist(multivariantPlaylist(presentation.snapshot()), plainMaxAge(presentation.snapshot())),
          etag(presentation),
        ),
      );
  }

  #rendition(exchange: Exchange, channel: Channel, rendition: string, kind: RenditionPlaylist): void {
    const { presentation } = channel;
    if (presentation === undefined) {
      exchange.send(notLive(channel));
      return;
    }
    try {
      this.#renditionPlaylist(exchange, presentation, rendition, kind);
    } catch (fault) {
      if (!(fault instanceof MillraceError)) throw fault;
      exchange.send(error(400, fault.code, fault.message));
    }
  }

  #renditionPlaylist(
    exchange: Exchange,
    presentation: Presentation,
    name: string,
    kind: RenditionPlaylist,
  ): void {
    const asked = parseDirectives(exchange.query);
    const directives = exchange.method === 'HEAD' ? { ...asked, msn: undefined, part: undefined } : asked;
    const { msn, part, skip } = directives;
    const blocking = msn !== undefined;
    const attempt = (snapshot: PresentationSnapshot): Reply | undefined => {
      const rendition = snapshot.renditions.find((r) => r.name === name);
      if (rendition === undefined)
        return error(404, 'NOT_FOUND', 'the channel has no rendition of this name');
      const state = kind.readiness(snapshot, rendition, directives);
      if (state === 'too-far')
        return error(400, 'BAD_DIRECTIVE', 'the requested part is too far in the future');
      if (state === 'wait') return undefined;
      // Where a presentation has ended, another may follow at the same URLs.
      const lasts = blocking && !snapshot.ended;
      const maxAge = lasts ? BLOCKED_MAX_AGE * snapshot.targetDuration : plainMaxAge(snapshot);
      return playlist(renderedOnce(snapshot, kind, name, skip), maxAge);
    };
    const key = `${name}/${kind.file} ${String(msn)} ${String(part)} ${skip}`;
    const reply = blocking ? undefined : attempt(presentation.snapshot());
    if (reply !== undefined) {
      exchange.send(reply.status === 200 ? conditional(exchange, reply, etag(presentation)) : reply);
      return;
    }
    this.#waiters.answer({ exchange, presentation, key, attempt, patience: patience(presentation) });
  }

  #bytes(exchange: Exchange, channel: Channel, name: string, epoch: string, file: string): void {
    const presentation = channel.presentationOf(epoch);
    if (presentation === undefined) {
      exchange.send(error(404, 'NOT_FOUND', 'no such media, or it is gone'));
      return;
    }
    const find = mediaFinder(file);
    const attempt = (snapshot: PresentationSnapshot): Reply | undefined => {
      const rendition = presentation.rendition(name);
      const listed = snapshot.renditions.find((r) => r.name === name);
      if (find === undefined || rendition === undefined)
        return error(404, 'NOT_FOUND', 'nothing is at this URL');
      const body = find.read(rendition, epoch);
      if (body !== undefined) {
        const type = rendition.kind === 'video' ? 'video/mp4' : 'audio/mp4';
        const life =
          find.part === undefined ? IMMUTABLE : maxAgeOf(BLOCKED_MAX_AGE * snapshot.targetDuration);
        return ranged(body, type, life, exchange.range);
      }
      return isComing(listed, epoch, find) ? undefined : absent(listed, epoch, find);
    };
    const key = `${name} ${epoch} ${file} ${exchange.range}`;
    this.#waiters.answer({ exchange, presentation, key, attempt, patience: patience(presentation) });
  }

  #poster(exchange: Exchange, channel: Channel): void {
    const image = channel.poster;
    if (image === undefined) exchange.send(error(404, 'NOT_FOUND', 'the channel has no picture yet'));
    else
      exchange.send({
        status: 200,
        headers: { 'Content-Type': 'image/jpeg', 'Cache-Control': 'public, max-age=5' },
        body: image,
      });
  }
}

interface MediaFinder {
  readonly msn: number | undefined;
  readonly part: number | undefined;
  read(rendition: NonNullable<ReturnType<Presentation['rendition']>>, epoch: string): Buffer | undefined;
}

/** What a media file's name asks for; undefined when it is no such name. */
function mediaFinder(file: string): MediaFinder | undefined {
  if (file === 'init.mp4') {
    return { msn: undefined, part: undefined, read: (r, epoch) => r.init(epoch) };
  }
  const [, msnText, partText] = MEDIA_NAME.exec(file) ?? [];
  if (msnText === undefined) return undefined;
  const msn = Number(msnText);
  if (partText === undefined) {
    return { msn, part: undefined, read: (r, epoch) => r.segment(epoch, msn) };
  }
  const part = Number(partText);
  return { msn, part, read: (r, epoch) => r.part(epoch, msn, part) };
}

/** Whether the media asked for is the hinted part, its init segment, or the open segment: worth waiting for. */
function isComing(
  rendition: RenditionSnapshot | undefined,
  epoch: string,
  { msn, part }: MediaFinder,
): boolean {
  if (rendition?.next?.epoch !== epoch) return false;
  const { next, segments } = rendition;
  if (msn === undefined) return next.newInit;
  const open = segments.at(-1)?.complete === false;
  if (part === undefined) return msn === next.msn && open;
  // Where a segment is expected to end, the first part of the next one is hinted; the end may prove to be later.
  return (msn === next.msn && part === next.part) || (msn === next.msn + 1 && part === 0);
}

/**
 * A part that was hinted and did not come is gone for good (404), but while the publisher is away nothing that was
 * promised is denied: the client is asked to come again.
 */
function absent(rendition: RenditionSnapshot | undefined, epoch: string, { msn = 0 }: MediaFinder): Reply {
  const next = rendition?.next;
  const away = next?.newInit === true && next.epoch !== epoch;
  if (away && msn >= next.msn - 1 && msn <= next.msn)
    return error(503, 'PLAYLIST_TIMEOUT', 'the publisher is away', { 'Retry-After': '1' });
  return error(404, 'NOT_FOUND', 'no such media, or it is gone');
}

function playlist(rendered: RenderedPlaylist | undefined, maxAge: number): Reply {
  if (rendered === undefined) return error(404, 'NOT_FOUND', 'the rendition has no playlist of this name');
  const headers = { 'Content-Type': PLAYLIST_TYPE, 'Cache-Control': maxAgeOf(maxAge) };
  return { status: 200, headers, ...rendered };
}

const maxAgeOf = (seconds: number): string => `public, max-age=${String(seconds)}`;

/** Whole seconds, and never none: a cache in front would pass every request on. */
const plainMaxAge = ({ targetDuration }: PresentationSnapshot): number =>
  Math.max(1, Math.floor(PLAIN_MAX_AGE * targetDuration));

const etag = (presentation: Presentation): string =>
  `W/"${presentation.id}-${String(presentation.snapshot().version)}"`;

function conditional(exchange: Exchange, reply: Reply, tag: string): Reply {
  const headers = { ...reply.headers, ETag: tag };
  return exchange.ifNoneMatch === tag ? { status: 304, headers } : { ...reply, headers };
}

const patience = (presentation: Presentation): number => PATIENCE * (presentation.targetDuration ?? 1) * 1000;

function notLive(channel: Channel): Reply {
  return error(404, 'CHANNEL_NOT_LIVE', `channel "${channel.name}" is not live`);
}
