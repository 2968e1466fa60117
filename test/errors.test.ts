import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, MillraceError } from '../src/errors.js';

describe('the error codes', () => {
  it('are all in docs/errors.md with their meaning, and nothing else is', () => {
    const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(listed).toEqual(Object.entries(ERROR_CODES));
  });

  it('are what an error is told by', () => {
    const cause = new Error('cause');
    const error = new MillraceError('NOT_FOUND', 'nothing here', { cause });
    expect([error.code, error.message, error.name, error.cause]).toEqual([
      'NOT_FOUND',
      'nothing here',
      'MillraceError',
      cause,
    ]);
  });
});
