import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Exchange, Reply } from './exchange.js';
import { error, IMMUTABLE } from './replies.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

const COMPRESSED = '.gz';

/** The pages load nothing from elsewhere; hls.js runs its worker from a blob and feeds the video through one. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors *",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The name of an asset holds a hash of its bytes. */
const ASSET_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': IMMUTABLE,
  'X-Content-Type-Options': 'nosniff',
};

/** One file, and its compressed twin where the build made one. */
interface Page {
  readonly plain: Reply;
  readonly gzip: Reply | undefined;
}

/** The index page, the watch page and their assets, read into memory once. */
export class Pages {
  readonly #index: Page | undefined;
  readonly #watch: Page | undefined;
  readonly #assets = new Map<string, Page>();

  /** @param directory the bundled pages; without it the server runs, but shows none */
  constructor(directory: string) {
    this.#index = load(join(directory, 'index.html'), PAGE_HEADERS);
    this.#watch = load(join(directory, 'watch.html'), PAGE_HEADERS);
    for (const file of list(join(directory, 'assets'))) {
      if (file.endsWith(COMPRESSED)) continue;
      const asset = load(join(directory, 'assets', file), ASSET_HEADERS);
      if (asset !== undefined) this.#assets.set(file, asset);
    }
  }

  index(exchange: Exchange): void {
    send(exchange, this.#index, 'the pages are not built; run "npm run build"');
  }

  /** One page for every channel; it reads the channel's name from its own URL. */
  watch(exchange: Exchange): void {
    send(exchange, this.#watch, 'the pages are not built; run "npm run build"');
  }

  asset(exchange: Exchange, file: string): void {
    send(exchange, this.#assets.get(file), 'nothing is at this URL');
  }
}

function send(exchange: Exchange, page: Page | undefined, otherwise: string): void {
  if (page === undefined) exchange.send(error(404, 'NOT_FOUND', otherwise));
  else exchange.send((exchange.acceptsGzip ? page.gzip : undefined) ?? page.plain);
}

function load(file: string, headers: Readonly<Record<string, string>>): Page | undefined {
  const body = read(file);
  if (body === undefined) return undefined;
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const plain = { status: 200, headers: { 'Content-Type': type, Vary: 'Accept-Encoding', ...headers }, body };
  const compressed = read(file + COMPRESSED);
  if (compressed === undefined) return { plain, gzip: undefined };
  return {
    plain,
    gzip: { ...plain, headers: { ...plain.headers, 'Content-Encoding': 'gzip' }, body: compressed },
  };
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
