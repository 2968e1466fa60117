import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALL_RULES, RULE_GROUPS } from '../../src/check/rules/all-rules.js';

const text = readFileSync(new URL('../../docs/check.md', import.meta.url), 'utf8');

describe('docs/check.md', () => {
  it('lists every rule in its group as the code has it, and no other', () => {
    const listed = [...text.matchAll(/^### (.+)$|^\| ([A-Z]\d+[a-z]?) \| ([MSP]) \| (.+) \| (.+) \|$/gm)].map(
      ([, group, ...rule]) => group ?? rule.join(' | '),
    );
    const known = RULE_GROUPS.flatMap(({ name, rules }) => [
      name,
      ...rules.map(({ id, level, title, section }) => [id, level, title, section].join(' | ')),
    ]);
    expect(listed).toEqual(known);
  });

  it('gives no identifier to two rules', () => {
    const ids = ALL_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
