import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/setup/set-up.mjs';

/**
 * @param {string} file an existing one, since the rules know types
 * @param {string} code
 * @returns {Promise<(string | null)[]>} the rules that it breaks
 */
async function lint(file, code) {
  const eslint = new ESLint({ cwd: ROOT });
  const [result] = await eslint.lintText(code, { filePath: join(ROOT, file) });
  return result?.messages.map((message) => message.ruleId) ?? [];
}

describe('the lint rules of a pure room', () => {
  it('let it have no clock, timer, file or socket', { timeout: 60_000 }, async () => {
    expect(await lint('src/media/time.ts', 'export const now = Date.now();\n')).toEqual([
      'no-restricted-properties',
    ]);
    expect(await lint('src/media/time.ts', 'export const now = new Date();\n')).toEqual([
      'no-restricted-syntax',
    ]);
    expect(await lint('src/media/time.ts', 'setTimeout(() => 1, 1);\n')).toEqual(['no-restricted-globals']);
    expect(await lint('src/media/time.ts', "export { readFileSync } from 'node:fs';\n")).toEqual([
      'no-restricted-imports',
    ]);
    expect(await lint('src/media/time.ts', "export { connect } from 'net';\n")).toEqual([
      'no-restricted-imports',
    ]);
  });

  it('let it turn a time that it was given into a date', async () => {
    expect(
      await lint('src/media/time.ts', 'export const iso = (ms: number) => new Date(ms).toISOString();\n'),
    ).toEqual([]);
  });
});

describe('the lint rules of every room', () => {
  it(
    'keep uWebSockets.js and the native packages to the rooms that own them',
    { timeout: 60_000 },
    async () => {
      expect(await lint('src/errors.ts', "export { App } from 'uWebSockets.js';\n")).toEqual([
        'no-restricted-imports',
      ]);
      expect(await lint('src/transcode/transcoder.ts', "export { App } from 'uWebSockets.js';\n")).toEqual([
        'no-restricted-imports',
      ]);
      expect(await lint('src/origin/snapshot.ts', "import 'node-gyp-build';\n")).toEqual([
        'no-restricted-imports',
      ]);
      expect(await lint('src/transcode/transcoder.ts', "import 'node-gyp-build';\n")).toEqual([]);
    },
  );

  it('forbid a default export and a promise that nobody waits for', async () => {
    expect(await lint('src/errors.ts', 'export default 1;\n')).toEqual(['no-restricted-exports']);
    expect(await lint('src/errors.ts', 'Promise.resolve(1);\n')).toEqual([
      '@typescript-eslint/no-floating-promises',
    ]);
  });
});

describe('the import directions', () => {
  it('are enforced against every wrong way', { timeout: 60_000 }, () => {
    const broken = {
      'imports-of-media': ['src/media/a.ts', '../rtmp/b.js'],
      'imports-of-rtmp': ['src/rtmp/a.ts', '../ingest/b.js'],
      'imports-of-hls': ['src/hls/a.ts', '../origin/window.js'],
      'imports-of-http': ['src/http/a.ts', '../ingest/b.js'],
      'imports-of-origin': ['src/origin/a.ts', '../http/b.js'],
      'composition-is-on-top': ['src/transcode/a.ts', '../server.js'],
      'no-cycles': ['src/cmaf/b.ts', './c.js'],
      'no-unresolved': ['src/publish/a.ts', './nowhere.js'],
    };
    const files = ['rtmp/b', 'ingest/b', 'origin/window', 'origin/snapshot', 'http/b', 'server', 'media/b'];
    const folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'));
    const write = (/** @type {string} */ path, /** @type {string} */ text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    try {
      cpSync(join(ROOT, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'));
      cpSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
      for (const file of files) write(`src/${file}.ts`, 'export const value = 1;\n');
      for (const [path = '', target] of Object.values(broken))
        write(path, `export * from '${String(target)}';\n`);
      write('src/cmaf/c.ts', "export * from './b.js';\n");
      write(
        'src/hls/right.ts',
        "export type * from '../origin/snapshot.js';\nexport * from '../media/b.js';\n",
      );
      const { stdout } = spawnSync(
        process.execPath,
        [
          join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
          '--output-type=json',
          'src',
        ],
        { cwd: folder, encoding: 'utf8' },
      );
      /** @type {{ summary: { violations: { from: string, rule: { name: string } }[] } }} */
      const { summary } = JSON.parse(stdout);
      for (const [rule, [path]] of Object.entries(broken)) {
        expect(summary.violations).toContainEqual(
          expect.objectContaining({ from: path, rule: expect.objectContaining({ name: rule }) }),
        );
      }
      expect(summary.violations.filter(({ from }) => from === 'src/hls/right.ts')).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
