import { resolve } from '../http-transport.js';
import type { Asked, PlaylistFailure, PlaylistVersion } from '../observation.js';
import { numberOf, textOf } from '../playlist/attribute-list.js';
import { MAX_PLAYLIST_BYTES } from '../playlist/lines.js';
import { readMediaPlaylist, type SegmentEntry } from '../playlist/media-playlist.js';
import { applyUpdate } from '../playlist/versions.js';
import { succeeded, type Answer, type Clock, type Transport } from '../transport.js';
import type { PlaylistBudget } from './playlist-budget.js';

/** Versions of one playlist that are kept; following it ends there. */
export const MAX_VERSIONS = 20_000;

/** Failures kept of one playlist. */
const MAX_FAILURES = 1000;

/** Requests in a row without a playlist before it is given up. */
const MAX_FAILURES_IN_A_ROW = 10;

/** Every so many versions a delta update is passed over for a full playlist, to compare with. */
const FULL_EVERY = 4;

/** A server holds a request for three target durations at most (RFC 8216bis 6.2.5.2), and the network takes time. */
const HOLD_TARGET_DURATIONS = 3;
const NETWORK_MS = 2000;

/** How long a request is waited for that nothing holds. */
const PLAIN_TIMEOUT_MS = 10_000;

/** Between a request that brought nothing new and the next: nobody is hammered. */
const LEAST_PAUSE_MS = 50;

export interface FollowerOptions {
  readonly name: string;
  readonly url: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** ms since the Unix epoch. */
  readonly deadline: number;
  readonly budget: PlaylistBudget;
  readonly onVersion: (version: PlaylistVersion) => void;
}

/** Follows one media playlist: blocking reloads and delta updates where the server has them, else polling. */
export class PlaylistFollower {
  readonly name: string;
  readonly versions: PlaylistVersion[] = [];
  readonly failures: PlaylistFailure[] = [];
  readonly #options: FollowerOptions;
  #url: string;
  #failed = false;

  constructor(options: FollowerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#url = options.url;
  }

  /** The playlist's URL after redirects. */
  get url(): string {
    return this.#url;
  }

  get latest(): PlaylistVersion | undefined {
    return this.versions.at(-1);
  }

  /** Follows until the deadline, the end of the presentation, or until the playlist is gone. */
  async run(): Promise<void> {
    const { clock, deadline, budget } = this.#options;
    let failedInARow = 0;
    while (clock.now() < deadline && this.versions.length < MAX_VERSIONS && !budget.isSpent) {
      const before = this.latest;
      const version = await this.#reload(before);
      if (version?.playlist.ended === true) return;
      failedInARow = version === undefined ? failedInARow + 1 : 0;
      if (failedInARow >= MAX_FAILURES_IN_A_ROW) return;
      const pause = this.#pause(before, version);
      if (pause > 0) await clock.sleep(Math.min(pause, Math.max(0, deadline - clock.now())));
    }
  }

  async #reload(before: PlaylistVersion | undefined): Promise<PlaylistVersion | undefined> {
    const { transport, clock, deadline } = this.#options;
    const asked = before === undefined || this.#failed ? {} : nextRequest(before);
    const held = asked.msn === undefined ? PLAIN_TIMEOUT_MS : holdLimit(before);
    const answer = await transport.request(withDirectives(this.#url, asked), {
      headers: { 'accept-encoding': 'gzip' },
      timeout: Math.min(held, Math.max(0, deadline - clock.now()) + NETWORK_MS),
      maxBytes: MAX_PLAYLIST_BYTES,
    });
    return this.#take(answer, asked, before);
  }

  #take(answer: Answer, asked: Asked, before: PlaylistVersion | undefined): PlaylistVersion | undefined {
    const { exchange } = answer;
    const text = answer.body.toString('utf8');
    if (!succeeded(exchange) || !/^\uFEFF?#EXTM3U/.test(text)) {
      if (this.failures.length < MAX_FAILURES) this.failures.push({ exchange, asked });
      this.#failed = true;
      return undefined;
    }
    if (before === undefined) this.#url = resolve(exchange.finalUrl, this.#url) ?? this.#url;
    const sent = readMediaPlaylist(text);
    const held = before?.segments ?? [];
    const { segments, missing } = applyUpdate(sent, held);
    // Without a delta update the segments are those that were sent: only what is new in them is kept.
    const playlist = sent.skipped === undefined ? { ...sent, segments } : sent;
    const known = new Set(held);
    const version: PlaylistVersion = {
      rendition: this.name,
      number: this.versions.length,
      exchange,
      asked,
      text: this.#options.budget.keep(text),
      playlist,
      segments,
      fresh: segments.filter((segment) => !known.has(segment)),
      missing,
      afterFailure: this.#failed,
    };
    this.#failed = false;
    this.#options.budget.spend(version);
    this.versions.push(version);
    this.#options.onVersion(version);
    return version;
  }

  /** ms to wait: none where the server holds the next request. */
  #pause(before: PlaylistVersion | undefined, version: PlaylistVersion | undefined): number {
    const newest = version ?? before;
    const target = (newest?.playlist.targetDuration ?? 2) * 1000;
    if (version === undefined) return Math.min(target / 2, 1000);
    const changed = version.fresh.length > 0;
    if (nextRequest(version).msn !== undefined) {
      const part = (version.playlist.partTarget ?? target / 1000 / 2) * 1000;
      return changed ? 0 : Math.max(LEAST_PAUSE_MS, part / 2);
    }
    // Where parts are listed and requests are not held, a client polls for parts (RFC 8216bis 6.3.4).
    if (version.playlist.partTarget !== undefined) return version.playlist.partTarget * 1000;
    return changed ? target : target / 2;
  }
}

/** How long an answer to a held request may take, in ms. */
export const holdLimit = (version: PlaylistVersion | undefined): number =>
  HOLD_TARGET_DURATIONS * (version?.playlist.targetDuration ?? 2) * 1000 + NETWORK_MS;

/** The URL with directives in the order that clients have to send them in (RFC 8216bis 6.3.2). */
export function withDirectives(url: string, { msn, part, skip }: Asked): string {
  const parameters = [
    ...(msn === undefined ? [] : [`_HLS_msn=${msn}`]),
    ...(part === undefined ? [] : [`_HLS_part=${part}`]),
    ...(skip === undefined ? [] : [`_HLS_skip=${skip}`]),
  ];
  if (parameters.length === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${parameters.join('&')}`;
}

export const canBlock = ({ playlist }: PlaylistVersion): boolean =>
  !playlist.ended && textOf(playlist.serverControl, 'CAN-BLOCK-RELOAD') === 'YES';

export const canSkip = ({ playlist }: PlaylistVersion): boolean =>
  !playlist.ended && numberOf(playlist.serverControl, 'CAN-SKIP-UNTIL') !== undefined;

/** What a client asks for that has this version. */
function nextRequest(version: PlaylistVersion): Asked {
  const skip = canSkip(version) && version.number % FULL_EVERY !== FULL_EVERY - 1 ? 'YES' : undefined;
  if (!canBlock(version)) return { skip };
  const { msn, part } = nextPlace(version);
  const listsParts = version.segments.some((segment) => segment.parts.length > 0);
  return listsParts ? { msn, part, skip } : { msn, skip };
}

/** Where the next part will stand: in the open segment, or first in the next one. */
export function nextPlace({ playlist, segments }: PlaylistVersion): { msn: number; part: number } {
  const last = segments.at(-1);
  if (last === undefined) return { msn: playlist.mediaSequence, part: 0 };
  return isOpen(last) ? { msn: last.msn, part: last.parts.length } : { msn: last.msn + 1, part: 0 };
}

const isOpen = (segment: SegmentEntry): boolean => segment.uri === undefined;
