import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Takeover, type TakeoverOptions, type Verdict } from '../../src/origin/takeover.js';
import type { PublishGrant } from '../../src/origin/publishing.js';
import { ATTEMPT, QUIET, atOnce } from '../support/channel.js';
import { newStage, play, publish, read } from '../support/stage.js';
import { frame } from '../support/synthetic-stream.js';

/** A publisher whose last byte came at a moment that the test sets. */
class FakeRival {
  lastByte = performance.now();

  silentForMs(): number {
    return performance.now() - this.lastByte;
  }
}

/** Lets time pass for a rival that sends all the while, every 20 ms. */
function passAlive(rival: FakeRival, ms: number): void {
  for (let passed = 0; passed < ms; passed += 20) {
    vi.advanceTimersByTime(20);
    rival.lastByte = performance.now();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a newcomer with the key of another publisher', () => {
  let takeover: Takeover;
  let rival: FakeRival;
  let verdict: Verdict | undefined;

  function begin(options: TakeoverOptions): void {
    takeover = new Takeover(options);
    rival = new FakeRival();
    verdict = undefined;
  }

  /** Asks, and writes the verdict down when it falls. */
  function ask(cancelled?: AbortSignal): void {
    const answer = takeover.ask(rival, cancelled);
    if (answer instanceof Promise) void answer.then((v) => (verdict = v));
    else verdict = answer;
  }

  const settled = async (): Promise<Verdict | undefined> => {
    await Promise.resolve();
    return verdict;
  };

  beforeEach(() => {
    begin({ policy: 'silent', silence: 2 });
  });

  it('Q11: gets it at once when that has been silent for 2 s', async () => {
    vi.advanceTimersByTime(2000);
    ask();
    expect(await settled()).toBe('granted');
  });

  it('Q11: waits for the rest of the 2 s when that has been silent for less', async () => {
    vi.advanceTimersByTime(1500);
    ask();
    vi.advanceTimersByTime(400);
    expect(await settled()).toBeUndefined();
    vi.advanceTimersByTime(100);
    expect(await settled()).toBe('granted');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('Q11: is refused when that goes on sending for more than a second', async () => {
    ask();
    passAlive(rival, 1000);
    expect(await settled()).toBeUndefined();
    passAlive(rival, 200);
    expect(await settled()).toBe('busy');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('Q10: is not refused for what was still on its way when that died', async () => {
    ask();
    passAlive(rival, 980);
    vi.advanceTimersByTime(1900);
    expect(await settled()).toBeUndefined();
    vi.advanceTimersByTime(200);
    expect(await settled()).toBe('granted');
  });

  it.each([0, 20, 500, 980, 1020, 1500, 2500])(
    'never waits longer than about 3 s, here with a last byte after %i ms',
    async (lastByte) => {
      ask();
      passAlive(rival, lastByte);
      vi.advanceTimersByTime(Math.max(0, 3100 - lastByte));
      expect(await settled()).toBe(lastByte > 1000 ? 'busy' : 'granted');
    },
  );

  it('gets it as soon as that is gone by itself', async () => {
    ask();
    passAlive(rival, 300);
    takeover.rivalGone();
    expect(await settled()).toBe('granted');
  });

  it('can take its request back', async () => {
    const gone = new AbortController();
    ask(gone.signal);
    gone.abort();
    expect(await settled()).toBe('cancelled');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is told when the channel closes', async () => {
    ask();
    takeover.close();
    expect(await settled()).toBe('closing');
  });

  it('gives way to one that comes later, which has the whole time to wait', async () => {
    let first: Verdict | undefined;
    void (takeover.ask(rival) as Promise<Verdict>).then((v) => (first = v));
    passAlive(rival, 800);
    ask();
    await settled();
    expect(first).toBe('replaced');
    passAlive(rival, 800);
    expect(await settled()).toBeUndefined();
    vi.advanceTimersByTime(2000);
    expect(await settled()).toBe('granted');
  });

  it('policy "always": wins at once', async () => {
    begin({ policy: 'always', silence: 2 });
    ask();
    expect(await settled()).toBe('granted');
  });

  it('policy "never": waits as long, and gets it only when that is gone', async () => {
    begin({ policy: 'never', silence: 2 });
    vi.advanceTimersByTime(10_000);
    ask();
    vi.advanceTimersByTime(2900);
    expect(await settled()).toBeUndefined();
    vi.advanceTimersByTime(100);
    expect(await settled()).toBe('busy');
    ask();
    takeover.rivalGone();
    expect(await settled()).toBe('granted');
  });
});

describe('a channel that has a publisher', () => {
  /** A second publisher asks; the answer is written down when it falls. */
  function newcomer(channel: ReturnType<typeof newStage>['channel'], cancelled?: AbortSignal) {
    const control = { close: vi.fn(), silentForMs: () => 0 };
    const seen: { grant?: PublishGrant } = {};
    const answer = channel.publish(ATTEMPT, control, cancelled) as Promise<PublishGrant>;
    return { control, seen, decided: answer.then((grant) => (seen.grant = grant)) };
  }

  it('refuses a second one while the first is alive, with words for its user', async () => {
    const stage = newStage();
    const first = publish(stage.channel);
    play(stage, first.session, 70);
    const second = newcomer(stage.channel);
    await vi.advanceTimersByTimeAsync(1200);
    expect(second.seen.grant).toEqual({
      accepted: false,
      code: 'PUBLISH_BUSY',
      description: 'channel "live" already has a live publisher',
    });
    expect(first.control.close).not.toHaveBeenCalled();
    expect(stage.channel.state).toBe('live');
  });

  it('M2: hands the key on when the first falls silent: one DISCONTINUITY, the same presentation', async () => {
    const tookOver = vi.fn();
    const stage = newStage({ observer: { ...QUIET, tookOver } });
    const first = publish(stage.channel);
    play(stage, first.session, 130);
    const { presentation } = stage.channel;
    const began = performance.now();
    first.control.silentForMs = () => performance.now() - began;
    const second = newcomer(stage.channel);
    await vi.advanceTimersByTimeAsync(1900);
    expect(second.seen.grant).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    const { grant } = second.seen;
    if (grant?.accepted !== true) throw new Error('it should have been let in');
    expect(first.control.close).toHaveBeenCalledOnce();
    expect(grant.frameRateHint).toEqual({ num: 30, den: 1 });
    stage.made[0]?.end();
    // What the first still sends is nothing to anybody.
    first.session?.event({ type: 'unit', kind: 'video', unit: frame(131) });
    play(stage, grant.session, 130);
    expect(stage.channel.presentation).toBe(presentation);
    const { segments } = read(stage.channel, 'source');
    expect(segments.filter((s) => s.discontinuity)).toHaveLength(1);
    expect(tookOver).toHaveBeenCalledExactlyOnceWith('live');
  });

  it('lets the waiting one in when the first says goodbye, and goes on in its presentation', async () => {
    const stage = newStage();
    const first = publish(stage.channel);
    play(stage, first.session, 130);
    const { presentation } = stage.channel;
    const second = newcomer(stage.channel);
    first.session?.end('goodbye');
    await second.decided;
    expect(second.seen.grant?.accepted).toBe(true);
    expect(first.control.close).not.toHaveBeenCalled();
    stage.made[0]?.end();
    expect(stage.channel.presentation).toBe(presentation);
    expect(read(stage.channel, 'source').ended).toBe(false);
  });

  it('leaves the key where it is when the waiting one hangs up', async () => {
    const stage = newStage();
    const first = publish(stage.channel);
    play(stage, first.session, 70);
    const gone = new AbortController();
    const second = newcomer(stage.channel, gone.signal);
    gone.abort();
    await second.decided;
    expect(second.seen.grant?.accepted).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(first.control.close).not.toHaveBeenCalled();
  });

  it('tells the waiting one when it closes, and begins nothing new', async () => {
    const stage = newStage();
    const first = publish(stage.channel);
    play(stage, first.session, 70);
    const second = newcomer(stage.channel);
    const closed = stage.channel.close();
    await second.decided;
    expect(second.seen.grant).toMatchObject({ accepted: false, code: 'SHUTTING_DOWN' });
    stage.made[0]?.end();
    await closed;
    expect(stage.channel.state).toBe('ended');
  });

  it('policy "always": the first is dropped at once', () => {
    const stage = newStage({ takeover: { policy: 'always', silence: 2 } });
    const first = publish(stage.channel);
    const grant = atOnce(stage.channel.publish(ATTEMPT, { close: vi.fn(), silentForMs: () => 0 }));
    expect(grant.accepted).toBe(true);
    expect(first.control.close).toHaveBeenCalledOnce();
  });
});
