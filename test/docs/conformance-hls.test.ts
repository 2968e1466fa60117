import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALL_RULES } from '../../src/check/rules/all-rules.js';
import { CHOSEN, OF_TIME } from '../support/judged.js';
import { expectTests, idsOf, type NamedTest } from '../support/rule-table.js';

interface Rule {
  readonly id: string;
  /** The checker has it, and follows the server with it. */
  readonly checked: boolean;
  /** File and words of each test that is named. */
  readonly tests: readonly NamedTest[];
  /** Why there is no more to show. */
  readonly reasons: readonly string[];
}

/** How many rules there are in each section, by letter. */
const SECTIONS = { T: 9, M: 25, P: 10, L: 23, D: 20, V: 19, C: 7, N: 14 };

const text = readFileSync(new URL('../../docs/conformance-hls.md', import.meta.url), 'utf8');

const rules = [...text.matchAll(/^\| ([A-Z]\d+) \| [MSP] \| [^|]+ \| ([^|]+) \|$/gm)].map(
  ([, id = '', shown = '']): Rule => {
    const cells = shown.split('<br>');
    const test = /^`([^`]+)` “([^”]+)”$/;
    return {
      id,
      checked: cells.includes('checker'),
      tests: cells.flatMap((cell) => {
        const [, file, words] = test.exec(cell) ?? [];
        return file === undefined || words === undefined ? [] : [[file, words] as const];
      }),
      reasons: cells.filter((cell) => cell !== 'checker' && !test.test(cell)),
    };
  },
);

describe('docs/conformance-hls.md', () => {
  it('has every rule once, in order', () => {
    expect(rules.map(({ id }) => id)).toEqual(idsOf(SECTIONS));
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s is shown by what is there',
    (id, { checked, tests, reasons }) => {
      expect(tests.length + reasons.length + (checked ? 1 : 0)).toBeGreaterThan(0);
      expectTests(id, tests);
      // Rules of time and of choice are not asked of the server by the checker's own tests.
      const asked = ALL_RULES.filter(
        (rule) => rule.id.replace(/[a-z]$/, '') === id && !OF_TIME.has(rule.id) && !CHOSEN.has(rule.id),
      );
      if (checked) expect(asked).not.toEqual([]);
    },
  );
});
