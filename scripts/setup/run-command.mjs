import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines of output kept to explain a failure. */
const MAX_TAIL_LINES = 200;

/**
 * Runs a command to its end. Its output goes straight to our own, or with `quiet` is only kept, or with `onLine` comes
 * line by line. It never gets our standard input, so nothing can prompt.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number, tail: string[] }>} `code` 127 where the command does not exist, 128 when a signal
 *   ended it; `tail` is the end of its output
 */
export function runCommand(command, { cwd, env, quiet = false, onLine } = {}) {
  const [file, ...args] = command;
  if (file === undefined) throw new TypeError('an empty command');
  const output = quiet || onLine !== undefined ? 'pipe' : 'inherit';
  return new Promise((resolve) => {
    /** @type {string[]} */
    const tail = [];
    const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', output, output] });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        tail.push(line);
        if (tail.length > MAX_TAIL_LINES) tail.shift();
        onLine?.(line);
      });
    }
    child.once('error', (error) => resolve({ code: 127, tail: [error.message] }));
    child.once('close', (code) => resolve({ code: code ?? 128, tail }));
  });
}
