import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCompiled } from './compile.mjs';
import { ensureNative } from './native.mjs';
import { ensureNpmPackages } from './npm-packages.mjs';
import { SetupError } from './report.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** @typedef {import('./requirements.mjs').Purpose} Purpose */

/** The repository's root folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Brings a fresh clone to where the server (`run`) or the tests (`test`) can start. With nothing missing it only looks.
 * The order matters: npm compiles beamcoder against libav, and the addon's build uses npm packages. Throws `SetupError`.
 *
 * @param {Purpose} purpose
 * @returns {Promise<void>}
 */
export async function setUp(purpose) {
  requireNode(process.versions.node, readEngines());
  const missing = await ensureSystemPackages(purpose);
  await ensureNpmPackages(ROOT);
  if (!missing.some(({ neededFor }) => neededFor === 'transcoding')) await ensureNative(ROOT, purpose);
  await ensureCompiled(ROOT);
}

/**
 * @param {string} version such as 20.19.0
 * @param {string} engines such as >=20.19
 */
export function requireNode(version, engines) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = engines.replace('>=', '').split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(`Set-up stopped: Node.js ${engines} is needed; this is ${version}`);
}

function readEngines() {
  const manifest = /** @type {{ engines: { node: string } }} */ (
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  );
  return manifest.engines.node;
}
