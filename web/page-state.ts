/**
 * What the watch page knows, and what it must do about it: a pure reducer over the channel as the server last
 * described it and the player as the video element shows it. Times are seconds on one monotonic clock.
 *
 * The page never gives up: whatever happened to the player, a channel that the server says is live gets a fresh
 * one, at growing intervals.
 */
import type { ChannelAnswer, ChannelState } from './channel.js';

export type Channel = { readonly kind: 'unknown' } | ChannelAnswer;

/** `since` names the presentation the player was made for. */
export type Player =
  | { readonly kind: 'none' }
  | { readonly kind: 'starting'; readonly at: number; readonly since: string | null }
  | { readonly kind: 'playing'; readonly at: number; readonly since: string | null }
  | { readonly kind: 'stalled'; readonly at: number; readonly since: string | null }
  | { readonly kind: 'ended'; readonly at: number; readonly since: string | null }
  | { readonly kind: 'failed'; readonly at: number; readonly since: string | null };

export interface PageState {
  readonly channel: Channel;
  /** When the server was first seen to say `live` after it had said something else. */
  readonly liveAt: number;
  readonly player: Player;
  readonly paused: boolean;
  /** Players in a row that did not come to play for long. */
  readonly failures: number;
}

export type PageEvent =
  | { readonly kind: 'channel'; readonly answer: ChannelAnswer }
  | { readonly kind: 'advanced' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'tick' };

/** `attach`: make a player, in place of the one that is there, if any. */
export type Action = 'attach' | null;

/** The names that `<body data-state>` takes. */
export type View =
  'connecting' | 'offline' | 'playing' | 'paused' | 'buffering' | 'reconnecting' | 'ended' | 'unreachable';

/** A new player must show its first frame within this. */
export const START_TIMEOUT = 10;
/** A player that stands still for this long on a live channel is replaced. */
export const FROZEN_TIMEOUT = 5;
/** The same, when the server has begun another presentation since the player was made. */
export const SUPERSEDED_TIMEOUT = 0.5;
/** A presentation that has ended for the player must have ended for the server within this. */
const END_DISAGREEMENT = 5;
/** Playing for this long makes earlier failures forgotten. */
const STABLE_AFTER = 10;
const FIRST_RETRY = 0.5;
const LONGEST_RETRY = 8;

export const initialState: PageState = {
  channel: { kind: 'unknown' },
  liveAt: 0,
  player: { kind: 'none' },
  paused: false,
  failures: 0,
};

function channelState(channel: Channel): ChannelState | 'unknown' | 'absent' | 'unreachable' {
  return channel.kind === 'known' ? channel.status.state : channel.kind;
}

function currentSince(channel: Channel): string | null {
  return channel.kind === 'known' ? channel.status.since : null;
}

/** How long to wait before the next player, after so many that failed. */
export function retryDelay(failures: number): number {
  return failures === 0 ? 0 : Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (failures - 1));
}

/** Takes one event; the action, when there is one, is to be carried out at once. */
export function reduce(
  state: PageState,
  event: PageEvent,
  now: number,
): { readonly state: PageState; readonly action: Action } {
  const next = learn(state, event, now);
  if (!mustAttach(next, now)) return { state: next, action: null };
  const since = currentSince(next.channel);
  const failures = failedBefore(next.player) ? next.failures + 1 : next.failures;
  return {
    state: { ...next, failures, paused: false, player: { kind: 'starting', at: now, since } },
    action: 'attach',
  };
}

function learn(state: PageState, event: PageEvent, now: number): PageState {
  const { player } = state;
  switch (event.kind) {
    case 'channel': {
      const becameLive = channelState(event.answer) === 'live' && channelState(state.channel) !== 'live';
      return { ...state, channel: event.answer, liveAt: becameLive ? now : state.liveAt };
    }
    case 'advanced': {
      if (player.kind === 'none' || player.kind === 'failed') return state;
      if (player.kind !== 'playing') return { ...state, player: { ...player, kind: 'playing', at: now } };
      const stable = state.failures > 0 && now - player.at > STABLE_AFTER;
      return stable ? { ...state, failures: 0 } : state;
    }
    case 'stalled':
      return player.kind === 'playing'
        ? { ...state, player: { ...player, kind: 'stalled', at: now } }
        : state;
    case 'ended':
    case 'failed':
      return player.kind === 'none' ? state : { ...state, player: { ...player, kind: event.kind, at: now } };
    case 'paused':
      return { ...state, paused: true };
    case 'resumed':
      return { ...state, paused: false };
    case 'tick':
      return state;
  }
}

function failedBefore(player: Player): boolean {
  return player.kind === 'failed' || player.kind === 'stalled' || player.kind === 'starting';
}

function mustAttach(state: PageState, now: number): boolean {
  const { channel, player, liveAt } = state;
  if (channelState(channel) !== 'live') return false;
  if (player.kind === 'none') return true;
  const superseded = currentSince(channel) !== player.since;
  const standing = now - Math.max(player.at, liveAt);
  switch (player.kind) {
    case 'playing':
      return false;
    case 'starting':
      return !state.paused && standing > START_TIMEOUT;
    case 'stalled':
      return !state.paused && standing > (superseded ? SUPERSEDED_TIMEOUT : FROZEN_TIMEOUT);
    case 'ended':
      return superseded || now - player.at > END_DISAGREEMENT;
    case 'failed':
      return !state.paused && now - player.at >= retryDelay(state.failures + 1);
  }
}

/** What to show. */
export function viewOf(state: PageState): View {
  const { player, paused } = state;
  const channel = channelState(state.channel);
  switch (player.kind) {
    case 'playing':
      return paused ? 'paused' : 'playing';
    case 'ended':
      return channel === 'live' ? 'connecting' : 'ended';
    case 'none':
    case 'starting':
      return paused && player.kind === 'starting' ? 'paused' : waitingView(channel, 'connecting', 'offline');
    case 'stalled':
      return paused ? 'paused' : waitingView(channel, 'buffering', 'ended');
    case 'failed':
      return waitingView(channel, 'connecting', 'ended');
  }
}

function waitingView(channel: ReturnType<typeof channelState>, live: View, gone: View): View {
  switch (channel) {
    case 'reconnecting':
    case 'unreachable':
    case 'ended':
      return channel;
    case 'absent':
    case 'offline':
      return gone;
    case 'unknown':
    case 'starting':
      return 'connecting';
    case 'live':
      return live;
  }
}

/** How long until the server should be asked again, in seconds: seldom while all is well. */
export function pollInterval(state: PageState, hidden: boolean): number {
  if (state.player.kind === 'playing') return 5;
  return hidden ? 10 : 1;
}
