/** The index page: a card for each live channel, and how to start one when there is none. */
import { fetchChannels, type ChannelState, type ChannelStatus } from './api.js';
import { element, setText } from './dom.js';
import { formatResolution, formatUptime } from './format.js';
import { Poller } from './poller.js';

const POLL_SECONDS = 5;
const POLL_HIDDEN_SECONDS = 30;
const RTMP_PORT = 1935;
const COPIED_MS = 1600;

const labels: Partial<Record<ChannelState, string>> = {
  starting: 'Starting',
  live: 'Live',
  reconnecting: 'Reconnecting',
};

const cards = element('cards');

async function poll(): Promise<void> {
  const channels = await fetchChannels();
  element('problem').hidden = channels !== null;
  if (channels === null) return;
  const shown = channels.filter(({ state }) => labels[state] !== undefined);
  cards.replaceChildren(...shown.map(cardOf));
  cards.hidden = shown.length === 0;
  element('guide').hidden = shown.length > 0;
  element('title').hidden = shown.length === 0;
  document.body.dataset.state = shown.length > 0 ? 'live' : 'empty';
}

function cardOf(channel: ChannelStatus): HTMLElement {
  const link = make('a', 'card');
  link.setAttribute('href', `/watch/${encodeURIComponent(channel.name)}`);
  const badge = make('span', `badge badge-${channel.state}`, labels[channel.state] ?? '');
  link.append(
    pictureOf(channel, badge),
    make('span', 'card-name', channel.name),
    make('span', 'card-facts', factsOf(channel)),
  );
  const item = make('li', 'card-item');
  item.append(link);
  return item;
}

function pictureOf(channel: ChannelStatus, badge: HTMLElement): HTMLElement {
  const picture = make('span', 'card-picture');
  if (channel.poster !== null) {
    const image = document.createElement('img');
    image.alt = '';
    // The picture changes while its address stays: a new query per interval asks for the new one.
    image.src = `${channel.poster}?t=${Math.floor(Date.now() / (POLL_SECONDS * 1000))}`;
    image.addEventListener('error', () => image.remove());
    picture.append(image);
  }
  picture.append(badge);
  return picture;
}

function factsOf({ renditions, since }: ChannelStatus): string {
  const facts: string[] = [];
  const best = renditions.find(({ kind }) => kind === 'video');
  if (best !== undefined) facts.push(formatResolution(best.width, best.height, best.frameRate));
  if (since !== null) facts.push(`on for ${formatUptime((Date.now() - Date.parse(since)) / 1000)}`);
  return facts.join(' · ');
}

function make(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

const serverUrl = `rtmp://${location.hostname}:${RTMP_PORT}/live`;
const copy = element('copy');
setText(element('server-url'), serverUrl);
copy.hidden = !('clipboard' in navigator);
copy.addEventListener('click', () => {
  void navigator.clipboard.writeText(serverUrl).then(() => {
    copy.textContent = 'Copied';
    setTimeout(() => (copy.textContent = 'Copy'), COPIED_MS);
  });
});

const poller = new Poller(poll, () => (document.hidden ? POLL_HIDDEN_SECONDS : POLL_SECONDS));
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void poller.now();
});
void poller.now();
