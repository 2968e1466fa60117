import type { MediaObservation, Observation, PlaylistVersion, Probe } from '../observation.js';
import type { Exchange } from '../transport.js';
import { succeeded } from '../transport.js';
import { isKnownPlaylist, isPlaylistType, mediaTypeOf } from './playlist-syntax.js';
import {
  apple,
  bis,
  inExchange,
  inMedia,
  inProbe,
  s,
  type Finding,
  type Level,
  type Rule,
  type RuleGroup,
} from './rule.js';
import { allMedia, inRenditions, isVideo, probesOf } from './views.js';

const MEDIA_TYPES = /^(?:video|audio)\/(?:mp4|iso\.segment|mp2t|aac|mpeg)$|^text\/vtt$|^application\/mp4$/;

/** max-age in seconds; 0 where nothing may be kept; undefined where nothing is said. */
export function maxAge({ headers }: Exchange): number | undefined {
  const control = headers['cache-control'] ?? '';
  if (/\bno-(?:store|cache)\b/.test(control)) return 0;
  const age = /\bs-maxage=(\d+)/.exec(control)?.[1] ?? /\bmax-age=(\d+)/.exec(control)?.[1];
  return age === undefined ? undefined : Number(age);
}

/** The first answer of each rendition's playlist that a check finds fault with. */
const inPlaylists = (seen: Observation, check: (version: PlaylistVersion) => string | undefined): Finding[] =>
  inRenditions(seen, ({ name, versions }) => {
    for (const version of versions) {
      const message = check(version);
      if (message !== undefined) return [inExchange(version.exchange, name, message)];
    }
    return [];
  });

/** The first fetch of each rendition and kind of media that a check finds fault with. */
function inMediaOf(seen: Observation, check: (media: MediaObservation) => string | undefined): Finding[] {
  const told = new Set<string>();
  return allMedia(seen).flatMap((media) => {
    const key = `${media.rendition} ${media.kind}`;
    const message = told.has(key) || !succeeded(media.exchange) ? undefined : check(media);
    if (message === undefined) return [];
    told.add(key);
    return [inMedia(media, message)];
  });
}

const isGzip = ({ headers }: Exchange): boolean =>
  /\b(?:gzip|br|deflate)\b/.test(headers['content-encoding'] ?? '');

const target = ({ playlist }: PlaylistVersion): number => playlist.targetDuration ?? Number.POSITIVE_INFINITY;

/** Probes whose answer a check finds fault with. */
const inProbes = (probes: readonly Probe[], check: (probe: Probe) => string | undefined): Finding[] =>
  probes.flatMap((probe) => {
    const message = check(probe);
    return message === undefined ? [] : [inProbe(probe, message)];
  });

const allowsAll = ({ headers }: Exchange): boolean => (headers['access-control-allow-origin'] ?? '') !== '';

/** A rule about probes of some kinds. */
const probed = (
  id: string,
  level: Level,
  section: string,
  title: string,
  kinds: readonly Probe['kind'][],
  check: (probe: Probe) => string | undefined,
): Rule => ({
  id,
  level,
  section,
  title,
  needs: ['active'],
  check: (seen) => inProbes(probesOf(seen, ...kinds), check),
});

const rules: readonly Rule[] = [
  {
    id: 'N1',
    level: 'M',
    section: bis('B.1'),
    title: 'The server speaks HTTP/2.',
    needs: ['tls'],
    check: (seen) => {
      const exchange = seen.renditions[0]?.versions[0]?.exchange;
      return seen.http2 === false && exchange !== undefined
        ? [inExchange(exchange, undefined, 'the server chooses HTTP/1.1')]
        : [];
    },
  },
  {
    id: 'N3',
    level: 'M',
    section: `${bis('6.2.1, B.1')}; ${apple('10.1')}`,
    title: 'Playlists are compressed for clients that take gzip.',
    check: (seen) =>
      inPlaylists(seen, ({ exchange }) =>
        isGzip(exchange) ? undefined : 'gzip was accepted and the playlist came uncompressed',
      ),
  },
  {
    id: 'N3b',
    level: 'P',
    section: 'RFC 9110 12.5.5',
    title: 'Compressed playlists say Vary: Accept-Encoding.',
    check: (seen) =>
      inPlaylists(seen, ({ exchange }) =>
        isGzip(exchange) && !/accept-encoding|\*/i.test(exchange.headers['vary'] ?? '')
          ? 'there is no Vary: Accept-Encoding'
          : undefined,
      ),
  },
  {
    id: 'N3c',
    level: 'M',
    section: apple('10.1'),
    title: 'Media is not compressed again.',
    check: (seen) =>
      inMediaOf(seen, ({ exchange }) =>
        isGzip(exchange) ? `Content-Encoding is ${exchange.headers['content-encoding'] ?? ''}` : undefined,
      ),
  },
  {
    id: 'N4',
    level: 'S',
    section: bis('B.1'),
    title: 'A live playlist may be kept for half a target duration, an answer to a blocking reload for six.',
    check: (seen) =>
      inPlaylists(seen, (version) => {
        if (version.playlist.ended) return undefined;
        const limit = version.asked.msn === undefined ? Math.ceil(target(version) / 2) : 6 * target(version);
        const age = maxAge(version.exchange);
        return age !== undefined && age > limit ? `max-age is ${age}, ${s(limit)} are allowed` : undefined;
      }),
  },
  {
    id: 'N4b',
    level: 'S',
    section: bis('B.1'),
    title: 'A playlist says how long it may be kept.',
    check: (seen) =>
      inPlaylists(seen, ({ exchange, playlist }) =>
        maxAge(exchange) === undefined && exchange.headers['expires'] === undefined && !playlist.ended
          ? 'there is no Cache-Control: max-age'
          : undefined,
      ),
  },
  {
    id: 'N4c',
    level: 'S',
    section: bis('B.1'),
    title:
      'An error to a directive or for missing media is not kept longer than a target duration, or four for a blocking reload.',
    needs: ['active'],
    check: (seen) =>
      inProbes(probesOf(seen, 'part-alone', 'msn-too-far', 'unknown'), ({ exchange, known, kind }) => {
        const limit = (kind === 'msn-too-far' ? 4 : 1) * target(known);
        const age = maxAge(exchange);
        return exchange.status >= 400 && age !== undefined && age > limit
          ? `max-age of the error is ${age}`
          : undefined;
      }),
  },
  {
    id: 'N5',
    level: 'S',
    section: bis('6.2.2'),
    title: 'Segments and parts of a live stream say how long they live.',
    needs: ['live'],
    check: (seen) =>
      inMediaOf(seen, ({ exchange }) =>
        maxAge(exchange) === undefined && exchange.headers['expires'] === undefined
          ? 'there is neither max-age nor Expires'
          : undefined,
      ),
  },
  {
    id: 'N6',
    level: 'M',
    section: bis('B.1, C'),
    title: 'The Age of a live playlist is no more than what it may be kept.',
    check: (seen) =>
      inPlaylists(seen, (version) => {
        const age = Number(version.exchange.headers['age'] ?? 0);
        const limit = maxAge(version.exchange) ?? target(version);
        return !version.playlist.ended && age > limit ? `Age is ${age}, max-age ${limit}` : undefined;
      }),
  },
  {
    id: 'N7',
    level: 'S',
    section: apple('8.24'),
    title: 'Last-Modified of a live playlist is no older than three target durations.',
    check: (seen) =>
      inPlaylists(seen, (version) => {
        const modified = Date.parse(version.exchange.headers['last-modified'] ?? '');
        const date = Date.parse(version.exchange.headers['date'] ?? '');
        const age = ((Number.isNaN(date) ? version.exchange.firstByteAt : date) - modified) / 1000;
        return !version.playlist.ended && age > 3 * target(version) ? `it is ${s(age)} old` : undefined;
      }),
  },
  {
    id: 'N8',
    level: 'M',
    section: apple('8.18'),
    title: 'Media is served without redirects.',
    check: (seen) =>
      inMediaOf(seen, ({ exchange }) =>
        exchange.redirects > 0 ? `it was redirected to ${exchange.finalUrl}` : undefined,
      ),
  },
  {
    id: 'N9',
    level: 'S',
    section: apple('10.4'),
    title: 'Playlists and media have their registered media types.',
    check: (seen) => [
      ...inPlaylists(seen, ({ exchange }) => {
        const type = mediaTypeOf(exchange);
        return isPlaylistType(type) || !isKnownPlaylist(exchange)
          ? undefined
          : `the type of the playlist is "${type}"`;
      }),
      ...inMediaOf(seen, (media) => {
        const type = mediaTypeOf(media.exchange);
        if (!MEDIA_TYPES.test(type)) return `the type is "${type}"`;
        const rendition = seen.renditions.find(({ name }) => name === media.rendition);
        const pictures = rendition !== undefined && isVideo(rendition);
        return media.container === 'mp4' && pictures && type.startsWith('audio/')
          ? `the type of pictures is "${type}"`
          : undefined;
      }),
    ],
  },
  {
    id: 'N10',
    level: 'M',
    section: apple('11'),
    title: 'TLS is of version 1.2 or later.',
    needs: ['tls'],
    check: (seen) =>
      inPlaylists(seen, ({ exchange: { tls } }) =>
        tls !== undefined && !/^TLSv1\.[23]$/.test(tls.version) ? `it is ${tls.version}` : undefined,
      ),
  },
  {
    id: 'N13',
    level: 'P',
    section: 'WHATWG Fetch 3.2',
    title: 'Playlists and media may be read by pages of other sites.',
    check: (seen) => [
      ...inPlaylists(seen, ({ exchange }) =>
        allowsAll(exchange) ? undefined : 'there is no Access-Control-Allow-Origin',
      ),
      ...inMediaOf(seen, ({ exchange }) =>
        allowsAll(exchange) ? undefined : 'there is no Access-Control-Allow-Origin',
      ),
    ],
  },
  probed(
    'N13b',
    'P',
    'WHATWG Fetch 3.2',
    'Errors may be read by pages of other sites too.',
    ['unknown', 'part-alone', 'msn-too-far'],
    ({ exchange }) =>
      exchange.status >= 400 && !allowsAll(exchange)
        ? `status ${exchange.status} has no Access-Control-Allow-Origin`
        : undefined,
  ),
  probed(
    'N13c',
    'P',
    'WHATWG Fetch 3.2.2',
    'A preflight for Range is answered with leave.',
    ['preflight'],
    ({ exchange }) =>
      exchange.status >= 200 && exchange.status < 300 && allowsAll(exchange)
        ? undefined
        : `OPTIONS got status ${exchange.status}`,
  ),
  probed(
    'N14',
    'P',
    'RFC 9110 9.3.2',
    'HEAD is answered like GET, without a body.',
    ['head-playlist', 'head-media'],
    ({ exchange, bodyBytes }) => {
      if (exchange.status !== 200) return `HEAD got status ${exchange.status}`;
      return bodyBytes > 0 ? 'HEAD got a body' : undefined;
    },
  ),
  probed(
    'N14b',
    'P',
    'RFC 9110 14',
    'Ranges of media are served.',
    ['range', 'range-beyond'],
    ({ kind, exchange, bodyBytes }) => {
      if (kind === 'range-beyond')
        return exchange.status === 416 ? undefined : `a range beyond the end got status ${exchange.status}`;
      if (exchange.status !== 206) return `a range got status ${exchange.status}`;
      const says = exchange.headers['content-range'] ?? '';
      return /^bytes 0-\d+\/(?:\d+|\*)$/.test(says) && bodyBytes <= 100
        ? undefined
        : `Content-Range is "${says}" with ${bodyBytes} bytes`;
    },
  ),
  probed(
    'N14c',
    'P',
    'RFC 9110 14.2',
    'Range on a playlist is ignored.',
    ['range-playlist'],
    ({ exchange }) => (exchange.status === 200 ? undefined : `it got status ${exchange.status}`),
  ),
  probed(
    'N14d',
    'P',
    'RFC 9110 13.1.2',
    'An entity tag that was given out is understood.',
    ['etag'],
    ({ exchange }) => {
      if (exchange.status === 304) return undefined;
      // A live playlist may have changed in the meantime: then its tag has, too.
      const changed =
        exchange.status === 200 && exchange.headers['etag'] !== exchange.requestHeaders['if-none-match'];
      return changed ? undefined : `If-None-Match got status ${exchange.status}`;
    },
  ),
  probed('L19', 'S', bis('6.2.6'), 'What is not there gets 404.', ['unknown'], ({ exchange }) =>
    exchange.status === 404 || exchange.status === 410
      ? undefined
      : `a name that nobody listed got ${exchange.fault ?? `status ${exchange.status}`}`,
  ),
];

export const http: RuleGroup = { name: 'HTTP', rules };
