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

/** The index page, the watch page and their assets, read into memory once. */
export class Pages {
  readonly #index: Reply | undefined;
  readonly #watch: Reply | undefined;
  readonly #assets = new Map<string, Reply>();

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
    exchange.send(this.#index ?? missing);
  }

  /** One page for every channel; it reads the channel's name from its own URL. */
  watch(exchange: Exchange): void {
    exchange.send(this.#watch ?? missing);
  }

  asset(exchange: Exchange, file: string): void {
    exchange.send(this.#assets.get(file) ?? error(404, 'NOT_FOUND', 'nothing is at this URL'));
  }
}

const missing = error(404, 'NOT_FOUND', 'the pages are not built; run "npm run build"');

/** A file, with its compressed twin where the build made one. */
function load(file: string, headers: Readonly<Record<string, string>>): Reply | undefined {
  const body = read(file);
  if (body === undefined) return undefined;
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const reply = { status: 200, headers: { 'Content-Type': type, ...headers }, body };
  const compressed = read(file + COMPRESSED);
  return compressed === undefined ? reply : { ...reply, gzip: () => compressed };
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
