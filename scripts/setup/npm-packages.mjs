import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { findMissing } from './probes.mjs';
import { say, SetupError, warn } from './report.mjs';
import { requirementsFor } from './requirements.mjs';
import { runCommand } from './run-command.mjs';

/** The one package that compiles against libav while npm installs it. It is optional: npm drops it when that fails. */
const LIBAV_PACKAGE = 'beamcoder';

/** Left in node_modules once `LIBAV_PACKAGE` has had its chance with libav present, so that it is not tried for ever. */
const TRIED_MARK = '.millrace-libav-tried';

/** A silent installation says that it is alive this often. */
const HEARTBEAT_MS = 20_000;

/** @typedef {{ packages?: Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> }} Lockfile */

/**
 * Whether what npm says it installed is what the lockfile wants. Optional packages may be absent.
 *
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile | undefined} installed node_modules/.package-lock.json, which npm writes when it has finished
 */
export function matchesLockfile(wanted, installed) {
  if (installed === undefined) return false;
  return Object.entries(wanted.packages ?? {}).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    const found = installed.packages?.[path];
    if (found === undefined) return optional === true || devOptional === true;
    return found.version === version;
  });
}

/**
 * The headers that came with the running Node, so that node-gyp does not download them.
 *
 * @param {string} execPath
 * @param {(path: string) => boolean} exists
 * @returns {string | undefined} the folder that has include/node
 */
export function findNodeHeaders(execPath, exists = existsSync) {
  const prefix = dirname(dirname(execPath));
  return exists(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

/**
 * What the packages that compile while they are installed need besides our own environment.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string | undefined} headers as `findNodeHeaders` gives them; a folder that the user set comes first
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment(env, headers) {
  // beamcoder looks for libav with ldconfig, which is not on every user's PATH.
  const path = [env.PATH, '/usr/sbin', '/sbin'].join(delimiter);
  return { npm_config_nodedir: headers, ...env, PATH: path };
}

/**
 * npm's failure in one line.
 *
 * @param {number} code npm's exit code
 * @param {readonly string[]} output
 */
export function npmFailure(code, output) {
  if (code === 127) return 'npm is not installed';
  const text = output.join('\n');
  if (/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET)\b/.test(text)) {
    return 'the npm registry cannot be reached (no network?)';
  }
  const error = output.find((line) =>
    /^npm (error|ERR!) (?!code\b|errno\b|syscall\b|path\b|command failed)/.test(line),
  );
  return error?.replace(/^npm (error|ERR!) /, '') ?? `npm exited with code ${String(code)}`;
}

/**
 * Installs the npm packages when they are absent or not the lockfile's. Throws `SetupError` where that fails: the server
 * cannot run without them. A failed optional package is only a warning.
 *
 * @param {string} root
 * @returns {Promise<void>}
 */
export async function ensureNpmPackages(root) {
  const wanted = /** @type {Lockfile} */ (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  if (!matchesLockfile(wanted, readInstalled(root))) {
    const count = Object.keys(wanted.packages ?? {}).length - 1;
    say(
      `Installing the npm packages of package-lock.json (${String(count)}, of which beamcoder is compiled)`,
    );
    await npm(root, ['ci', '--include=dev', '--include=optional']);
    markTried(root);
  } else if (!existsSync(join(root, 'node_modules', LIBAV_PACKAGE)) && hasLibav() && !wasTried(root)) {
    say(`Installing ${LIBAV_PACKAGE}, now that libav is there (it is compiled)`);
    try {
      await npm(root, ['install', '--no-save', '--include=dev', '--include=optional']);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      warn(`${LIBAV_PACKAGE} is left out: ${error.message}`);
    }
    markTried(root);
  }
}

/**
 * @param {string} root
 * @param {readonly string[]} args
 */
async function npm(root, args) {
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=8000'];
  const started = Date.now();
  const heartbeat = setInterval(() => {
    say(`  still at it after ${String(Math.round((Date.now() - started) / 1000))} s`);
  }, HEARTBEAT_MS);
  const { code, tail } = await runCommand([...npmCommand(), ...args, ...quiet, ...patience], {
    cwd: root,
    env: npmEnvironment(process.env, findNodeHeaders(process.execPath)),
    quiet: true,
  });
  clearInterval(heartbeat);
  if (code !== 0) {
    throw new SetupError(
      `Set-up stopped: cannot install the npm packages: ${npmFailure(code, tail)}`,
      code === 127 ? [] : tail.slice(-12),
    );
  }
}

/** The npm that started us, where one did. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli !== undefined && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
}

function hasLibav() {
  return findMissing(requirementsFor('run')).length === 0;
}

/** @param {string} root */
function wasTried(root) {
  return existsSync(join(root, 'node_modules', TRIED_MARK));
}

/** @param {string} root */
function markTried(root) {
  if (hasLibav()) writeFileSync(join(root, 'node_modules', TRIED_MARK), '');
}

/**
 * @param {string} root
 * @returns {Lockfile | undefined}
 */
function readInstalled(root) {
  try {
    return /** @type {Lockfile} */ (
      JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8'))
    );
  } catch {
    return undefined;
  }
}
