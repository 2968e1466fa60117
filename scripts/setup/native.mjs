import { join } from 'node:path';
import { SetupError, warn } from './report.mjs';
import { runCommand } from './run-command.mjs';

/** @typedef {import('./requirements.mjs').Purpose} Purpose */

/**
 * Builds the addon where it is missing or older than its sources. The server runs without it, the tests do not.
 *
 * @param {string} root
 * @param {Purpose} purpose
 * @returns {Promise<void>}
 */
export async function ensureNative(root, purpose) {
  const { code } = await runCommand([process.execPath, join(root, 'scripts/build-native.mjs')], {
    cwd: root,
  });
  if (code === 0) return;
  const fault = 'the native addon is not built (the reason is above)';
  if (purpose === 'test') throw new SetupError(`Set-up stopped: ${fault}`);
  warn(`${fault}; the server starts with the source rendition only`);
}
