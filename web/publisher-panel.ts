/** What a channel's publisher sends and what is wrong with it; it is brought up to date in place and keeps what is open. */
import type { Finding, PublisherStatus } from './channel.js';
import { make, setText } from './dom.js';
import { formatPublisher } from './format-publisher.js';

/** Findings that are hints are shown behind one line. */
const isHint = ({ severity }: Finding): boolean => severity === 'info';

export class PublisherPanel {
  readonly root = make('div', 'publisher');
  readonly #sent = make('p', 'publisher-sent');
  readonly #faults = new FindingList();
  readonly #hints = new FindingList();
  readonly #hintBox = make('details', 'publisher-hints');
  readonly #hintCount = make('summary', 'publisher-hint-count');

  constructor() {
    this.#hintBox.append(this.#hintCount, this.#hints.root);
    this.root.append(this.#sent, this.#faults.root, this.#hintBox);
    this.update(null);
  }

  update(publisher: PublisherStatus | null): void {
    const parts = publisher === null ? [] : formatPublisher(publisher);
    this.root.hidden = publisher === null || parts.length + publisher.findings.length === 0;
    if (publisher === null || this.root.hidden) return;
    this.#sent.hidden = parts.length === 0;
    setText(this.#sent, parts.join(' · '));
    const hints = publisher.findings.filter(isHint);
    this.#faults.update(publisher.findings.filter((finding) => !isHint(finding)));
    this.#hints.update(hints);
    this.#hintBox.hidden = hints.length === 0;
    setText(this.#hintCount, hints.length === 1 ? '1 hint' : `${hints.length} hints`);
  }
}

/** Findings by their codes; each tells what to do when it is opened. */
class FindingList {
  readonly root = make('ul', 'findings');
  readonly #items = new Map<string, FindingItem>();

  update(findings: readonly Finding[]): void {
    this.root.hidden = findings.length === 0;
    for (const [code, item] of this.#items) {
      if (findings.some((finding) => finding.code === code)) continue;
      item.root.remove();
      this.#items.delete(code);
    }
    findings.forEach((finding, place) => {
      const item = this.#items.get(finding.code) ?? new FindingItem();
      this.#items.set(finding.code, item);
      item.update(finding);
      const there = this.root.children[place];
      if (there !== item.root) this.root.insertBefore(item.root, there ?? null);
    });
  }
}

class FindingItem {
  readonly root = make('li', 'finding');
  readonly #message = make('summary', 'finding-message');
  readonly #advice = make('p', 'finding-advice');

  constructor() {
    const details = make('details', 'finding-details');
    details.append(this.#message, this.#advice);
    this.root.append(details);
  }

  update({ code, severity, message, advice }: Finding): void {
    this.root.className = `finding finding-${severity}`;
    this.root.dataset.code = code;
    setText(this.#message, message);
    this.#message.setAttribute('aria-label', `${severity}: ${message}`);
    setText(this.#advice, advice);
  }
}
