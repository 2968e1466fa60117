import { MillraceError } from '../../errors.js';
import type { MultivariantVersion, Observation, Probe, RenditionObservation } from '../observation.js';
import { MAX_PLAYLIST_BYTES } from '../playlist/lines.js';
import { isMultivariant, readMultivariantPlaylist } from '../playlist/multivariant-playlist.js';
import { succeeded, type Answer, type Clock, type Transport } from '../transport.js';
import { MAX_MEDIA, MediaFetcher } from './media-fetcher.js';
import { PlaylistBudget } from './playlist-budget.js';
import { MAX_VERSIONS, PlaylistFollower } from './playlist-follower.js';
import { Prober } from './prober.js';
import { nameOf, renditionsOf, type RenditionSource, type RenditionSources } from './renditions.js';

export interface ObserveOptions {
  readonly url: string;
  readonly seconds: number;
  /** Makes no requests but those that a player makes. */
  readonly passive: boolean;
}

const FIRST_REQUEST_TIMEOUT_MS = 10_000;

interface Followed {
  readonly source: RenditionSource;
  readonly follower: PlaylistFollower;
  readonly fetcher: MediaFetcher;
}

/**
 * Follows a presentation for a while, all renditions at once.
 *
 * @throws MillraceError CHECK_UNREACHABLE, CHECK_NOT_HLS
 */
export async function observe(
  options: ObserveOptions,
  transport: Transport,
  clock: Clock,
): Promise<Observation> {
  const startedAt = clock.now();
  const deadline = startedAt + options.seconds * 1000;
  const { multivariant, sources, listed } = await open(options.url, transport);
  const budget = new PlaylistBudget();
  const prober = options.passive ? undefined : new Prober(transport, clock, deadline);
  const followed = sources.map((source) => follow(source, transport, clock, deadline, budget, prober));
  const [http2] = await Promise.all([
    transport.offersHttp2(multivariant?.exchange.finalUrl ?? options.url),
    ...followed.map(({ follower }) => follower.run()),
  ]);
  await Promise.all(followed.map(({ fetcher }) => fetcher.settle()));
  const probes: readonly Probe[] = (await prober?.settle()) ?? [];
  return {
    url: options.url,
    startedAt,
    endedAt: clock.now(),
    multivariant,
    renditions: followed.map(observed),
    probes,
    active: !options.passive,
    http2,
    limits: limitsReached(listed, followed, budget),
  };
}

function follow(
  source: RenditionSource,
  transport: Transport,
  clock: Clock,
  deadline: number,
  budget: PlaylistBudget,
  prober: Prober | undefined,
): Followed {
  const { name, kind, url } = source;
  const follower: PlaylistFollower = new PlaylistFollower({
    name,
    url,
    transport,
    clock,
    deadline,
    budget,
    onVersion: (version) => {
      fetcher.see(version);
      prober?.see(version, follower.url, kind);
    },
  });
  const fetcher = new MediaFetcher({ name, kind, url: () => follower.url, transport, clock, deadline });
  return { source, follower, fetcher };
}

const observed = ({ source, follower, fetcher }: Followed): RenditionObservation => ({
  name: source.name,
  url: follower.url,
  listedUrl: source.url,
  kind: source.kind,
  versions: follower.versions,
  failures: follower.failures,
  media: fetcher.media,
});

/** Reads what is at the URL: a multivariant playlist, or one media playlist by itself. */
async function open(
  url: string,
  transport: Transport,
): Promise<RenditionSources & { readonly multivariant: MultivariantVersion | undefined }> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new MillraceError('CHECK_UNREACHABLE', `"${url}" is not an http or https URL`);
  const answer = await transport.request(url, {
    headers: { 'accept-encoding': 'gzip' },
    timeout: FIRST_REQUEST_TIMEOUT_MS,
    maxBytes: MAX_PLAYLIST_BYTES,
  });
  const text = playlistText(answer, url);
  if (!isMultivariant(text)) {
    const source: RenditionSource = { name: nameOf(url, [url]), url, kind: 'variant' };
    return { multivariant: undefined, sources: [source], listed: 1 };
  }
  const playlist = readMultivariantPlaylist(text);
  const { sources, listed } = renditionsOf(playlist, answer.exchange.finalUrl);
  if (listed === 0)
    throw new MillraceError('CHECK_NOT_HLS', 'the multivariant playlist lists no media playlist');
  return { multivariant: { exchange: answer.exchange, text, playlist }, sources, listed };
}

function playlistText({ exchange, body }: Answer, url: string): string {
  if (!succeeded(exchange)) {
    const what = exchange.fault ?? `status ${exchange.status}`;
    throw new MillraceError('CHECK_UNREACHABLE', `${url}: ${what}`);
  }
  const text = body.toString('utf8');
  // A byte order mark is a fault to report, not a reason to give up.
  if (!/^\uFEFF?\s*#EXTM3U/.test(text))
    throw new MillraceError('CHECK_NOT_HLS', `${url} is not an HLS playlist: it does not begin with #EXTM3U`);
  return text;
}

function limitsReached(listed: number, followed: readonly Followed[], budget: PlaylistBudget): string[] {
  const limits: string[] = [];
  if (listed > followed.length)
    limits.push(`only ${followed.length} of ${listed} media playlists were followed`);
  if (budget.exhausted) limits.push('the memory for playlist texts was used up: late findings show no lines');
  if (budget.isSpent) limits.push('the memory for playlists was used up: they were followed no further');
  for (const { source, follower, fetcher } of followed) {
    if (follower.versions.length >= MAX_VERSIONS)
      limits.push(`${source.name}: no more than ${MAX_VERSIONS} versions of its playlist were kept`);
    if (fetcher.media.size >= MAX_MEDIA)
      limits.push(`${source.name}: no more than ${MAX_MEDIA} pieces were fetched`);
  }
  return limits;
}
