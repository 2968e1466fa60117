import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectTests, idsOf, type NamedTest } from './support/rule-table.js';

interface Rule {
  readonly id: string;
  /** File and words of each test that is named. */
  readonly tests: readonly NamedTest[];
}

/** How many rules there are in each section, by letter. */
const SECTIONS = { H: 6, K: 14, W: 8, Q: 13, D: 10, T: 5, E: 10, A: 11 };

const text = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8');

const rules: Rule[] = [...text.matchAll(/^\| ([A-Z]\d+) +\| [^|]+ \| ([^|]+) \|$/gm)].map(
  ([, id = '', shown = '']) => ({
    id,
    tests: [...shown.matchAll(/`([^`]+)` “([^”]+)”/g)].map(
      ([, file = '', words = '']) => [file, words] as const,
    ),
  }),
);

describe('docs/conformance.md', () => {
  it('has every rule once, in order', () => {
    expect(rules.map(({ id }) => id)).toEqual(idsOf(SECTIONS));
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s is shown by tests that are there',
    (id, { tests }) => {
      expect(tests.length).toBeGreaterThan(0);
      expectTests(id, tests);
    },
  );
});
