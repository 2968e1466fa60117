import { expect, test, vi } from 'vitest';
import { Origin } from '../../src/origin/origin.js';
import { ATTEMPT, newChannel } from '../support/channel.js';

const KEY = ATTEMPT.streamKey;

function newOrigin(): Origin {
  return new Origin([
    { channel: newChannel({ name: 'first' }), streamKey: 'key-of-first' },
    { channel: newChannel(), streamKey: KEY },
  ]);
}

const ask = (origin: Origin, streamKey: string) =>
  origin.publish({ ...ATTEMPT, streamKey }, { close: vi.fn(), silentForMs: () => 0 });

test('a key leads to its channel', () => {
  expect(ask(newOrigin(), KEY)).toMatchObject({ accepted: true, channel: 'live' });
});

test('A10: every other key is answered in the same words, at once, whether the channel is live or not', () => {
  const origin = newOrigin();
  const guesses = ['', 'x', KEY.slice(1), `${KEY}0`, KEY.toUpperCase(), 'live', '__proto__', 'k'.repeat(255)];
  const before = guesses.map((guess) => ask(origin, guess));
  void ask(origin, KEY);
  const after = guesses.map((guess) => ask(origin, guess));
  for (const answer of [...before, ...after])
    expect(answer).toEqual({ accepted: false, code: 'PUBLISH_DENIED', description: 'unknown stream key' });
});

test('nobody is let in any more once it closes, right key or wrong', async () => {
  const origin = newOrigin();
  await origin.close();
  for (const key of [KEY, 'wrong']) expect(ask(origin, key)).toMatchObject({ code: 'SHUTTING_DOWN' });
});
