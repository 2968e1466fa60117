/**
 * A playlist loader that waits out a publisher's absence.
 *
 * hls.js gives a blocking reload 0.8 target durations, and a few of those failing end the player. While a
 * publisher is away, though, the server rightly holds such a request, and answers 503 in the end (RFC 8216bis
 * 6.2.5.2). This loader holds on for as long as the server does and then repeats the same blocking request, so
 * that the first new part is answered the moment it exists.
 */
import Hls, {
  type HlsConfig,
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderStats,
  type PlaylistLoaderContext,
} from 'hls.js';

const SERVICE_UNAVAILABLE = 503;
const RETRY_MS = 250;
/** Longer than the three target durations that a server may hold a blocking reload. */
const HOLD_MS = 20_000;
/** Longer than any grace a server gives; after that the error is passed on. */
const MAX_WAIT_MS = 120_000;

type PlaylistLoader = Loader<PlaylistLoaderContext>;

export class PatientPlaylistLoader implements PlaylistLoader {
  readonly #config: HlsConfig;
  #inner: PlaylistLoader;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #startedAt = 0;

  constructor(config: HlsConfig) {
    this.#config = config;
    this.#inner = this.#makeInner();
  }

  get context(): PlaylistLoaderContext | null {
    return this.#inner.context;
  }

  get stats(): LoaderStats {
    return this.#inner.stats;
  }

  load(
    context: PlaylistLoaderContext,
    config: LoaderConfiguration,
    callbacks: LoaderCallbacks<PlaylistLoaderContext>,
  ): void {
    this.#startedAt = performance.now();
    this.#request(context, config, callbacks);
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#inner.abort();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#inner.destroy();
  }

  getCacheAge(): number | null {
    return this.#inner.getCacheAge?.() ?? null;
  }

  getResponseHeader(name: string): string | null {
    return this.#inner.getResponseHeader?.(name) ?? null;
  }

  #makeInner(): PlaylistLoader {
    return new Hls.DefaultConfig.loader(this.#config) as unknown as PlaylistLoader;
  }

  #request(
    context: PlaylistLoaderContext,
    config: LoaderConfiguration,
    callbacks: LoaderCallbacks<PlaylistLoaderContext>,
  ): void {
    if (context.deliveryDirectives === null) {
      this.#inner.load(context, config, callbacks);
      return;
    }
    const loadPolicy = { ...config.loadPolicy, maxTimeToFirstByteMs: HOLD_MS, maxLoadTimeMs: HOLD_MS };
    const again = (): void => this.#repeat(context, config, callbacks);
    this.#inner.load(
      context,
      { ...config, loadPolicy },
      {
        ...callbacks,
        onError: (error, ...rest) => {
          if (error.code === SERVICE_UNAVAILABLE && this.#mayWait()) again();
          else callbacks.onError(error, ...rest);
        },
        onTimeout: (...args) => {
          if (this.#mayWait()) again();
          else callbacks.onTimeout(...args);
        },
      },
    );
  }

  #mayWait(): boolean {
    return performance.now() - this.#startedAt < MAX_WAIT_MS;
  }

  #repeat(...request: Parameters<PlaylistLoader['load']>): void {
    this.#timer = setTimeout(() => {
      this.#inner.destroy();
      this.#inner = this.#makeInner();
      this.#request(...request);
    }, RETRY_MS);
  }
}
