import type { FakeName } from './fake-media.js';

export interface FakeRequest {
  readonly method: string;
  readonly kind: 'multivariant' | 'playlist' | 'init' | 'segment' | 'part' | 'other';
  readonly name: FakeName | undefined;
  readonly msn: number;
  readonly part: number;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** Since the observation began, when the request came. */
  readonly seconds: number;
}

export interface FakeReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** ms from the first byte to the last. */
  readonly bodyMs?: number;
  readonly redirects?: number;
}

export const NOT_FOUND: FakeReply = reply(
  404,
  { 'content-type': 'application/json', 'cache-control': 'no-store' },
  '{}',
);
export const BAD_REQUEST: FakeReply = reply(
  400,
  { 'content-type': 'application/json', 'cache-control': 'no-store' },
  '{}',
);

export function reply(status: number, headers: Record<string, string>, body: string | Buffer): FakeReply {
  return {
    status,
    headers: { 'access-control-allow-origin': '*', ...headers },
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

export function badDirectives(query: URLSearchParams): boolean {
  const bad = (name: string): boolean => {
    const values = query.getAll(name);
    return values.length > 1 || values.some((value) => !/^\d{1,15}$/.test(value));
  };
  return bad('_HLS_msn') || bad('_HLS_part') || (query.has('_HLS_part') && !query.has('_HLS_msn'));
}

export const playlistReply = (text: string, maxAge: number): FakeReply =>
  reply(
    200,
    {
      'content-type': 'application/vnd.apple.mpegurl',
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'cache-control': `max-age=${maxAge}`,
    },
    text,
  );

export function ranged(data: Buffer, type: string, { headers }: FakeRequest): FakeReply {
  const common = { 'content-type': type, 'cache-control': 'max-age=600' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers['range'] ?? '') ?? [];
  if (from === undefined) return reply(200, common, data);
  const start = Number(from);
  if (start >= data.length) return reply(416, { ...common, 'content-range': `bytes */${data.length}` }, '');
  const end = Math.min(to === undefined || to === '' ? data.length : Number(to) + 1, data.length);
  return reply(
    206,
    { ...common, 'content-range': `bytes ${start}-${end - 1}/${data.length}` },
    data.subarray(start, end),
  );
}

export function multivariantText(): string {
  const variant = (name: string, bandwidth: number, size: string): string =>
    `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},AVERAGE-BANDWIDTH=${bandwidth},CODECS="avc1.42c00c,mp4a.40.2",RESOLUTION=${size},FRAME-RATE=10.000,AUDIO="sound"\n${name}/index.m3u8`;
  return [
    '#EXTM3U',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"',
    variant('high', 320_000, '320x180'),
    variant('low', 200_000, '160x90'),
    '',
  ].join('\n');
}
