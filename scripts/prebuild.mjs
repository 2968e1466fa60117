// Builds the addon with prebuildify into prebuilds/<platform>-<arch>/, from where an installed package loads it.
// `node scripts/prebuild.mjs [FOLDER]`: FOLDER is another copy of the package (its build/ is wiped), by default this one.
import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nodeTool } from './checks/steps.mjs';
import { findNodeHeaders } from './setup/npm-packages.mjs';
import { findCommand } from './setup/probes.mjs';
import { runCommand } from './setup/run-command.mjs';
import { ROOT } from './setup/set-up.mjs';

const folder = resolve(process.argv[2] ?? ROOT);
const env = { ...process.env };
env.npm_config_nodedir ??= findNodeHeaders(process.execPath);
env.PREBUILD_NODE_GYP ??= findNodeGyp();
const { code } = await runCommand(
  nodeTool(ROOT, 'prebuildify/bin.js', '--napi', '--strip', '--target', process.versions.node),
  {
    cwd: folder,
    env,
  },
);
process.exitCode = code;

/** The node-gyp inside npm: prebuildify looks for one on the PATH, where only `npm run` puts it. */
function findNodeGyp() {
  const npm = findCommand('npm');
  if (npm === undefined) return undefined;
  return join(dirname(dirname(realpathSync(npm))), 'node_modules/node-gyp/bin/node-gyp.js');
}
