/** `env` rather than our own environment, because sudo drops that. */
const APT_GET = ['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', 'apt-get'];

/** Seconds to wait for another package manager that holds the lock. */
const LOCK_TIMEOUT = 300;

/** A source that cannot be reached is an error line, but the others are used. */
export function aptUpdateCommand() {
  return [...APT_GET, 'update', '-q'];
}

/**
 * Status lines come on standard output: sudo closes every other descriptor.
 *
 * @param {readonly string[]} packages
 */
export function aptInstallCommand(packages) {
  const options = ['APT::Status-Fd=1', `DPkg::Lock::Timeout=${String(LOCK_TIMEOUT)}`, 'Dpkg::Use-Pty=0'];
  return [
    ...APT_GET,
    'install',
    '-y',
    '-q',
    '--no-install-recommends',
    ...options.flatMap((option) => ['-o', option]),
    ...packages,
  ];
}

/**
 * Reads one of apt's status lines: `dlstatus:<n>:<percent>:<text>` while it downloads, `pmstatus:<package>:<percent>:<text>`
 * while it installs. Downloading counts as the first half.
 *
 * @param {string} line
 * @returns {{ percent: number, what: string } | undefined} undefined for any other line
 */
export function aptProgress(line) {
  const match = /^(dlstatus|pmstatus):(?:[^:]*(?::[a-z0-9]+)?):(\d+(?:\.\d+)?):(.*)$/.exec(line);
  if (match === null) return undefined;
  const [, stage, percent, what] = match;
  const half = Number(percent) / 2;
  return { percent: stage === 'dlstatus' ? half : 50 + half, what: what ?? '' };
}

/**
 * The cause of a failed installation in one line.
 *
 * @param {readonly string[]} updateOutput
 * @param {readonly string[]} installOutput
 * @returns {string}
 */
export function aptFailure(updateOutput, installOutput) {
  const unreachable = updateOutput.find((line) =>
    /Temporary failure|Could not (resolve|connect)|Failed to fetch/.test(line),
  );
  if (unreachable !== undefined)
    return `the package lists cannot be fetched (no network?): ${stripMark(unreachable)}`;
  const error = installOutput.find((line) => line.startsWith('E: ')) ?? installOutput.at(-1) ?? 'no message';
  return `apt-get failed: ${stripMark(error)}`;
}

/** @param {string} line */
function stripMark(line) {
  return line.replace(/^(E|W|Err:?\d*):? */, '').trim();
}
