import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say, SetupError } from './report.mjs';
import { runCommand } from './run-command.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** Pinned, so that a baseline stays one. */
const NODE_MEDIA_SERVER = '4.4.3';

/**
 * Installs the servers that the benches measure beside ours: nginx-rtmp from Debian, node-media-server from npm into
 * bench/results/.peers. Throws `SetupError`.
 *
 * @param {string} root
 * @returns {Promise<void>}
 */
export async function ensurePeers(root) {
  await ensureSystemPackages('bench');
  const folder = join(root, 'bench/results/.peers');
  if (installedVersion(folder) === NODE_MEDIA_SERVER) return;
  say(`Installing node-media-server ${NODE_MEDIA_SERVER} to ${folder}`);
  mkdirSync(folder, { recursive: true });
  // A package of its own, or npm would install into ours.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const { code, tail } = await runCommand(
    [
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `node-media-server@${NODE_MEDIA_SERVER}`,
    ],
    { cwd: folder, quiet: true },
  );
  if (code !== 0) throw new SetupError('Set-up stopped: cannot install node-media-server', tail);
}

/** @param {string} folder */
function installedVersion(folder) {
  const manifest = join(folder, 'node_modules/node-media-server/package.json');
  if (!existsSync(manifest)) return undefined;
  return /** @type {{ version: string }} */ (JSON.parse(readFileSync(manifest, 'utf8'))).version;
}
