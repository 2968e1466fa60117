import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fuzz, makeInput } from './fuzz.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import { readCaptures } from './support.js';
import { TARGETS } from './targets/index.js';
import { judgeSession, runSession } from './targets/session.js';

const CRASHERS = join('test', 'fuzz', 'crashers');
const kept = existsSync(CRASHERS) ? readdirSync(CRASHERS).filter((name) => name.endsWith('.bin')) : [];

/** Inputs of the run that is part of every test run; scripts/fuzz.mjs does millions. */
const INPUTS = 1500;

describe('whatever a peer sends', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))(
    'A3 A5 E3: %s takes it, or refuses it with a code, and what it takes makes sense',
    (_, target) => {
      const inputs = target.weight <= 1 ? INPUTS / 5 : INPUTS;
      const crashers = [...fuzz({ seed: 1, from: 0, inputs, targets: [target] })];
      expect(crashers.map(({ index, error }) => ({ index, error }))).toEqual([]);
    },
  );

  test('inputs are the same each time, and of every target', () => {
    const made = Array.from({ length: 2000 }, (_, index) => makeInput(7, index));
    expect(new Set(made.map(({ target }) => target.name)).size).toBe(TARGETS.length);
    made.forEach(({ target, input }, index) => {
      const again = makeInput(7, index);
      expect(again.target.name).toBe(target.name);
      expect(again.input.equals(input)).toBe(true);
    });
  });

  test('mutated publishers neither all die in the first header nor go unhurt', () => {
    const rounds = 300;
    const captures = [...readCaptures().values()];
    const ended = captures.flatMap((capture, i) =>
      Array.from({ length: rounds / captures.length }, (_, round) => {
        const random = new Random(i * rounds + round);
        const input = mutate(capture, random, { from: 3073, others: captures });
        const run = runSession(input, random);
        judgeSession(input, run);
        return run.stage === 'ended';
      }),
    );
    expect(ended.filter(Boolean).length).toBeGreaterThan(rounds / 10);
    expect(ended.filter((each) => !each).length).toBeGreaterThan(rounds / 10);
  });
});

describe('inputs that once showed a fault', () => {
  test.each(kept)('%s shows none', (name) => {
    const target = TARGETS.find((each) => name.startsWith(`${each.name}-`));
    expect(target).toBeDefined();
    target?.check(readFileSync(join(CRASHERS, name)));
  });
});
