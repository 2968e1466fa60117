// The long fuzz run over everything that reads what peers send: `node scripts/fuzz.mjs --inputs 10000000 --seed 1`.
// --help says the rest. A short one is part of `npm test`.
import { runCompiled } from './checks/run-compiled.mjs';
import { ROOT } from './setup/set-up.mjs';

process.exitCode = await runCompiled(ROOT, 'test/fuzz/main.ts', process.argv.slice(2));
