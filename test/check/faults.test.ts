import { describe, expect, it } from 'vitest';
import { judge } from '../../src/check/judge.js';
import { ALL_RULES } from '../../src/check/rules/all-rules.js';
import { ANSWER_FAULTS } from './support/faults-in-answers.js';
import { MEDIA_FAULTS } from './support/faults-in-media.js';
import { PLAYLIST_FAULTS } from './support/faults-in-playlists.js';
import type { Planted } from './support/plant.js';
import { rewritten } from './support/recorded.js';
import { brokenIn, check, type Checked } from './support/run-fake.js';

const FAULTS: readonly Planted[] = [...PLAYLIST_FAULTS, ...ANSWER_FAULTS, ...MEDIA_FAULTS];

async function checked(planted: Planted): Promise<Checked> {
  const found = await check(planted, planted.seconds ?? 20);
  if (planted.recorded === undefined) return found;
  const seen = rewritten(found.seen, planted.recorded);
  return { seen, verdict: judge(seen) };
}

describe('one fault planted in a server that keeps the rules', () => {
  it('is there for every rule that the checker knows', () => {
    expect(FAULTS.map(({ rule }) => rule).sort()).toEqual(ALL_RULES.map(({ id }) => id).sort());
  });

  it.each(FAULTS)('$rule: $what: that rule is found broken, and no other', async (planted) => {
    const broken = brokenIn(await checked(planted));
    expect(broken).toEqual({ [planted.rule]: expect.any(String) as string });
  });
});
