import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelAnswer, ChannelState } from '../../web/channel.js';
import {
  FROZEN_TIMEOUT,
  initialState,
  pollInterval,
  reduce,
  retryDelay,
  START_TIMEOUT,
  SUPERSEDED_TIMEOUT,
  viewOf,
  type Action,
  type PageEvent,
  type PageState,
  type View,
} from '../../web/page-state.js';

function known(state: ChannelState, since: string | null = 'first'): PageEvent {
  const none = { poster: null, renditions: [], publisher: null };
  const status = { name: 'c', state, since, playlist: '/live/c/index.m3u8', ...none };
  return { kind: 'channel', answer: { kind: 'known', status } };
}

function answer(kind: Exclude<ChannelAnswer['kind'], 'known'>): PageEvent {
  return { kind: 'channel', answer: { kind } };
}

/** Drives the reducer and keeps what it asked for. */
class Page {
  state: PageState = initialState;
  now = 100;
  actions: Action[] = [];

  send(...events: (PageEvent | PageEvent['kind'])[]): this {
    for (const event of events) {
      const full = typeof event === 'string' ? ({ kind: event } as PageEvent) : event;
      const next = reduce(this.state, full, this.now);
      this.state = next.state;
      if (next.action !== null) this.actions.push(next.action);
    }
    return this;
  }

  wait(seconds: number): this {
    this.now += seconds;
    return this.send('tick');
  }

  get view(): View {
    return viewOf(this.state);
  }

  get attached(): number {
    return this.actions.length;
  }
}

function playing(): Page {
  return new Page().send(known('live'), 'advanced');
}

describe('the watch page', () => {
  it('is connecting until the server has said something', () => {
    expect(new Page().view).toBe('connecting');
  });

  it.each([
    [known('offline'), 'offline'],
    [answer('absent'), 'offline'],
    [known('starting'), 'connecting'],
    [known('reconnecting'), 'reconnecting'],
    [known('ended'), 'ended'],
    [answer('unreachable'), 'unreachable'],
  ] as const)('makes no player for a channel that is not live', (event, view) => {
    const page = new Page().send(event);
    expect(page.attached).toBe(0);
    expect(page.view).toBe(view);
  });

  it('begins to play by itself when the channel goes live', () => {
    const page = new Page().send(known('offline')).wait(60).send(known('live'));
    expect(page.attached).toBe(1);
    expect(page.view).toBe('connecting');
    expect(page.send('advanced').view).toBe('playing');
    expect(page.attached).toBe(1);
  });

  it('makes another player when the first shows nothing for long', () => {
    const page = new Page().send(known('live')).wait(START_TIMEOUT - 0.1);
    expect(page.attached).toBe(1);
    expect(page.wait(0.2).attached).toBe(2);
  });

  it('says that it is buffering in a stall, and plays on with the same player', () => {
    const page = playing().send('stalled');
    expect(page.view).toBe('buffering');
    expect(page.wait(1).send('advanced').view).toBe('playing');
    expect(page.attached).toBe(1);
  });

  it('replaces a player that stands still on a live channel', () => {
    const page = playing()
      .send('stalled')
      .wait(FROZEN_TIMEOUT - 0.1);
    expect(page.attached).toBe(1);
    expect(page.wait(0.2).attached).toBe(2);
  });

  it('waits with the same player while the publisher is away, and gives it time once it is back', () => {
    const page = playing().send('stalled', known('reconnecting'));
    expect(page.view).toBe('reconnecting');
    expect(page.wait(9).attached).toBe(1);
    page.send(known('live')).wait(FROZEN_TIMEOUT - 0.5);
    expect(page.attached).toBe(1);
    expect(page.send('advanced').view).toBe('playing');
  });

  it('replaces a player sooner when the presentation is another one', () => {
    const page = playing().send('stalled', answer('unreachable')).wait(20);
    expect(page.view).toBe('unreachable');
    expect(page.attached).toBe(1);
    page.send(known('live', 'second')).wait(SUPERSEDED_TIMEOUT + 0.1);
    expect(page.attached).toBe(2);
  });

  it('leaves a player that moves alone, whatever the server says', () => {
    const page = playing().send(known('live', 'second')).wait(60).send('advanced', answer('absent')).wait(60);
    expect(page.attached).toBe(1);
    expect(page.view).toBe('playing');
  });

  it('shows the end, and plays the next presentation at once', () => {
    const page = playing().send('ended', known('ended'));
    expect(page.view).toBe('ended');
    expect(page.send(known('offline')).wait(300).view).toBe('ended');
    expect(page.attached).toBe(1);
    expect(page.send(known('live', 'second')).attached).toBe(2);
  });

  it('does not take a late answer about the presentation that has ended for a new one', () => {
    const page = playing().send('ended', known('live', 'first')).wait(2);
    expect(page.attached).toBe(1);
    expect(page.wait(4).attached).toBe(2);
  });

  it('makes players that fail at growing intervals, and forgets it after playing well', () => {
    const page = playing();
    const gaps: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      page.send('failed');
      const before = page.now;
      const count = page.attached;
      while (page.attached === count) page.wait(0.125);
      gaps.push(page.now - before);
    }
    expect(gaps).toEqual([0.5, 1, 2, 4, 8, 8]);
    page.send('advanced').wait(11).send('advanced', 'failed').wait(0.6);
    expect(page.attached).toBe(8);
  });

  it('does not replace a player that the viewer has paused', () => {
    const page = playing().send('paused');
    expect(page.view).toBe('paused');
    expect(page.send('stalled').wait(600).attached).toBe(1);
    expect(page.view).toBe('paused');
    expect(page.send('resumed', 'advanced').view).toBe('playing');
  });

  it('asks the server seldom while playing or hidden, and each second while waiting', () => {
    const waiting = new Page().send(known('offline')).state;
    expect(pollInterval(waiting, false)).toBe(1);
    expect(pollInterval(waiting, true)).toBe(10);
    expect(pollInterval(playing().state, false)).toBe(5);
  });

  it('waits longer with each failure, up to a limit', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(retryDelay)).toEqual([0, 0.5, 1, 2, 4, 8, 8]);
  });

  it('never gives up: after any history, a live channel and a player that works end in playing', () => {
    const event = fc.oneof(
      fc.constantFrom<PageEvent>(
        known('live'),
        known('live', 'second'),
        known('reconnecting'),
        known('ended'),
      ),
      fc.constantFrom<PageEvent>(
        known('offline'),
        known('starting'),
        answer('absent'),
        answer('unreachable'),
      ),
      fc.constantFrom<PageEvent>(
        { kind: 'advanced' },
        { kind: 'stalled' },
        { kind: 'ended' },
        { kind: 'failed' },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 12 }))), (history) => {
        const page = new Page();
        for (const [happened, pause] of history) page.send(happened).wait(pause);
        page.send('failed', known('live', 'third'));
        const before = page.attached;
        page.wait(START_TIMEOUT + 0.1);
        if (page.state.player.kind !== 'starting') return false;
        return page.attached > before && page.send('advanced').view === 'playing';
      }),
    );
  });
});
