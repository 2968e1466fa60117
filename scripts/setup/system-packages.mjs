import { aptProgress, aptFailure, aptInstallCommand, aptUpdateCommand } from './apt.mjs';
import { findCommand, findMissing } from './probes.mjs';
import { createProgress, say, SetupError, warn } from './report.mjs';
import { requirementsFor } from './requirements.mjs';
import { runCommand } from './run-command.mjs';

/** @typedef {import('./requirements.mjs').Requirement} Requirement */
/** @typedef {import('./requirements.mjs').Purpose} Purpose */

/**
 * @typedef {object} Host what installing depends on
 * @property {boolean} hasApt
 * @property {boolean} isRoot
 * @property {boolean} hasSudo sudo that asks no password
 * @property {boolean} skip MILLRACE_SETUP=skip
 */

/**
 * @typedef {{ action: 'nothing' }
 *   | { action: 'install', packages: string[], privilege: string[] }
 *   | { action: 'refuse', reason: string }} Plan
 */

/**
 * @param {readonly Requirement[]} missing
 * @param {Host} host
 * @returns {Plan}
 */
export function planInstallation(missing, host) {
  if (missing.length === 0) return { action: 'nothing' };
  if (host.skip) return { action: 'refuse', reason: 'MILLRACE_SETUP=skip' };
  if (!host.hasApt) return { action: 'refuse', reason: 'this system has no apt-get' };
  if (!host.isRoot && !host.hasSudo) {
    return { action: 'refuse', reason: 'that needs root, or sudo without a password' };
  }
  return {
    action: 'install',
    packages: unique(missing.map((requirement) => requirement.debian)),
    privilege: host.isRoot ? [] : ['sudo', '-n'],
  };
}

/**
 * How to install by hand what is missing, on each kind of system.
 *
 * @param {readonly Requirement[]} missing
 * @returns {string[]}
 */
export function installationHints(missing) {
  const fedora = unique(missing.map((requirement) => requirement.fedora));
  const homebrew = unique(missing.flatMap((requirement) => requirement.homebrew ?? []));
  return [
    `Debian, Ubuntu: apt-get install ${unique(missing.map((requirement) => requirement.debian)).join(' ')}`,
    `Fedora: dnf install ${fedora.join(' ')}${fedora.includes('ffmpeg-devel') ? ' (ffmpeg is in RPM Fusion)' : ''}`,
    `Homebrew: ${homebrew.length > 0 ? `brew install ${homebrew.join(' ')}` : 'nothing, but the Xcode command line tools'}`,
  ];
}

/**
 * What the server does without the missing requirements.
 *
 * @param {readonly Requirement[]} missing
 */
export function consequence(missing) {
  return missing.some((requirement) => requirement.neededFor === 'transcoding')
    ? 'the server starts with the source rendition only'
    : 'the server starts without thumbnails';
}

/**
 * @param {readonly Requirement[]} missing
 * @returns {string} their names, for a sentence
 */
export function nameAll(missing) {
  return missing.map((requirement) => requirement.name).join(', ');
}

/**
 * Installs the system packages that are missing. For `run` it warns of a failure and returns, since the server can do
 * without; for any other purpose all are needed and a failure throws `SetupError`.
 *
 * @param {Purpose} purpose
 * @returns {Promise<readonly Requirement[]>} what is missing all the same
 */
export async function ensureSystemPackages(purpose) {
  const missing = findMissing(requirementsFor(purpose));
  if (missing.length === 0) return [];
  const plan = planInstallation(missing, await inspectHost());
  const failure =
    plan.action === 'install' ? await install(plan) : plan.action === 'refuse' ? plan.reason : undefined;
  const stillMissing = findMissing(missing);
  if (stillMissing.length === 0) return [];
  const fault = `cannot install ${nameAll(stillMissing)}: ${failure ?? 'the packages do not contain them'}`;
  if (purpose !== 'run') throw new SetupError(`Set-up stopped: ${fault}`, installationHints(stillMissing));
  warn(`${fault}; ${consequence(stillMissing)}`, installationHints(stillMissing));
  return stillMissing;
}

/** @returns {Promise<Host>} */
async function inspectHost() {
  const isRoot = process.getuid?.() === 0;
  const skip = process.env.MILLRACE_SETUP === 'skip';
  const hasApt = findCommand('apt-get') !== undefined;
  const trySudo = !isRoot && !skip && hasApt && findCommand('sudo') !== undefined;
  const hasSudo = trySudo && (await runCommand(['sudo', '-n', 'true'], { quiet: true })).code === 0;
  return { hasApt, isRoot, hasSudo, skip };
}

/**
 * @param {{ packages: string[], privilege: string[] }} plan
 * @returns {Promise<string | undefined>} why it failed
 */
async function install({ packages, privilege }) {
  say(`Installing ${String(packages.length)} system packages with apt-get: ${packages.join(' ')}`);
  say('Fetching the package lists');
  const update = await runCommand([...privilege, ...aptUpdateCommand()], { quiet: true });
  const progress = createProgress();
  const result = await runCommand([...privilege, ...aptInstallCommand(packages)], {
    onLine: (line) => {
      const step = aptProgress(line);
      if (step !== undefined) progress.show(step.percent, step.what);
    },
  });
  progress.end();
  if (result.code === 0) return undefined;
  return aptFailure(update.tail, result.tail);
}

/**
 * @param {readonly string[]} names
 * @returns {string[]}
 */
function unique(names) {
  return [...new Set(names)];
}
