import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, command: string[] }} Step one program whose exit code is the result */

/** What prettier formats; it leaves out what .gitignore names. */
const FORMATTED = ['{bin,src,test,bench,web,scripts}/**/*.{ts,mjs,js,cjs,css,html}', '*.{ts,js,cjs}'];

/**
 * @param {string} root
 * @param {{ fix?: boolean }} [options] `fix` writes what can be corrected by itself
 * @returns {Step[]}
 */
export function lintSteps(root, { fix = false } = {}) {
  const native = listNativeSources(root);
  return [
    {
      name: 'Format (prettier)',
      command: nodeTool(
        root,
        'prettier/bin/prettier.cjs',
        fix ? '--write' : '--check',
        '--log-level=warn',
        ...FORMATTED,
      ),
    },
    {
      name: 'Format (clang-format)',
      command: ['clang-format', ...(fix ? ['-i'] : ['--dry-run', '--Werror']), ...native],
    },
    {
      name: 'Lint (eslint)',
      command: nodeTool(root, 'eslint/bin/eslint.js', '--max-warnings=0', ...(fix ? ['--fix'] : []), '.'),
    },
    {
      name: 'Import directions (dependency-cruiser)',
      command: nodeTool(root, 'dependency-cruiser/bin/dependency-cruise.mjs', '--output-type=err', 'src'),
    },
  ];
}

/**
 * @param {string} root
 * @returns {Step[]}
 */
export function typeSteps(root) {
  const projects = {
    Types: '.',
    'Types of the tests': 'test',
    'Types of the scripts': 'scripts',
    'Types of the watch page': 'web',
  };
  return Object.entries(projects).map(([name, folder]) => ({
    name,
    command: nodeTool(root, 'typescript/bin/tsc', '-p', folder),
  }));
}

/**
 * @param {string} root
 * @param {string} script inside node_modules
 * @param {readonly string[]} args
 */
export function nodeTool(root, script, ...args) {
  return [process.execPath, join(root, 'node_modules', script), ...args];
}

/** @param {string} root */
function listNativeSources(root) {
  return readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(cc|h)$/.test(path))
    .map((path) => join('native', path));
}
