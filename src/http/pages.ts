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

/** The pages load nothing from elsewhere; hls.js runs its worker from a blob and feeds the video through one. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors *",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The index page, the watch page and their assets, read into memory once. */
export class Pages {
  readonly #index: Reply | undefined;
  readonly #watch: Reply | undefined;
  readonly #assets = new Map<string, Reply>();

  /** @param directory the bundled pages; without it the server runs, but shows none */
  constructor(directory: string) {
    this.#index = page(join(directory, 'index.html'));
    this.#watch = page(join(directory, 'watch.html'));
    for (const file of list(join(directory, 'assets'))) {
      const headers = {
        'Content-Type': typeOf(file),
        'Cache-Control': IMMUTABLE,
        'X-Content-Type-Options': 'nosniff',
      };
      this.#assets.set(file, { status: 200, headers, body: readFileSync(join(directory, 'assets', file)) });
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

const typeOf = (file: string): string => TYPES[extname(file)] ?? 'application/octet-stream';

function page(file: string): Reply | undefined {
  try {
    return {
      status: 200,
      headers: { 'Content-Type': typeOf(file), ...PAGE_HEADERS },
      body: readFileSync(file),
    };
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
