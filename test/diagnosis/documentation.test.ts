import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FINDING_CODES } from '../../src/diagnosis/finding.js';

it('every finding is in docs/diagnosis.md with its meaning, and nothing else is', () => {
  const text = readFileSync(new URL('../../docs/diagnosis.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(listed).toEqual(Object.entries(FINDING_CODES));
});
