import { spawn } from 'node:child_process';

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;
let interrupted = false;

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    interrupted = true;
    running?.kill(signal);
  });
}

/** True once we were told to stop: start nothing more. */
export function wasInterrupted() {
  return interrupted;
}

/**
 * Runs one program with its output going straight to ours. A signal that stops us stops it too.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code; 127 where it cannot be started, 128 when a signal ended it
 */
export function runVisibly(command, { cwd, env }) {
  const [file, ...args] = command;
  if (file === undefined) throw new TypeError('an empty command');
  return new Promise((resolve) => {
    running = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    running.once('error', (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      resolve(127);
    });
    running.once('close', (code) => {
      running = undefined;
      resolve(code ?? 128);
    });
  });
}
