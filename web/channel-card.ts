/** The card of one live channel on the index page; it is brought up to date in place, so nothing flickers. */
import { bestPicture, type ChannelState, type ChannelStatus } from './channel.js';
import { make, setText } from './dom.js';
import { formatResolution, formatUptime } from './format.js';
import { PublisherPanel } from './publisher-panel.js';

const labels: Partial<Record<ChannelState, string>> = {
  starting: 'Starting',
  live: 'Live',
  reconnecting: 'Reconnecting',
};

/** A poster is asked for again after this long. */
const POSTER_SECONDS = 10;

export function isShown({ state }: ChannelStatus): boolean {
  return labels[state] !== undefined;
}

export class ChannelCard {
  readonly root = make('li', 'card-item');
  readonly #badge = make('span', 'badge');
  readonly #name = make('span', 'card-name');
  readonly #facts = make('span', 'card-facts');
  readonly #image = document.createElement('img');
  readonly #publisher = new PublisherPanel();

  constructor(name: string) {
    const link = make('a', 'card');
    link.setAttribute('href', `/watch/${encodeURIComponent(name)}`);
    this.#image.alt = '';
    this.#image.hidden = true;
    this.#name.textContent = name;
    const picture = make('span', 'card-picture');
    picture.append(this.#image, this.#badge);
    link.append(picture, this.#name, this.#facts);
    this.root.append(link, this.#publisher.root);
  }

  update(channel: ChannelStatus): void {
    this.#badge.className = `badge badge-${channel.state}`;
    setText(this.#badge, labels[channel.state] ?? '');
    setText(this.#facts, factsOf(channel));
    this.#publisher.update(channel.publisher);
    if (channel.poster !== null) void this.#showPoster(channel.poster);
  }

  /** The picture changes while its address stays; it is swapped once the new one is decoded. */
  async #showPoster(address: string): Promise<void> {
    const fresh = new URL(`${address}?t=${Math.floor(Date.now() / (POSTER_SECONDS * 1000))}`, location.href)
      .href;
    if (this.#image.src === fresh) return;
    const loading = new Image();
    loading.src = fresh;
    try {
      await loading.decode();
      this.#image.src = fresh;
      this.#image.hidden = false;
    } catch {
      // There is no picture yet, or it could not be had: what is shown stays.
    }
  }
}

function factsOf({ renditions, since }: ChannelStatus): string {
  const facts: string[] = [];
  const best = bestPicture(renditions);
  if (best !== undefined) facts.push(formatResolution(best.width, best.height, best.frameRate));
  if (since !== null) facts.push(`on for ${formatUptime((Date.now() - Date.parse(since)) / 1000)}`);
  return facts.join(' · ');
}
