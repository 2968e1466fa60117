import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Rule {
  readonly id: string;
  /** File and words of each test that is named. */
  readonly tests: readonly (readonly [string, string])[];
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

/** The string literals of a test file: names of tests are among them. */
const namesIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)].map(
    ([, a, b]) => a ?? b ?? '',
  );

describe('docs/conformance.md', () => {
  it('has every rule once, in order', () => {
    const all = Object.entries(SECTIONS).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
    );
    expect(rules.map(({ id }) => id)).toEqual(all);
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s is shown by tests that are there',
    (id, { tests }) => {
      expect(tests.length).toBeGreaterThan(0);
      for (const [file, words] of tests) {
        const path = `test/${file}`;
        expect(existsSync(path), path).toBe(true);
        const named = namesIn(path).filter(
          (name) => name.includes(words) && new RegExp(`\\b${id}\\b`).test(name),
        );
        expect(named, `${path}: ${words}`).not.toEqual([]);
      }
    },
  );
});
