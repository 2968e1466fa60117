import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../bench/frame/arguments.js';
import { baselinePath, newResults, readResults, writeResults } from '../../bench/frame/results.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resultsWith } from './results.js';

const KNOWN = ['ingest', 'long-stream'];

describe('the command line', () => {
  test('without arguments asks for every bench', () => {
    expect(parseArguments([], KNOWN)).toMatchObject({ names: [], peers: false, rounds: undefined });
  });

  test('names benches and says how', () => {
    const typed = ['ingest', '--peers', '--rounds', '5', '--save', 'mine', '--compare', 'other'];
    expect(parseArguments(typed, KNOWN)).toEqual({
      names: ['ingest'],
      peers: true,
      rounds: 5,
      save: 'mine',
      compare: 'other',
      list: false,
    });
  });

  test('is refused with the reason where it makes no sense', () => {
    expect(() => parseArguments(['ingset'], KNOWN)).toThrow('no bench ingset; there are ingest, long-stream');
    expect(() => parseArguments(['--rounds', '0'], KNOWN)).toThrow('--rounds');
    expect(() => parseArguments(['--nonsense'], KNOWN)).toThrow();
  });
});

describe('a baseline', () => {
  test('lies under bench/baselines by its name, which leads nowhere else', () => {
    expect(baselinePath('/root-folder', 'v1.0')).toBe('/root-folder/bench/baselines/v1.0.json');
    expect(() => baselinePath('/root-folder', '../escape')).toThrow('a baseline');
  });

  test('is read back as it was written, unless it is of another format', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-baseline-'));
    try {
      const path = join(folder, 'baselines', 'one.json');
      const results = newResults(resultsWith([{}]));
      writeResults(path, results);
      expect(readResults(path)).toEqual(results);
      writeFileSync(path, '{ "format": 0 }');
      expect(() => readResults(path)).toThrow('format 0');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
