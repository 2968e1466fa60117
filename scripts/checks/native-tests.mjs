import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runVisibly } from './child.mjs';

/** @typedef {import('./tally.mjs').Count} Count */

/**
 * Builds and runs the native tests, which need no Node, under one sanitizer. The build is kept for the next run.
 *
 * @param {string} root
 * @param {'address' | 'thread'} sanitizer
 * @returns {Promise<Count>} a build that fails counts as one failed test
 */
export async function runNativeTests(root, sanitizer) {
  const folder = sanitizer === 'address' ? 'build-asan' : 'build-tsan';
  const report = join(root, folder, 'ctest.xml');
  mkdirSync(join(root, folder), { recursive: true });
  rmSync(report, { force: true });
  const configure = [
    'cmake',
    '-S',
    '.',
    '-B',
    folder,
    '-DMILLRACE_TESTS=ON',
    `-DMILLRACE_SANITIZE=${sanitizer}`,
  ];
  const build = ['cmake', '--build', folder, '--parallel', String(availableParallelism())];
  for (const command of [configure, build]) {
    if ((await runVisibly(command, { cwd: root })) !== 0) return { passed: 0, failed: 1 };
  }
  const code = await runVisibly(
    ['ctest', '--test-dir', folder, '--output-on-failure', '--no-tests=error', '--output-junit', report],
    { cwd: root },
  );
  const count = existsSync(report) ? countJunit(readFileSync(report, 'utf8')) : { passed: 0, failed: 0 };
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/**
 * @param {string} xml ctest's JUnit report
 * @returns {Count}
 */
export function countJunit(xml) {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? '';
  const number = (/** @type {string} */ name) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures');
  const skipped = number('skipped') + number('disabled');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
