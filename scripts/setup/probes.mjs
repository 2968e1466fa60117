import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @typedef {import('./requirements.mjs').Requirement} Requirement */

/**
 * Which requirements are not met. Looks at files only and starts no program, so that a run with nothing missing
 * stays quick.
 *
 * @param {readonly Requirement[]} requirements
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Requirement[]}
 */
export function findMissing(requirements, env = process.env) {
  const libFolders = listLibraryFolders();
  return requirements.filter(({ probe }) => {
    switch (probe.kind) {
      case 'command':
        return !probe.names.some((name) => findCommand(name, env) !== undefined);
      case 'pkg-config':
        return !pkgConfigFolders(libFolders, env).some((folder) =>
          existsSync(join(folder, `${probe.name}.pc`)),
        );
      case 'plugin':
        return !libFolders.some((folder) =>
          ['so', 'dylib'].some((ending) =>
            existsSync(join(folder, 'gstreamer-1.0', `libgst${probe.name}.${ending}`)),
          ),
        );
      case 'folder':
        return !probe.paths.some((path) => listFolder(path).length > 0);
      case 'file':
        return !existsSync(probe.path);
    }
  });
}

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} the executable's path, found as a shell finds it
 */
export function findCommand(name, env = process.env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** @returns {string[]} where shared libraries lie on Debian (one folder per architecture), Fedora and macOS */
function listLibraryFolders() {
  const multiarch = listFolder('/usr/lib')
    .filter((name) => name.includes('-linux-'))
    .map((name) => join('/usr/lib', name));
  return [...multiarch, '/usr/lib64', '/usr/lib', '/usr/local/lib', '/opt/homebrew/lib'];
}

/**
 * @param {readonly string[]} libFolders
 * @param {NodeJS.ProcessEnv} env
 */
function pkgConfigFolders(libFolders, env) {
  const own = (env.PKG_CONFIG_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...own, ...libFolders.map((folder) => join(folder, 'pkgconfig')), '/usr/share/pkgconfig'];
}

/** @param {string} path */
function listFolder(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
