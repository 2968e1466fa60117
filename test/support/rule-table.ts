import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** A test that a table of rules names: its file below `test/`, and words of its name. */
export type NamedTest = readonly [file: string, words: string];

/** `H1` to `H6` and so on, from how many rules each section has, by letter. */
export const idsOf = (sections: Readonly<Record<string, number>>): string[] =>
  Object.entries(sections).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );

/** The string literals of a test file: names of tests are among them. */
const namesIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)].map(
    ([, a, b]) => a ?? b ?? '',
  );

/** Each is there, and has the rule's id in its name. */
export function expectTests(id: string, tests: readonly NamedTest[]): void {
  for (const [file, words] of tests) {
    const path = `test/${file}`;
    expect(existsSync(path), path).toBe(true);
    const named = namesIn(path).filter(
      (name) => name.includes(words) && new RegExp(`\\b${id}\\b`).test(name),
    );
    expect(named, `${path}: ${words}`).not.toEqual([]);
  }
}
