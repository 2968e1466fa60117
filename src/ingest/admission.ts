import type { IngestLimits } from './limits.js';

/** The caps that turn a connection or a publisher away. */
export type Cap = 'total' | 'address' | 'publishers';

/** Counts connections, in all and by address, publishers and players, over all ports together. */
export class Admission {
  readonly #limits: IngestLimits;
  readonly #perAddress = new Map<string, number>();
  #connections = 0;
  #publishers = 0;
  #players = 0;

  constructor(limits: IngestLimits) {
    this.#limits = limits;
  }

  /** Counts a connection in; or names the cap that keeps it out, and counts nothing. */
  enter(address: string): Cap | undefined {
    const fromAddress = this.#perAddress.get(address) ?? 0;
    if (this.#connections >= this.#limits.connections) return 'total';
    if (fromAddress >= this.#limits.connectionsPerAddress) return 'address';
    this.#connections++;
    this.#perAddress.set(address, fromAddress + 1);
    return undefined;
  }

  /** A connection that was counted in is gone. */
  leave(address: string): void {
    this.#connections--;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  get hasRoomForPublisher(): boolean {
    return this.#publishers < this.#limits.publishers;
  }

  publishStarted(): void {
    this.#publishers++;
  }

  publishEnded(): void {
    this.#publishers--;
  }

  get hasRoomForPlayer(): boolean {
    return this.#players < this.#limits.players;
  }

  playStarted(): void {
    this.#players++;
  }

  playEnded(): void {
    this.#players--;
  }
}

/** What counts as one address: an IPv4 address (also of a dual-stack socket), or an IPv6 network of 64 bits. */
export function addressOf(address: string | undefined): string {
  const plain = (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':') + '::/64';
}
