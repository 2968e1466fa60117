/** A button that opens a menu of which one entry is chosen. */
import { element, setText } from './dom.js';

export interface Choice {
  readonly value: number;
  readonly name: string;
  readonly note: string;
}

/** What there is to choose from, and what is chosen, at one instant. */
export interface Choices {
  /** As they stand in the menu, from the top down; none hides the button. */
  readonly list: readonly Choice[];
  readonly chosen: number;
  /** What the button says. */
  readonly label: string;
}

export class ChoiceMenu {
  readonly #id: string;
  readonly #title: string;
  readonly #choices: () => Choices | null;
  readonly #choose: (value: number) => void;
  readonly #root: HTMLElement;
  readonly #button: HTMLElement;
  readonly #menu: HTMLElement;
  readonly #current: HTMLElement;

  /** @param id of the element; those within it are `<id>-button`, `<id>-menu` and `<id>-current` */
  constructor(id: string, title: string, choices: () => Choices | null, choose: (value: number) => void) {
    this.#id = id;
    this.#title = title;
    this.#choices = choices;
    this.#choose = choose;
    this.#root = element(id);
    this.#button = element(`${id}-button`);
    this.#menu = element(`${id}-menu`);
    this.#current = element(`${id}-current`);
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

  /** What there is to choose from may have changed: lists it anew. */
  rebuild(): void {
    const list = this.#choices()?.list ?? [];
    this.#root.hidden = list.length === 0;
    this.#menu.replaceChildren(...list.map((choice) => this.#item(choice)));
    this.refresh();
  }

  /** Another one is shown or chosen: marks it. */
  refresh(): void {
    const choices = this.#choices();
    if (choices === null) return;
    setText(this.#current, choices.label);
    this.#button.setAttribute('aria-label', `${this.#title}: ${choices.label}`);
    for (const item of this.#items) {
      item.setAttribute('aria-checked', String(Number(item.dataset[this.#id]) === choices.chosen));
    }
  }

  get #items(): HTMLElement[] {
    return [...this.#menu.querySelectorAll<HTMLElement>('[role=menuitemradio]')];
  }

  #item({ value, name, note }: Choice): HTMLElement {
    const item = document.createElement('button');
    item.type = 'button';
    item.className = 'menu-item';
    item.setAttribute('role', 'menuitemradio');
    item.dataset[this.#id] = String(value);
    item.append(span('menu-name', name), span('menu-note', note));
    item.addEventListener('click', () => {
      this.#choose(value);
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

function span(className: string, text: string): HTMLElement {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text;
  return made;
}
