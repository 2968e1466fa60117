/** The index page: a card for each live channel, and how to start one when there is none. */
import { fetchChannels, fetchRtmpPort } from './api.js';
import { ChannelCard, isShown } from './channel-card.js';
import { element, setText } from './dom.js';
import { Poller } from './poller.js';

const POLL_SECONDS = 5;
const POLL_HIDDEN_SECONDS = 30;
const COPIED_MS = 1600;

const list = element('cards');
const cards = new Map<string, ChannelCard>();

async function poll(): Promise<void> {
  const channels = await fetchChannels();
  element('problem').hidden = channels !== null;
  if (channels === null) return;
  const shown = channels.filter(isShown);
  for (const [name, card] of cards) {
    if (shown.some((channel) => channel.name === name)) continue;
    card.root.remove();
    cards.delete(name);
  }
  for (const channel of shown) {
    const card = cards.get(channel.name) ?? new ChannelCard(channel.name);
    card.update(channel);
    if (cards.has(channel.name)) continue;
    cards.set(channel.name, card);
    list.append(card.root);
  }
  const empty = shown.length === 0;
  list.hidden = empty;
  element('title').hidden = empty;
  element('guide').hidden = !empty;
  document.body.dataset.state = empty ? 'empty' : 'live';
}

let serverUrl = '';

async function showServerUrl(): Promise<void> {
  serverUrl = `rtmp://${location.hostname}:${await fetchRtmpPort()}/live`;
  setText(element('server-url'), serverUrl);
}

const copy = element('copy');
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
void showServerUrl();
