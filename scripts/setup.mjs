// Set-up alone: `npm run setup` for what `npm start` needs, `npm run setup -- test` for what `npm test` needs.
import { reportFailure, say } from './setup/report.mjs';
import { setUp } from './setup/set-up.mjs';

const purpose = process.argv[2] ?? 'run';
if (purpose !== 'run' && purpose !== 'test') {
  process.stderr.write(`Usage: npm run setup [-- run|test]\n`);
  process.exitCode = 2;
} else {
  try {
    await setUp(purpose);
    say('Everything is in place');
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
}
