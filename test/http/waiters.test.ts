import { describe, expect, it } from 'vitest';
import { LOOPBACK, clientAddress } from '../../src/http/client-address.js';
import type { Exchange, Reply } from '../../src/http/exchange.js';
import { MAX_WAITERS, Waiters } from '../../src/http/waiters.js';
import type { Presentation } from '../../src/origin/presentation.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';

/** A request that remembers how it was answered. */
class Asked {
  readonly client: string;
  reply: Reply | undefined;
  #abort: (() => void) | undefined;

  constructor(client: string) {
    this.client = client;
  }

  send(reply: Reply): void {
    this.reply = reply;
  }

  onAbort(hook: () => void): void {
    this.#abort = hook;
  }

  goAway(): void {
    this.#abort?.();
  }
}

const OK: Reply = { status: 200, headers: {} };

function live(): { presentation: Presentation; next: () => void } {
  const presentation = newPresentation();
  const epoch = newEpoch(presentation);
  let frames = 130;
  feed(epoch, 0, frames);
  presentation.open();
  return {
    presentation,
    next: () => {
      feed(epoch, frames, frames + 12);
      frames += 12;
    },
  };
}

/** Asks for what the presentation's next version will have. */
function ask(waiters: Waiters, presentation: Presentation, client: string): Asked {
  const asked = new Asked(client);
  const { version } = presentation.snapshot();
  waiters.answer({
    exchange: asked as unknown as Exchange,
    presentation,
    key: `${version}`,
    attempt: (snapshot) => (snapshot.version > version ? OK : undefined),
    patience: 60_000,
  });
  return asked;
}

describe('requests that wait', () => {
  it('D19 are so many from one client at most, and its room is free again when they are answered or gone', () => {
    const waiters = new Waiters({ ...MAX_WAITERS, client: 3 });
    const { presentation, next } = live();
    const mine = Array.from({ length: 3 }, () => ask(waiters, presentation, 'a'));
    const refused = ask(waiters, presentation, 'a').reply;
    expect([refused?.status, refused?.headers['Cache-Control']]).toEqual([503, 'no-store']);
    expect(refused?.body).toContain('TOO_MANY_WAITERS');
    expect(ask(waiters, presentation, 'b').reply).toBeUndefined();
    mine[0]?.goAway();
    expect(ask(waiters, presentation, 'a').reply).toBeUndefined();
    expect(ask(waiters, presentation, 'a').reply?.status).toBe(503);
    next();
    expect(mine.map(({ reply }) => reply)).toEqual([undefined, OK, OK]);
    expect(waiters.count).toBe(0);
    expect(ask(waiters, presentation, 'a').reply).toBeUndefined();
  });

  it('D19 are so many on one channel at most, which leaves room on the others', () => {
    const waiters = new Waiters({ ...MAX_WAITERS, channel: 2 });
    const [crowded, other] = [live(), live()];
    for (const client of ['a', 'b']) expect(ask(waiters, crowded.presentation, client).reply).toBeUndefined();
    expect(ask(waiters, crowded.presentation, 'c').reply?.status).toBe(503);
    expect(ask(waiters, other.presentation, 'c').reply).toBeUndefined();
    crowded.next();
    expect(ask(waiters, crowded.presentation, 'c').reply).toBeUndefined();
  });

  it('D19 are so many in all at most', () => {
    const waiters = new Waiters({ ...MAX_WAITERS, total: 2 });
    const { presentation } = live();
    const replies = ['a', 'b', 'c'].map((client) => ask(waiters, presentation, client).reply?.status);
    expect(replies).toEqual([undefined, undefined, 503]);
    expect(waiters.count).toBe(2);
  });

  it('D19 come through a proxy on this machine from many clients, so that they are not counted as one', () => {
    const waiters = new Waiters({ ...MAX_WAITERS, client: 1 });
    const { presentation } = live();
    for (let n = 0; n < 5; n++) expect(ask(waiters, presentation, LOOPBACK).reply).toBeUndefined();
  });
});

describe('what counts as one client', () => {
  it.each([
    ['cb007107', 'cb007107'],
    ['00000000000000000000ffffcb007107', 'cb007107'],
    ['20010db8000100020003000400050006', '20010db800010002'],
    ['7f000001', LOOPBACK],
    ['00000000000000000000ffff7f000105', LOOPBACK],
    ['00000000000000000000000000000001', LOOPBACK],
    ['', ''],
  ])('of the address %s is %s', (address, client) => {
    const bytes = Buffer.from(address, 'hex');
    expect(clientAddress(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))).toBe(client);
  });
});
