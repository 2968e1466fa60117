import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpListener } from '../../src/http/listener.js';
import type { Channel } from '../../src/origin/channel.js';
import { Origin } from '../../src/origin/origin.js';
import type { PublishSession } from '../../src/origin/publishing.js';
import { ATTEMPT, atOnce, newChannel } from '../support/channel.js';
import { cueOf } from '../support/cues.js';
import { readAttributes, readPlaylist } from '../support/playlist.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

let channel: Channel;
let origin: Origin;
let http: HttpListener;
let session: PublishSession | undefined;
let answered: number[];
let sent: number;
let soundSent: number;

const OPTIONS = {
  host: '127.0.0.1',
  port: 0,
  rtmpPort: () => 1935,
  pushes: () => [],
  pages: '/nonexistent',
  observer: { answered: (status: number) => answered.push(status) },
  metrics: () => Promise.resolve({ body: 'up 1\n', contentType: 'text/plain' }),
  isReady: () => true,
};

beforeEach(async () => {
  channel = newChannel();
  origin = new Origin([{ channel, streamKey: ATTEMPT.streamKey }]);
  answered = [];
  http = new HttpListener({ ...OPTIONS, origin });
  await http.listen();
});

afterEach(async () => {
  await origin.close();
  http.close();
});

const url = (path: string): string => `http://127.0.0.1:${http.port}${path}`;
const get = (path: string, init?: RequestInit): Promise<Response> => fetch(url(path), init);

function goLive(frames = 60 * 3 + 20): void {
  const grant = atOnce(origin.publish(ATTEMPT, { close: () => undefined, silentForMs: () => 0 }));
  if (!grant.accepted) throw new Error(grant.description);
  session = grant.session;
  session.event(started(videoTrack(), audioTrack(), Date.now()));
  sent = 0;
  soundSent = 0;
  more(frames);
}

function more(frames: number): void {
  for (const to = sent + frames; sent < to; sent++) {
    session?.event({ type: 'unit', kind: 'video', unit: frame(sent) });
    while (soundSent * 1024 < ((sent + 1) / 30) * 48_000) {
      session?.event({ type: 'unit', kind: 'audio', unit: sound(soundSent++) });
    }
  }
}

/** Resolves when the server holds as many requests as that. */
async function held(count: number): Promise<void> {
  while (http.waiters !== count) await new Promise((resolve) => setImmediate(resolve));
}

const media = async (): Promise<ReturnType<typeof readPlaylist>> =>
  readPlaylist(await (await get('/live/live/source/index.m3u8')).text());

describe('playlists over HTTP', () => {
  it('of a channel that is not live are a 404 with a coded, uncacheable error', async () => {
    for (const path of ['/live/live/index.m3u8', '/live/live/source/index.m3u8']) {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(await response.json()).toMatchObject({ error: { code: 'CHANNEL_NOT_LIVE' } });
    }
  });

  it('T1 N3 N4 N6 N7 N8 N9 N13 carry their type, a short life and CORS, compressed and without a word of age', async () => {
    goLive();
    for (const path of ['/live/live/index.m3u8', '/live/live/source/index.m3u8']) {
      const response = await get(path, { redirect: 'error' });
      expect(response.status).toBe(200);
      for (const name of ['age', 'last-modified']) expect(response.headers.has(name)).toBe(false);
      expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
      expect(response.headers.get('cache-control')).toBe('public, max-age=1');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('vary')).toBe('Accept-Encoding');
      expect(response.headers.get('content-encoding')).toBe('gzip');
    }
    const blocking = await get('/live/live/source/index.m3u8?_HLS_msn=2');
    expect(blocking.headers.get('cache-control')).toBe('public, max-age=12');
    session?.end('goodbye');
    const ended = await get('/live/live/source/index.m3u8?_HLS_msn=2');
    expect(ended.headers.get('cache-control')).toBe('public, max-age=1');
  });

  it('N4 may be kept for half a target duration where that is longer', async () => {
    channel = newChannel({ hls: { partTarget: 0.2, segmentTarget: 6, window: 60 } });
    await origin.close();
    origin = new Origin([{ channel, streamKey: ATTEMPT.streamKey }]);
    http.close();
    http = new HttpListener({ ...OPTIONS, origin });
    await http.listen();
    goLive();
    for (const path of ['/live/live/index.m3u8', '/live/live/source/index.m3u8'])
      expect((await get(path)).headers.get('cache-control')).toBe('public, max-age=3');
  });

  it('T8 lead to what they name, from URLs with a query too', async () => {
    goLive();
    const follow = async (base: string, uris: readonly (string | undefined)[]): Promise<string[]> => {
      const found = uris.filter((uri) => uri !== undefined).map((uri) => new URL(uri, base).href);
      for (const href of found) expect([href, (await fetch(href)).status]).toEqual([href, 200]);
      return found;
    };
    const base = url('/live/live/index.m3u8?token=a/b');
    const lines = (await (await fetch(base)).text()).split('\n');
    const listed = lines.flatMap((line) =>
      line.startsWith('#') ? /URI="([^"]+)"/.exec(line)?.[1] : line === '' ? undefined : line,
    );
    const playlists = (await follow(base, listed)).filter((href) => href.endsWith('/index.m3u8'));
    expect(playlists).toHaveLength(2);
    for (const each of playlists) {
      const address = `${each}?token=a/b`;
      const { segments, reports } = readPlaylist(await (await fetch(address)).text());
      const parts = segments.flatMap((s) => s.parts.map((part) => part.uri));
      const media = await follow(address, [segments[0]?.map, ...segments.map((s) => s.uri), ...parts]);
      expect(media.length).toBeGreaterThan(20);
      const reported = await follow(
        address,
        reports.map((report) => report.URI),
      );
      expect(reported).toEqual(expect.arrayContaining(playlists.filter((other) => other !== each)));
    }
  });

  it('N14 answer HEAD like GET without a body, and If-None-Match with 304 while nothing changed', async () => {
    goLive();
    const plain = { 'Accept-Encoding': 'identity' };
    const full = await get('/live/live/source/index.m3u8', { headers: plain });
    expect(full.headers.get('content-encoding')).toBeNull();
    const length = (await full.text()).length;
    const head = await get('/live/live/source/index.m3u8?_HLS_msn=4&_HLS_part=9', {
      method: 'HEAD',
      headers: plain,
    });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(length),
      '',
    ]);
    const tag = full.headers.get('etag') ?? '';
    expect((await get('/live/live/source/index.m3u8', { headers: { 'If-None-Match': tag } })).status).toBe(
      304,
    );
    more(12);
    expect((await get('/live/live/source/index.m3u8', { headers: { 'If-None-Match': tag } })).status).toBe(
      200,
    );
  });

  it('D3 are held until the part exists, then answered with it', async () => {
    goLive();
    const before = await media();
    expect(before.hint).toMatch(/4\.3\.m4s$/);
    const waiting = get('/live/live/source/index.m3u8?_HLS_msn=4&_HLS_part=3');
    await held(1);
    more(6);
    const after = readPlaylist(await (await waiting).text());
    expect(after.segments.at(-1)?.parts.at(-1)?.uri).toBe(before.hint);
    expect(http.waiters).toBe(0);
  });

  it('L23 V16 of I-frames are held until the segment is complete, and their ranges are served', async () => {
    goLive();
    const path = '/live/live/source/iframes.m3u8';
    const before = readPlaylist(await (await get(path)).text());
    const next = (before.segments.at(-1)?.msn ?? 0) + 1;
    const waiting = get(`${path}?_HLS_msn=${next}`);
    await held(1);
    more(60);
    const response = await waiting;
    expect(response.headers.get('cache-control')).toBe('public, max-age=12');
    const { segments } = readPlaylist(await response.text());
    expect(segments.at(-1)?.msn).toBe(next);
    for (const { uri, range: [start, end] = [0, 0] } of segments) {
      const media = await get(`/live/live/source/${uri}`, {
        headers: { Range: `bytes=${start}-${end - 1}` },
      });
      expect(media.status).toBe(206);
      const bytes = Buffer.from(await media.arrayBuffer());
      expect([bytes.length, bytes.toString('latin1', 4, 8)]).toEqual([end - start, 'moof']);
    }
    expect((await get(`${path}?_HLS_msn=${next + 3}`)).status).toBe(400);
    expect((await get('/live/live/audio/iframes.m3u8')).status).toBe(404);
    expect((await get('/live/live/none/iframes.m3u8')).status).toBe(404);
  });

  it('V18 of I-frames are held until there is one', async () => {
    goLive(20);
    session?.event({ type: 'unit', kind: 'video', unit: { ...frame(sent++), keyframe: true } });
    const waiting = get('/live/live/source/iframes.m3u8');
    await held(1);
    more(60);
    const response = await waiting;
    expect(response.headers.get('cache-control')).toBe('public, max-age=1');
    expect(readPlaylist(await response.text()).segments).toHaveLength(1);
  });

  it('M5 of I-frames number on in the next presentation', async () => {
    const read = async (): Promise<ReturnType<typeof readPlaylist>> =>
      readPlaylist(await (await get('/live/live/source/iframes.m3u8')).text());
    goLive();
    session?.end('goodbye');
    const old = await read();
    goLive();
    expect((await read()).mediaSequence).toBe((old.segments.at(-1)?.msn ?? 0) + 1);
  });

  it('D10 D14 P8 list a cue point at once, and leave an older one out of a delta of version 2 alone', async () => {
    goLive(60);
    session?.event({ type: 'cue', time: 500, cue: cueOf({ type: 'splice', role: 'out', event: '1' }) });
    more(60 * 12);
    const idsOf = async (query: string): Promise<(string | undefined)[]> => {
      const text = await (await get(`/live/live/audio/index.m3u8${query}`)).text();
      const lines = readPlaylist(text).tags.get('EXT-X-DATERANGE') ?? [];
      return lines.map((line) => readAttributes(line).ID?.replace(/^.*-/, ''));
    };
    session?.event({ type: 'cue', time: 24_000, cue: cueOf() });
    expect(await idsOf('')).toEqual(['1', '2']);
    expect(await idsOf('?_HLS_skip=YES')).toEqual(['1', '2']);
    expect(await idsOf('?_HLS_skip=v2')).toEqual(['2']);
  });

  it('D5 D6 D16 refuse bad directives at once', async () => {
    goLive();
    for (const query of ['_HLS_part=1', '_HLS_msn=99', '_HLS_msn=4&_HLS_part=90', '_HLS_msn=abc']) {
      const response = await get(`/live/live/source/index.m3u8?${query}`);
      expect([query, response.status]).toEqual([query, 400]);
      expect(await response.json()).toMatchObject({ error: { code: 'BAD_DIRECTIVE' } });
    }
  });

  it('D7 are given up with 503 after three target durations', async () => {
    channel = newChannel({ hls: { partTarget: 0.2, segmentTarget: 1, window: 30 } });
    origin = new Origin([{ channel, streamKey: ATTEMPT.streamKey }]);
    http.close();
    http = new HttpListener({
      ...OPTIONS,
      origin,
      metrics: () => Promise.reject(new Error('broken')),
      isReady: () => false,
    });
    await http.listen();
    const grant = atOnce(origin.publish(ATTEMPT, { close: () => undefined, silentForMs: () => 0 }));
    if (!grant.accepted) throw new Error(grant.description);
    grant.session.event(started(videoTrack(), undefined, Date.now()));
    for (let n = 0; n < 35; n++) grant.session.event({ type: 'unit', kind: 'video', unit: frame(n, 30) });
    const response = await get('/live/live/source/index.m3u8?_HLS_msn=2&_HLS_part=5');
    expect(response.status).toBe(503);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ error: { code: 'PLAYLIST_TIMEOUT' } });
    expect((await get('/readyz')).status).toBe(503);
    expect((await get('/metrics')).status).toBe(500);
  });

  it('D9 release everybody when the stream ends', async () => {
    goLive();
    const waiting = ['source', 'audio'].map((name) => get(`/live/live/${name}/index.m3u8?_HLS_msn=5`));
    await held(2);
    session?.end('goodbye');
    for (const response of await Promise.all(waiting)) {
      expect(readPlaylist(await response.text()).ended).toBe(true);
    }
    expect(http.waiters).toBe(0);
  });

  it('D18 answer many waiters with one and the same text', async () => {
    goLive();
    const waiting = Array.from({ length: 200 }, () =>
      get('/live/live/source/index.m3u8?_HLS_msn=4&_HLS_part=3'),
    );
    await held(200);
    more(6);
    const texts = await Promise.all((await Promise.all(waiting)).map((response) => response.text()));
    expect(new Set(texts).size).toBe(1);
  });

  it('D19 forget a client that went away while it waited', async () => {
    goLive();
    for (let i = 0; i < 20; i++) {
      const socket = connect(http.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write('GET /live/live/source/index.m3u8?_HLS_msn=4&_HLS_part=3 HTTP/1.1\r\nHost: x\r\n\r\n');
      await held(1);
      socket.resetAndDestroy();
      await held(0);
    }
    more(12);
    expect((await media()).segments.at(-1)?.parts).toHaveLength(5);
    expect(answered.filter((status) => status === 0)).toHaveLength(20);
  });
});

describe('media over HTTP', () => {
  it('N3 N8 N9 is neither compressed nor redirected, and says what it is', async () => {
    goLive();
    for (const [name, type] of [
      ['source', 'video/mp4'],
      ['audio', 'audio/mp4'],
    ]) {
      const { segments } = readPlaylist(await (await get(`/live/live/${name}/index.m3u8`)).text());
      for (const uri of [segments[0]?.map, segments[0]?.uri, segments[0]?.parts[0]?.uri]) {
        const response = await get(`/live/live/${name}/${uri}`, {
          redirect: 'error',
          headers: { 'Accept-Encoding': 'gzip, br' },
        });
        const { headers, status } = response;
        expect([status, headers.get('content-type'), headers.get('content-encoding')]).toEqual([
          200,
          type,
          null,
        ]);
      }
    }
  });

  it('L7 is there as soon as a part is listed, that of the open segment too', async () => {
    goLive();
    for (let step = 0; step < 10; step++) {
      more(6);
      const newest = (await media()).segments.at(-1)?.parts.at(-1)?.uri;
      if (newest !== undefined) expect((await get(`/live/live/source/${newest}`)).status).toBe(200);
    }
  });

  it('C4 M12 N4 N5 is served whole, immutable, and a segment is its parts joined', async () => {
    goLive();
    const playlist = await media();
    for (const segment of playlist.segments.filter((s) => s.uri !== undefined)) {
      const response = await get(`/live/live/source/${segment.uri}`);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('content-type')).toBe('video/mp4');
      const whole = Buffer.from(await response.arrayBuffer());
      const parts = await Promise.all(
        segment.parts.map(async (part) => {
          const answer = await get(`/live/live/source/${part.uri}`);
          expect(answer.headers.get('cache-control')).toBe('public, max-age=12');
          return Buffer.from(await answer.arrayBuffer());
        }),
      );
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
    }
    const init = await get(`/live/live/source/${playlist.segments[0]?.map}`);
    expect(init.headers.get('cache-control')).toContain('immutable');
    expect(Buffer.from(await init.arrayBuffer()).toString('latin1', 4, 8)).toBe('ftyp');
  });

  it('L18 holds the hinted part and sends it whole when it is made', async () => {
    goLive();
    const waiting = get(`/live/live/source/${(await media()).hint}`);
    await held(1);
    more(6);
    const response = await waiting;
    expect(response.status).toBe(200);
    const whole = Buffer.from(await response.arrayBuffer());
    expect(whole.indexOf('moof')).toBeGreaterThan(0);
  });

  it('L19 N4 says 404, uncacheable, for what is not hinted, and for a hint that the segment ended before', async () => {
    goLive();
    const { hint = '' } = await media();
    const epoch = hint.split('/')[0] ?? '';
    for (const path of [
      `${epoch}/4.9.m4s`,
      `${epoch}/9.m4s`,
      `${epoch}/x.m4s`,
      'other-1/0.m4s',
      `${epoch}/4.3.mp4`,
    ]) {
      const { status, headers } = await get(`/live/live/source/${path}`);
      expect([path, status, headers.get('cache-control')]).toEqual([path, 404, 'no-store']);
    }
    // Segment 4 ends after 30 frames, where three whole parts and 12 frames are out: part 5 never comes.
    more(10);
    const late = (await media()).hint ?? '';
    expect(late).toMatch(/4\.5\.m4s$/);
    const waiting = get(`/live/live/source/${late}`);
    await held(1);
    session?.event({ type: 'unit', kind: 'video', unit: { ...frame(sent), keyframe: true } });
    session?.end('goodbye');
    expect((await waiting).status).toBe(404);
  });

  it('makes the hinted part of what is pending when the publisher leaves', async () => {
    goLive();
    const waiting = get(`/live/live/source/${(await media()).hint}`);
    await held(1);
    session?.end('goodbye');
    expect((await waiting).status).toBe(200);
  });

  it('N13 N14 L20 answers ranges with 206, and 416 beyond the end', async () => {
    goLive();
    const path = `/live/live/source/${(await media()).segments[0]?.uri}`;
    const whole = Buffer.from(await (await get(path)).arrayBuffer());
    const cases: [string, number, Buffer][] = [
      ['bytes=0-9', 206, whole.subarray(0, 10)],
      ['bytes=10-', 206, whole.subarray(10)],
      ['bytes=-5', 206, whole.subarray(-5)],
      ['bytes=5-9007199254740991', 206, whole.subarray(5)],
      [`bytes=${whole.length}-`, 416, Buffer.alloc(0)],
      ['lines=1-2', 200, whole],
    ];
    for (const [range, status, body] of cases) {
      const response = await get(path, { headers: { Range: range } });
      expect([range, response.status]).toEqual([range, status]);
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('of an ended presentation is served beside that of the next', async () => {
    goLive();
    const old = await media();
    session?.end('goodbye');
    goLive();
    expect((await get(`/live/live/source/${old.segments[0]?.uri}`)).status).toBe(200);
    expect((await media()).segments[0]?.msn).toBe(5);
  });

  it('while the publisher is away, what was hinted is answered 503 and never 404, and the next epoch is waited for', async () => {
    goLive(60 * 3 + 18);
    const { hint = '' } = await media();
    session?.end('vanished');
    expect((await get(`/live/live/source/${hint}`)).status).toBe(503);
    const away = await media();
    const waiting = [away.hint, away.mapHint].map((path) => get(`/live/live/source/${path}`));
    const reload = get('/live/live/source/index.m3u8?_HLS_msn=5&_HLS_part=0');
    await held(3);
    goLive(12);
    expect((await Promise.all([...waiting, reload])).map((response) => response.status)).toEqual([
      200, 200, 200,
    ]);
  });
});

describe('the HTTP server', () => {
  it('reports health, readiness, metrics and the time', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toBe('up 1\n');
    const { now } = (await (await get('/api/v1/time')).json()) as { now: number };
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });

  it('describes its channels', async () => {
    expect(await (await get('/api/v1/channels')).json()).toEqual({
      channels: [
        {
          name: 'live',
          state: 'offline',
          since: null,
          playlist: '/live/live/index.m3u8',
          poster: null,
          renditions: [],
          publisher: null,
          push: [],
        },
      ],
    });
    goLive();
    expect(await (await get('/api/v1/channels/live')).json()).toMatchObject({
      state: 'live',
      renditions: [{ name: 'source', width: 320, frameRate: 30 }, { name: 'audio' }],
    });
    expect((await get('/api/v1/channels/none')).status).toBe(404);
  });

  it('answers preflights and refuses other methods', async () => {
    const preflight = await get('/live/live/index.m3u8', { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Range, If-None-Match',
    ]);
    expect((await get('/', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it.each([
    '/none',
    '/live',
    '/live/',
    '/live/none/index.m3u8',
    '/%E0%A4%A',
    `/${'x'.repeat(2000)}`,
    '/assets/../x',
    '//',
  ])('says 404 for %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('fails to listen on a port in use with a coded error', async () => {
    const second = new HttpListener({ ...OPTIONS, port: http.port, origin });
    await expect(second.listen()).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    second.close();
  });
});
