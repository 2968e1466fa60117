// Compiles src/ and web/ to dist/.
import { ensureCompiled } from './setup/compile.mjs';
import { reportFailure } from './setup/report.mjs';
import { ROOT } from './setup/set-up.mjs';

try {
  await ensureCompiled(ROOT);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
