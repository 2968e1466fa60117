// `npm run bench`: set-up, then the benches of bench/. `npm run bench -- <name>` runs one; --peers installs the servers
// that we are measured against; --help says the rest.
import { join } from 'node:path';
import { runVisibly, wasInterrupted } from './checks/child.mjs';
import { compileBenches } from './setup/compile-benches.mjs';
import { ensurePeers } from './setup/bench-peers.mjs';
import { reportFailure } from './setup/report.mjs';
import { ROOT, setUp } from './setup/set-up.mjs';

const USAGE = `Usage: npm run bench -- [NAME ...] [options]
  NAME            a bench; all of them unless given
  --list          the benches there are
  --peers         installs the other servers and measures them too
  --rounds N      how often each measurement is taken
  --save NAME     keeps the results as a baseline, bench/baselines/NAME.json
  --compare NAME  puts the results beside a baseline's
`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  try {
    await setUp('test');
    if (args.includes('--peers')) await ensurePeers(ROOT);
    const folder = await compileBenches(ROOT);
    const code = await runVisibly(
      [process.execPath, '--enable-source-maps', join(folder, 'main.js'), ...args],
      {
        cwd: ROOT,
      },
    );
    process.exitCode = wasInterrupted() ? 130 : code;
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
}
