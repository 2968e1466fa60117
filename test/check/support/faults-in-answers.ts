import { headers, isMedia, isPlaylist, put, refuse, type Planted } from './plant.js';
import type { FakeRequest } from './fake-replies.js';

const asksPart = ({ query }: FakeRequest): boolean => query.has('_HLS_msn') && query.has('_HLS_part');
const msnOf = ({ query }: FakeRequest): number => Number(query.get('_HLS_msn') ?? -1);
const partOf = ({ query }: FakeRequest): number => Number(query.get('_HLS_part') ?? -1);
const during = (begin: number, end: number, { seconds }: FakeRequest): boolean =>
  seconds >= begin && seconds < end;
const isError = (status: number): boolean => status >= 400;

const NEVER_MS = 1e7;

export const ANSWER_FAULTS: readonly Planted[] = [
  {
    rule: 'D2',
    what: 'a reload for a whole segment is answered without it',
    impatient: (request) => request.query.has('_HLS_msn') && !request.query.has('_HLS_part'),
  },
  {
    rule: 'D3',
    what: 'a reload for a part is answered without it',
    impatient: (request) =>
      request.name === 'low' && asksPart(request) && partOf(request) < 6 && during(5, 8, request),
  },
  {
    rule: 'D4',
    what: 'a part beyond a closed segment is taken for one that is there',
    impatient: (request) => asksPart(request) && partOf(request) >= 6,
  },
  {
    rule: 'D5',
    what: '_HLS_part alone gets 404',
    reply: refuse(404, ({ query }) => query.has('_HLS_part') && !query.has('_HLS_msn')),
  },
  {
    rule: 'D6',
    what: 'a segment far ahead gets 404',
    reply: refuse(404, (request) => msnOf(request) > 1000 && msnOf(request) < 1e6 && !asksPart(request)),
  },
  { rule: 'D6b', what: 'a part far ahead gets 404', reply: refuse(404, (request) => partOf(request) > 900) },
  {
    rule: 'D7',
    what: 'one reload is never answered',
    seconds: 40,
    instead: (request, clock) =>
      request.name === 'low' && asksPart(request) && during(5, 6, request)
        ? clock.sleep(NEVER_MS).then(() => ({ status: 503, headers: {}, body: Buffer.alloc(0) }))
        : undefined,
  },
  {
    rule: 'D8',
    what: 'a listed segment that is asked for gets 404',
    reply: refuse(
      404,
      (request) =>
        msnOf(request) >= 0 &&
        msnOf(request) < 100 &&
        !request.query.has('extra') &&
        request.query.size === 1 &&
        request.query.getAll('_HLS_msn').length === 1,
    ),
  },
  {
    rule: 'D9',
    what: 'a directive is refused after the end',
    options: { endsAt: 10.8 },
    reply: refuse(400, (request) => msnOf(request) === 169 && !asksPart(request)),
  },
  { rule: 'D10', what: 'a delta update that is offered is never sent', options: { deltaReach: 1e6 } },
  { rule: 'D11', what: 'a delta update skips less than it should', options: { deltaReach: 60 } },
  {
    rule: 'D15',
    what: 'another parameter confuses it',
    reply: refuse(404, ({ query }) => query.has('extra')),
  },
  {
    rule: 'D16',
    what: 'a directive that is no number gets 404',
    reply: refuse(404, ({ query }) => query.get('_HLS_msn') === 'abc'),
  },
  {
    rule: 'D17',
    what: 'the next part is refused once',
    reply: refuse(
      400,
      (request) =>
        request.name === 'low' &&
        asksPart(request) &&
        partOf(request) < 6 &&
        msnOf(request) > 100 &&
        during(5, 5.9, request),
    ),
  },
  {
    rule: 'M10',
    what: 'nothing comes for eleven seconds',
    options: { delay: (_, second) => (second >= 1010 ? 10_000 : 0) },
    seconds: 30,
  },
  {
    rule: 'L6',
    what: 'a part comes almost a second late',
    options: { delay: (_, second) => (second >= 1010 ? 900 : 0) },
  },
  {
    rule: 'L22',
    what: 'sound is three seconds behind the picture',
    options: { delay: (name) => (name === 'audio' ? 3200 : 0) },
  },
  {
    rule: 'M11',
    what: 'a segment that has left the playlist is gone',
    reply: refuse(404, ({ kind, name, msn }) => kind === 'segment' && name === 'low' && msn < 20),
  },
  {
    rule: 'M12',
    what: 'a listed segment is not there',
    reply: refuse(404, ({ kind, name, msn }) => kind === 'segment' && name === 'audio' && msn === 168),
  },
  {
    rule: 'L7',
    what: 'a listed part is not there',
    reply: refuse(
      404,
      ({ kind, name, msn, part }) => kind === 'part' && name === 'low' && msn === 168 && part === 3,
    ),
  },
  {
    rule: 'L8b',
    what: 'a part that has left the playlist is gone',
    reply: refuse(404, ({ kind, name, msn }) => kind === 'part' && name === 'low' && msn <= 165),
  },
  {
    rule: 'L18',
    what: 'a hinted part trickles',
    reply: (made, { kind, name, part }) =>
      kind === 'part' && name === 'low' && part === 3 ? { ...made, bodyMs: 800 } : made,
  },
  {
    rule: 'L19',
    what: 'everything is found',
    reply: (made, { kind }) => (kind === 'other' ? { ...made, status: 200 } : made),
  },
  {
    rule: 'V18',
    what: 'a playlist fails now and then',
    reply: refuse(
      500,
      (request) =>
        isPlaylist(request) &&
        request.name === 'low' &&
        asksPart(request) &&
        partOf(request) < 6 &&
        msnOf(request) > 100 &&
        during(5, 5.9, request),
    ),
  },
  { rule: 'N1', what: 'there is no HTTP/2', http2: false },
  { rule: 'N10', what: 'TLS is of version 1.1', tls: 'TLSv1.1' },
  {
    rule: 'N2',
    what: 'one rendition comes from another server',
    multivariant: put('\nlow/', '\nhttps://other.example/live/low/'),
    playlist: (text) =>
      text
        .replace('"../low/', '"https://other.example/live/low/')
        .replace('"../high/', '"https://origin.example/live/high/')
        .replace('"../audio/', '"https://origin.example/live/audio/'),
  },
  {
    rule: 'N3',
    what: 'playlists are not compressed',
    reply: headers(isPlaylist, { 'content-encoding': undefined }),
  },
  { rule: 'N3b', what: 'there is no Vary', reply: headers(isPlaylist, { vary: undefined }) },
  { rule: 'N3c', what: 'media is compressed', reply: headers(isMedia, { 'content-encoding': 'gzip' }) },
  {
    rule: 'N4',
    what: 'a plain playlist may be kept for 100 s',
    reply: headers((request) => isPlaylist(request) && request.query.size === 0, {
      'cache-control': 'max-age=100',
    }),
  },
  {
    rule: 'N4b',
    what: 'playlists say nothing of keeping',
    reply: headers(isPlaylist, { 'cache-control': undefined }),
  },
  {
    rule: 'N4c',
    what: 'an error may be kept for 100 s',
    reply: headers((_, { status }) => isError(status), { 'cache-control': 'max-age=100' }),
  },
  {
    rule: 'N5',
    what: 'media says nothing of keeping',
    reply: headers(isMedia, { 'cache-control': undefined }),
  },
  { rule: 'N6', what: 'a live playlist is 50 s old', reply: headers(isPlaylist, { age: '50' }) },
  {
    rule: 'N7',
    what: 'Last-Modified is an hour old',
    reply: headers(isPlaylist, {
      date: 'Fri, 02 Jan 2026 04:00:00 GMT',
      'last-modified': 'Fri, 02 Jan 2026 03:00:00 GMT',
    }),
  },
  {
    rule: 'N8',
    what: 'segments are redirected',
    reply: (made, { kind }) => (kind === 'segment' ? { ...made, redirects: 1 } : made),
  },
  {
    rule: 'N9',
    what: 'media is of any type',
    reply: headers(isMedia, { 'content-type': 'application/octet-stream' }),
  },
  {
    rule: 'N13',
    what: 'pages of other sites may not read media',
    reply: headers((request, { status }) => isMedia(request) && !isError(status), {
      'access-control-allow-origin': undefined,
    }),
  },
  {
    rule: 'N13b',
    what: 'pages of other sites may not read errors',
    reply: headers((_, { status }) => isError(status), { 'access-control-allow-origin': undefined }),
  },
  { rule: 'N13c', what: 'a preflight gets 405', reply: refuse(405, ({ method }) => method === 'OPTIONS') },
  { rule: 'N14', what: 'HEAD gets 405', reply: refuse(405, ({ method }) => method === 'HEAD') },
  {
    rule: 'N14b',
    what: 'ranges are ignored',
    reply: (made, request) =>
      isMedia(request) && request.headers['range'] !== undefined ? { ...made, status: 200 } : made,
  },
  {
    rule: 'N14c',
    what: 'a playlist is sent in ranges',
    reply: (made, request) =>
      isPlaylist(request) && request.headers['range'] !== undefined ? { ...made, status: 206 } : made,
  },
  {
    rule: 'N14d',
    what: 'If-None-Match is ignored',
    reply: (made, request) =>
      request.headers['if-none-match'] === undefined ? made : { ...made, status: 200 },
  },
];
