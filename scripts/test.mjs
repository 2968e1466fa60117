// `npm test`: set-up, then every check. `npm test -- <filter>`: set-up, then vitest with that filter alone.
// The last line is always `N passed, N failed`.
import { runVisibly, wasInterrupted } from './checks/child.mjs';
import { runNativeTests } from './checks/native-tests.mjs';
import { lintSteps, typeSteps } from './checks/steps.mjs';
import { Tally } from './checks/tally.mjs';
import { runVitest } from './checks/vitest.mjs';
import { reportFailure } from './setup/report.mjs';
import { ROOT, setUp } from './setup/set-up.mjs';

/** @typedef {import('./checks/tally.mjs').Count} Count */
/** @typedef {{ name: string, run: () => Promise<Count> }} Check */

const filter = process.argv.slice(2);
const tally = new Tally();

try {
  await setUp('test');
  for (const check of listChecks()) {
    if (wasInterrupted()) break;
    process.stdout.write(`\n=== ${check.name}\n`);
    const started = Date.now();
    tally.add(check.name, await check.run());
    process.stdout.write(`    ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  }
} catch (error) {
  reportFailure(error);
  tally.add('Set-up', { passed: 0, failed: 1 });
}
process.stdout.write(`\n${String(tally)}\n`);
process.exitCode = wasInterrupted() ? 130 : tally.exitCode;

/** @returns {Check[]} */
function listChecks() {
  const vitest = { name: 'Tests (vitest)', run: () => runVitest(ROOT, filter) };
  if (filter.length > 0) return [vitest];
  return [
    ...[...lintSteps(ROOT), ...typeSteps(ROOT)].map(({ name, command }) => ({
      name,
      run: async () => {
        const code = await runVisibly(command, { cwd: ROOT });
        return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
      },
    })),
    { name: 'Native tests under AddressSanitizer', run: () => runNativeTests(ROOT, 'address') },
    { name: 'Native tests under ThreadSanitizer', run: () => runNativeTests(ROOT, 'thread') },
    vitest,
  ];
}
