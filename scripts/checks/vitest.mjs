import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runVisibly } from './child.mjs';
import { nodeTool } from './steps.mjs';

/** @typedef {import('./tally.mjs').Count} Count */

/**
 * The part of vitest's JSON report that is read here.
 *
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults one for each file
 */

/**
 * @param {string} root
 * @param {readonly string[]} [args] a filter and other arguments of `vitest run`
 * @returns {Promise<Count>}
 */
export async function runVitest(root, args = []) {
  const folder = join(root, '.cache');
  const report = join(folder, 'vitest.json');
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const code = await runVisibly(
    nodeTool(
      root,
      'vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ),
    { cwd: root },
  );
  return countVitest(code, readReport(report));
}

/**
 * A file that could not be loaded has no tests to count, so it counts as one failed; so does a run that fails for
 * another reason, such as an unhandled rejection.
 *
 * @param {number} code vitest's exit code
 * @param {VitestReport | undefined} report
 * @returns {Count}
 */
export function countVitest(code, report) {
  if (report === undefined) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {string} path
 * @returns {VitestReport | undefined}
 */
function readReport(path) {
  try {
    return /** @type {VitestReport} */ (JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
