/** The menu of qualities: Auto, then each rung of the ladder from the best down. */
import { element, setText } from './dom.js';
import type { Player, Quality } from './player.js';

const AUTO = -1;

export class QualityMenu {
  readonly #player: () => Player | null;
  readonly #root = element('quality');
  readonly #button = element('quality-button');
  readonly #menu = element('quality-menu');
  readonly #current = element('quality-current');

  constructor(player: () => Player | null) {
    this.#player = player;
    this.#button.addEventListener('click', () => this.#toggle(!this.isOpen));
    this.#menu.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('pointerdown', (event) => {
      if (event.target instanceof Node && !this.#root.contains(event.target)) this.#toggle(false);
    });
    this.#root.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.#root.contains(relatedTarget)) this.#toggle(false);
    });
  }

  get isOpen(): boolean {
    return this.#menu.hidden === false;
  }

  /** The ladder may have changed: lists it anew. */
  rebuild(): void {
    const qualities = this.#player()?.qualities ?? [];
    this.#root.hidden = qualities.length === 0;
    const items = [...qualities]
      .reverse()
      .map((quality) => this.#item(quality.index, quality.name, detail(quality)));
    this.#menu.replaceChildren(this.#item(AUTO, 'Auto', ''), ...items);
    this.refresh();
  }

  /** Another quality is shown or chosen: marks it. */
  refresh(): void {
    const player = this.#player();
    if (player === null) return;
    const { chosenQuality, currentQuality, qualities } = player;
    const shown = qualities[chosenQuality === AUTO ? currentQuality : chosenQuality]?.name ?? '';
    setText(this.#current, chosenQuality === AUTO ? `Auto${shown === '' ? '' : ` ${shown}`}` : shown);
    this.#button.setAttribute('aria-label', `Quality: ${this.#current.textContent}`);
    for (const item of this.#items) {
      item.setAttribute('aria-checked', String(Number(item.dataset.quality) === chosenQuality));
    }
  }

  get #items(): HTMLElement[] {
    return [...this.#menu.querySelectorAll<HTMLElement>('[role=menuitemradio]')];
  }

  #item(index: number, name: string, note: string): HTMLElement {
    const item = document.createElement('button');
    item.type = 'button';
    item.className = 'menu-item';
    item.setAttribute('role', 'menuitemradio');
    item.dataset.quality = String(index);
    item.append(span('menu-name', name), span('menu-note', note));
    item.addEventListener('click', () => {
      this.#player()?.choose(index);
      this.#toggle(false);
      this.#button.focus();
    });
    return item;
  }

  #toggle(open: boolean): void {
    if (open === this.isOpen) return;
    this.#menu.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#items.find((item) => item.getAttribute('aria-checked') === 'true')?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === 'Escape') {
      this.#toggle(false);
      this.#button.focus();
    } else if (to !== undefined) {
      items[(to + items.length) % items.length]?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function detail({ bitrate, isSource }: Quality): string {
  return isSource ? `${bitrate} · source` : bitrate;
}

function span(className: string, text: string): HTMLElement {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text;
  return made;
}
