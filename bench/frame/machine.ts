import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Where the figures come from. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Gigabytes. */
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  /** Version and commit. */
  readonly millrace: string;
}

export function describeMachine(root: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 1e9),
    system: `${distribution()}, Linux ${release()}`,
    node: process.version,
    millrace: [version(root), commit(root)].filter((part) => part !== undefined).join(' '),
  };
}

const version = (root: string): string =>
  (JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }).version;

/** Undefined outside a clone. */
function commit(root: string): string | undefined {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return undefined;
  }
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
