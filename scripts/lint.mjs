// `npm run lint` checks format, lint rules and import directions; `npm run format` corrects what it can by itself.
import { runVisibly, wasInterrupted } from './checks/child.mjs';
import { lintSteps } from './checks/steps.mjs';
import { ensureNpmPackages } from './setup/npm-packages.mjs';
import { reportFailure } from './setup/report.mjs';
import { ROOT } from './setup/set-up.mjs';

/** @type {string[]} */
const failures = [];
try {
  await ensureNpmPackages(ROOT);
  for (const { name, command } of lintSteps(ROOT, { fix: process.argv.includes('--fix') })) {
    if (wasInterrupted()) break;
    process.stdout.write(`=== ${name}\n`);
    if ((await runVisibly(command, { cwd: ROOT })) !== 0) failures.push(name);
  }
  if (failures.length > 0) process.stderr.write(`Failed: ${failures.join('; ')}\n`);
} catch (error) {
  reportFailure(error);
  failures.push('Set-up');
}
process.exitCode = wasInterrupted() ? 130 : failures.length > 0 ? 1 : 0;
