/**
 * A stand-in for the server: the built pages, the few API answers they need, and one channel of Low-Latency HLS
 * that reveals a clip at the pace of the clock, part by part, over as many publish sessions as a test wants.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { PublisherStatus } from '../../web/channel.js';
import { FRAME_RATE, PART_SECONDS, SEGMENT_SECONDS, type ClipPart, type ClipTrack } from './live-clip.js';

const CSP =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; " +
  "style-src 'self'; script-src 'self'; connect-src 'self'";
const CHANNEL = 'test';
const PATIENCE_MS = 3 * SEGMENT_SECONDS * 1000;
const WAKE_MS = 15;
const WINDOW_SEGMENTS = 20;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

type State = 'offline' | 'live' | 'reconnecting' | 'ended';

/** One publish session: the clip from its beginning. */
interface Epoch {
  readonly id: string;
  readonly firstMsn: number;
  /** Unix ms of the clip's start. */
  readonly start: number;
  /** Seconds of the clip after which the publisher was gone. */
  length: number;
}

interface Segment {
  readonly msn: number;
  readonly epoch: Epoch;
  readonly discontinuity: boolean;
  readonly complete: boolean;
  readonly parts: readonly ClipPart[];
}

export class StubOrigin {
  state: State = 'offline';
  /** What the API says of the publisher. */
  publisher: PublisherStatus | null = null;
  /** Requests for media playlists that were answered. */
  playlists = 0;
  readonly #root: string;
  readonly #tracks: readonly ClipTrack[];
  readonly #server: Server;
  #epochs: Epoch[] = [];
  #presentations = 0;
  #since: string | null = null;

  constructor(root: string, tracks: readonly ClipTrack[]) {
    this.#root = root;
    this.#tracks = tracks;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get watchPath(): string {
    return `/watch/${CHANNEL}`;
  }

  /** Begins a new presentation, whose first segment is there at once. */
  goLive(): void {
    this.#presentations += 1;
    const start = Date.now() - SEGMENT_SECONDS * 1000 - 200;
    this.#since = new Date(start).toISOString();
    this.#epochs = [{ id: `p${this.#presentations}e0`, firstMsn: 0, start, length: Infinity }];
    this.state = 'live';
  }

  /** The publisher is gone without a word. */
  vanish(): void {
    const epoch = this.#current;
    const inSegment = elapsed(epoch) % SEGMENT_SECONDS;
    // A little into a segment, so that every track has something in the one that is cut short.
    epoch.length = elapsed(epoch) + Math.max(0, 2 * PART_SECONDS - inSegment);
    this.state = 'reconnecting';
  }

  /** It is back: the presentation goes on with a discontinuity. */
  comeBack(): void {
    const { firstMsn, length } = this.#current;
    const next = firstMsn + Math.ceil(length / SEGMENT_SECONDS);
    const id = `p${this.#presentations}e${this.#epochs.length}`;
    this.#epochs.push({ id, firstMsn: next, start: Date.now(), length: Infinity });
    this.state = 'live';
  }

  /** The publisher said goodbye. */
  end(): void {
    this.#current.length = elapsed(this.#current);
    this.state = 'ended';
  }

  get #current(): Epoch {
    const epoch = this.#epochs.at(-1);
    if (epoch === undefined) throw new Error('the channel was never live');
    return epoch;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stub');
    try {
      if (url.pathname.startsWith('/api/')) this.#answerApi(url.pathname, response);
      else if (url.pathname.startsWith('/live/')) await this.#answerMedia(url, request, response);
      else await this.#answerFile(url.pathname, response);
    } catch (error) {
      if (!response.headersSent)
        send(response, 404, 'application/json', JSON.stringify({ error: String(error) }));
    }
  }

  #answerApi(path: string, response: ServerResponse): void {
    if (path === '/api/v1/time') {
      send(response, 200, 'application/json', JSON.stringify({ now: Date.now() }));
      return;
    }
    const status = {
      name: CHANNEL,
      state: this.state,
      since: this.state === 'offline' ? null : this.#since,
      playlist: `/live/${CHANNEL}/index.m3u8`,
      poster: null,
      renditions: this.#tracks.map(({ init: _, parts: __, ...track }) => ({
        ...track,
        frameRate: track.kind === 'video' ? FRAME_RATE : 0,
      })),
      publisher: this.publisher,
    };
    const body = path === '/api/v1/channels' ? { channels: [status] } : status;
    const known = path === '/api/v1/channels' || path === `/api/v1/channels/${CHANNEL}`;
    const notFound = { error: { code: 'NOT_FOUND', message: 'no such channel' } };
    send(response, known ? 200 : 404, 'application/json', JSON.stringify(known ? body : notFound));
  }

  async #answerFile(path: string, response: ServerResponse): Promise<void> {
    const file = path === '/' ? 'index.html' : path.startsWith('/watch/') ? 'watch.html' : normalize(path);
    const body = await readFile(join(this.#root, file));
    send(response, 200, types[extname(file)] ?? 'application/octet-stream', body);
  }

  async #answerMedia(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , , name = '', ...rest] = url.pathname.split('/');
    if (this.state === 'offline') throw new Error('not live');
    if (name === 'index.m3u8') {
      send(response, 200, 'application/vnd.apple.mpegurl', this.#multivariant());
      return;
    }
    const track = this.#tracks.find((candidate) => candidate.name === name);
    if (track === undefined) throw new Error(`no rendition ${name}`);
    if (rest[0] === 'index.m3u8') {
      const code = (await this.#reached(track, url.searchParams, request)) ? 200 : 503;
      this.playlists += 1;
      send(response, code, 'application/vnd.apple.mpegurl', code === 200 ? this.#playlist(track) : '');
      return;
    }
    send(response, 200, 'video/mp4', this.#media(track, rest[0] ?? '', rest[1] ?? ''));
  }

  /** Blocking playlist reload (RFC 8216bis 6.2.5.2): true once the wanted part is listed, false at last. */
  async #reached(track: ClipTrack, query: URLSearchParams, request: IncomingMessage): Promise<boolean> {
    const msn = Number(query.get('_HLS_msn') ?? -1);
    const part = Number(query.get('_HLS_part') ?? Infinity);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const segments = this.#segments(track);
      const wanted = segments.find((segment) => segment.msn === msn);
      const there =
        wanted?.complete === true ? part < wanted.parts.length : (wanted?.parts.length ?? 0) > part;
      const passed = (segments.at(-1)?.msn ?? -1) > msn;
      if (msn < 0 || there || passed || this.state === 'ended') return true;
      if (Date.now() > deadline || request.destroyed) return false;
      await new Promise((resolve) => setTimeout(resolve, WAKE_MS));
    }
  }

  #segments(track: ClipTrack): Segment[] {
    return this.#epochs.flatMap((epoch, index) => {
      const over = index < this.#epochs.length - 1 || this.state === 'ended';
      const reached = Math.min(elapsed(epoch), epoch.length) + 1e-6;
      const groups: ClipPart[][] = [];
      for (const part of track.parts) {
        if (part.start + part.duration > reached) break;
        (groups[Math.floor(part.start / SEGMENT_SECONDS + 1e-6)] ??= []).push(part);
      }
      return groups.map((parts, number) => ({
        msn: epoch.firstMsn + number,
        epoch,
        discontinuity: index > 0 && number === 0,
        complete: over || number < groups.length - 1,
        parts,
      }));
    });
  }

  #media(track: ClipTrack, epoch: string, file: string): Buffer {
    if (file === 'init.mp4') return track.init;
    const [msn, part] = file.split('.');
    const segment = this.#segments(track).find((one) => one.epoch.id === epoch && one.msn === Number(msn));
    const parts = part === 'm4s' ? segment?.parts : segment?.parts.slice(Number(part), Number(part) + 1);
    if (parts === undefined || parts.length === 0) throw new Error(`no ${file}`);
    return Buffer.concat(parts.map(({ data }) => data));
  }

  #multivariant(): string {
    const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS'];
    lines.push(
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="audio/index.m3u8"',
    );
    for (const { kind, name, bandwidth, codecs, width, height } of this.#tracks) {
      if (kind === 'audio') continue;
      const size = `RESOLUTION=${width}x${height},FRAME-RATE=${FRAME_RATE}.000`;
      lines.push(
        `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth + 106_000},CODECS="${codecs},mp4a.40.2",${size},AUDIO="audio"`,
      );
      lines.push(`${name}/index.m3u8`);
    }
    return `${lines.join('\n')}\n`;
  }

  #playlist(track: ClipTrack): string {
    const all = this.#segments(track);
    const segments = all.slice(-WINDOW_SEGMENTS);
    const dropped = all
      .slice(0, all.length - segments.length)
      .filter(({ discontinuity }) => discontinuity).length;
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${(3 * PART_SECONDS).toFixed(1)},HOLD-BACK=${3 * SEGMENT_SECONDS}`,
      `#EXT-X-PART-INF:PART-TARGET=${PART_SECONDS}`,
      `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.msn ?? 0}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${dropped}`,
    ];
    segments.forEach((segment, i) => {
      const { epoch, msn, parts } = segment;
      if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
      if (i === 0 || segment.discontinuity) lines.push(`#EXT-X-MAP:URI="${epoch.id}/init.mp4"`);
      const date = new Date(epoch.start + (parts[0]?.start ?? 0) * 1000).toISOString();
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${date}`);
      if (i >= segments.length - 4) {
        parts.forEach(({ duration }, index) => {
          const independent = index === 0 || track.kind === 'audio' ? ',INDEPENDENT=YES' : '';
          lines.push(
            `#EXT-X-PART:DURATION=${duration.toFixed(5)},URI="${epoch.id}/${msn}.${index}.m4s"${independent}`,
          );
        });
      }
      if (!segment.complete) return;
      const duration = parts.reduce((sum, part) => sum + part.duration, 0);
      lines.push(`#EXTINF:${duration.toFixed(5)},`, `${epoch.id}/${msn}.m4s`);
    });
    if (this.state === 'ended') lines.push('#EXT-X-ENDLIST');
    return `${lines.join('\n')}\n`;
  }
}

function elapsed(epoch: Epoch): number {
  return (Date.now() - epoch.start) / 1000;
}

function send(response: ServerResponse, code: number, type: string, body: string | Buffer): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy': CSP,
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
