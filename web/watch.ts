/** The watch page: puts the channel's state, the playback and the controls together. */
import { fetchChannel, fetchServerTime } from './api.js';
import { bestPicture, type ChannelStatus } from './channel.js';
import { Controls } from './controls.js';
import { element, setText } from './dom.js';
import { formatResolution, formatUptime } from './format.js';
import { wireIdle } from './idle.js';
import { wireKeyboard } from './keyboard.js';
import { NativePlayer } from './native-player.js';
import { noticeFor } from './notice.js';
import { initialState, pollInterval, reduce, viewOf, type PageEvent, type View } from './page-state.js';
import { clock, Playback, type MakePlayer } from './playback.js';
import { Poller } from './poller.js';
import { qualityMenu } from './quality-menu.js';
import { ServerClock } from './server-clock.js';
import { Timeline } from './timeline.js';
import { trackMenu } from './track-menu.js';

const TICK_MS = 100;
const LABELS_MS = 500;
const CLOCK_READINGS = 3;
const CLOCK_INTERVAL_MS = 60_000;

const channelName = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
const stage = element('stage');
const poster = element('poster') as HTMLImageElement;
const serverClock = new ServerClock();

let state = initialState;
/** How often a player was asked for: while one is still being loaded, the last request counts. */
let attachments = 0;
let view: View = viewOf(state);

const playback = new Playback(
  element('video') as HTMLVideoElement,
  element('last-frame') as HTMLCanvasElement,
  {
    event: dispatch,
    qualities: () => qualities.rebuild(),
    qualityChanged: () => qualities.refresh(),
    audioTracks: () => tracks.rebuild(),
  },
);
const qualities = qualityMenu(() => playback.player);
const tracks = trackMenu(() => playback.player);
const controls = new Controls(playback);
const timeline = new Timeline(playback);
const poller = new Poller(poll, () => pollInterval(state, document.hidden));

/** hls.js is a bundle of its own, so that the page can tell what is up before it has arrived. */
async function loadPlayer(): Promise<MakePlayer> {
  const { HlsPlayer, isHlsSupported } = await import('./hls-player.js');
  if (isHlsSupported()) return (...args) => new HlsPlayer(...args);
  return (...args) => new NativePlayer(...args);
}

async function poll(): Promise<void> {
  dispatch({ kind: 'channel', answer: await fetchChannel(channelName) });
}

function dispatch(event: PageEvent): void {
  const before = state.player.kind;
  const next = reduce(state, event, clock());
  state = next.state;
  if (next.action === 'attach') void attach();
  if (event.kind === 'channel' || viewOf(state) !== view) show();
  // Anything unexpected is worth asking the server about, and not only at the next regular time.
  if (before === 'playing' && state.player.kind !== 'playing') void poller.now();
}

async function attach(): Promise<void> {
  attachments += 1;
  const turn = attachments;
  try {
    const makePlayer = await loadPlayer();
    if (turn === attachments && state.channel.kind === 'known')
      playback.attach(state.channel.status.playlist, makePlayer);
  } catch {
    dispatch({ kind: 'failed' });
  }
}

function show(): void {
  const before = view;
  view = viewOf(state);
  if (view === 'reconnecting' && before !== view) playback.excuseStall();
  document.body.dataset.state = view;
  const notice = noticeFor(view, state);
  setText(element('notice-title'), notice?.title ?? '');
  setText(element('notice-text'), notice?.text ?? '');
  const status = state.channel.kind === 'known' ? state.channel.status : null;
  setText(element('facts'), factsOf(status));
  showPoster(status?.poster ?? null);
  const prefix = view === 'playing' ? '● ' : '';
  document.title = `${prefix}${channelName} · Millrace`;
}

/** Only until there is a picture: what came after is never covered. */
function showPoster(url: string | null): void {
  const wanted = url !== null && playback.video.videoWidth === 0;
  if (wanted && poster.getAttribute('src') !== url) poster.src = url;
  if (!wanted) poster.hidden = true;
}

function factsOf(status: ChannelStatus | null): string {
  if (status === null || status.state === 'offline') return 'Off the air';
  if (status.state === 'ended') return 'The stream has ended';
  if (status.state === 'starting') return 'Starting';
  const facts: string[] = [];
  if (status.since !== null) {
    const seconds = (Date.now() + serverClock.offset - Date.parse(status.since)) / 1000;
    facts.push(`Live for ${formatUptime(seconds)}`);
  }
  const best = bestPicture(status.renditions);
  if (best !== undefined) facts.push(formatResolution(best.width, best.height, best.frameRate));
  return facts.join(' · ');
}

/** Seconds from the camera to this screen; `null` while unknown. */
function trueLatency(): number | null {
  const shown = playback.player?.playingDate() ?? null;
  return shown === null ? null : (Date.now() + serverClock.offset - shown) / 1000;
}

async function readServerClock(): Promise<void> {
  for (let i = 0; i < CLOCK_READINGS; i += 1) {
    const sent = performance.timeOrigin + performance.now();
    const server = await fetchServerTime();
    const received = performance.timeOrigin + performance.now();
    if (server !== null) serverClock.add(sent, received, server);
  }
}

function tick(): void {
  playback.tick();
  dispatch({ kind: 'tick' });
}

function refreshLabels(): void {
  timeline.refresh();
  controls.showLatency(trueLatency());
}

setText(element('channel'), channelName);
poster.addEventListener('load', () => (poster.hidden = playback.video.videoWidth > 0));
poster.addEventListener('error', () => (poster.hidden = true));
wireKeyboard(playback, controls);
wireIdle(stage, () => !playback.video.paused && !qualities.isOpen && !tracks.isOpen);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void poller.now();
});
window.addEventListener('online', () => void poller.now());
window.addEventListener('offline', () => dispatch({ kind: 'channel', answer: { kind: 'unreachable' } }));
show();
setInterval(tick, TICK_MS);
setInterval(refreshLabels, LABELS_MS);
setInterval(() => void readServerClock(), CLOCK_INTERVAL_MS);
void readServerClock();
void poller.now();

/** For tests and the curious. */
Object.defineProperty(window, 'millrace', {
  value: {
    get state() {
      return view;
    },
    latency: trueLatency,
    bufferAhead: () => playback.forwardBuffer,
    get stalls() {
      return playback.stalls;
    },
    get rebuilds() {
      return playback.rebuilds;
    },
    get level() {
      return playback.player?.currentQuality ?? -1;
    },
    get levels() {
      return playback.player?.qualities ?? [];
    },
    get audioTracks() {
      return playback.player?.audioTracks ?? [];
    },
    get audioTrack() {
      return playback.player?.currentAudio ?? -1;
    },
    get targetLatency() {
      return playback.targetLatency;
    },
  },
});
