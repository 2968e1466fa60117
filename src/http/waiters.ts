import type { Presentation } from '../origin/presentation.js';
import type { PresentationSnapshot } from '../origin/snapshot.js';
import { LOOPBACK } from './client-address.js';
import type { Exchange, Reply } from './exchange.js';
import { error } from './replies.js';

/** How many requests are held at one time. */
export interface WaiterLimits {
  /** Over all channels. */
  readonly total: number;
  /** On one channel, so that a crowd on one leaves room for the others. */
  readonly channel: number;
  /** From one client: an address or, of IPv6, a /64. A proxy on this machine is not counted. */
  readonly client: number;
}

export const MAX_WAITERS: WaiterLimits = { total: 50_000, channel: 25_000, client: 5000 };

/** The answer, as soon as the snapshot allows one. */
export type Attempt = (snapshot: PresentationSnapshot) => Reply | undefined;

/** A request for something that may not exist yet. */
export interface HoldableRequest {
  readonly exchange: Exchange;
  readonly presentation: Presentation;
  /** The same for requests that always get the same answer. */
  readonly key: string;
  readonly attempt: Attempt;
  /** ms until 503. */
  readonly patience: number;
}

/** Identical requests wait together: one look at each snapshot and one answer for all of them. */
interface Group {
  readonly attempt: Attempt;
  /** Each with the timer that ends its patience. */
  readonly members: Map<Exchange, NodeJS.Timeout>;
}

interface Room {
  readonly groups: Map<string, Group>;
  /** Requests held in it. */
  count: number;
  readonly unsubscribe: () => void;
}

/** Requests that are held until what they ask for exists. */
export class Waiters {
  readonly #limits: WaiterLimits;
  readonly #rooms = new Map<Presentation, Room>();
  readonly #perClient = new Map<string, number>();
  #count = 0;

  constructor(limits: WaiterLimits = MAX_WAITERS) {
    this.#limits = limits;
  }

  /** Requests held now. */
  get count(): number {
    return this.#count;
  }

  /** Answers at once if possible, else holds the exchange. */
  answer(request: HoldableRequest): void {
    const { exchange, presentation, attempt } = request;
    const reply = attempt(presentation.snapshot());
    if (reply !== undefined) {
      exchange.send(reply);
      return;
    }
    const crowd = this.#crowd(presentation, exchange.client);
    if (crowd === undefined) this.#hold(request);
    else exchange.send(error(503, 'TOO_MANY_WAITERS', `too many requests are waiting ${crowd}`));
  }

  /** Where there is no room for one more. */
  #crowd(presentation: Presentation, client: string): string | undefined {
    const { total, channel, client: perClient } = this.#limits;
    if (this.#count >= total) return 'on this server';
    if ((this.#rooms.get(presentation)?.count ?? 0) >= channel) return 'on this channel';
    return (this.#perClient.get(client) ?? 0) >= perClient ? 'from this address' : undefined;
  }

  #hold({ exchange, presentation, key, attempt, patience }: HoldableRequest): void {
    const room = this.#enter(presentation);
    let group = room.groups.get(key);
    if (group === undefined) room.groups.set(key, (group = { attempt, members: new Map() }));
    const { members } = group;
    this.#entered(room, exchange.client);
    const timer = setTimeout(() => {
      exchange.send(error(503, 'PLAYLIST_TIMEOUT', 'what was asked for did not come in time'));
      this.#leave(presentation, key, exchange);
    }, patience);
    members.set(exchange, timer);
    exchange.onAbort(() => {
      this.#leave(presentation, key, exchange);
    });
  }

  #enter(presentation: Presentation): Room {
    let room = this.#rooms.get(presentation);
    if (room === undefined) {
      const unsubscribe = presentation.subscribe((snapshot) => {
        this.#wake(presentation, snapshot);
      });
      this.#rooms.set(presentation, (room = { groups: new Map(), count: 0, unsubscribe }));
    }
    return room;
  }

  #wake(presentation: Presentation, snapshot: PresentationSnapshot): void {
    const room = this.#rooms.get(presentation);
    if (room === undefined) return;
    for (const [key, { attempt, members }] of room.groups) {
      const reply = guarded(attempt, snapshot);
      if (reply === undefined) continue;
      room.groups.delete(key);
      for (const [exchange, timer] of members) {
        clearTimeout(timer);
        this.#left(room, exchange.client);
        exchange.send(reply);
      }
    }
    this.#tidy(presentation, room);
  }

  #leave(presentation: Presentation, key: string, exchange: Exchange): void {
    const room = this.#rooms.get(presentation);
    const group = room?.groups.get(key);
    if (room === undefined || group === undefined) return;
    clearTimeout(group.members.get(exchange));
    if (!group.members.delete(exchange)) return;
    this.#left(room, exchange.client);
    if (group.members.size === 0) room.groups.delete(key);
    this.#tidy(presentation, room);
  }

  #entered(room: Room, client: string): void {
    this.#count += 1;
    room.count += 1;
    if (client !== LOOPBACK) this.#perClient.set(client, (this.#perClient.get(client) ?? 0) + 1);
  }

  #left(room: Room, client: string): void {
    this.#count -= 1;
    room.count -= 1;
    const others = (this.#perClient.get(client) ?? 1) - 1;
    if (others > 0) this.#perClient.set(client, others);
    else this.#perClient.delete(client);
  }

  #tidy(presentation: Presentation, room: Room): void {
    if (room.groups.size > 0) return;
    room.unsubscribe();
    this.#rooms.delete(presentation);
  }
}

/** A fault in answering costs those who asked, not the publisher whose part woke them. */
function guarded(attempt: Attempt, snapshot: PresentationSnapshot): Reply | undefined {
  try {
    return attempt(snapshot);
  } catch {
    return error(500, 'INTERNAL', 'internal error');
  }
}
