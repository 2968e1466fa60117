/** Set-up ends here: `message` is the one line that names what is missing; `hints` say how to get it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {readonly string[]} [hints]
   */
  constructor(message, hints = []) {
    super(message);
    this.name = 'SetupError';
    this.hints = hints;
  }
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`[setup] ${line}\n`);
}

/**
 * @param {string} line
 * @param {readonly string[]} [hints]
 */
export function warn(line, hints = []) {
  process.stderr.write(`[setup] Warning: ${line}\n${hints.map((hint) => `[setup]   ${hint}\n`).join('')}`);
}

/**
 * Prints a failure as one clear line and its hints; anything unexpected keeps its stack.
 *
 * @param {unknown} error
 */
export function reportFailure(error) {
  if (error instanceof SetupError) {
    process.stderr.write(`[setup] ${error.message}\n`);
    for (const hint of error.hints) process.stderr.write(`[setup]   ${hint}\n`);
  } else {
    process.stderr.write(
      `[setup] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  }
}

/**
 * Progress of one long step: a line rewritten in place on a terminal, one line per tenth elsewhere.
 *
 * @param {NodeJS.WriteStream} [stream]
 */
export function createProgress(stream = process.stdout) {
  let lastTenth = -1;
  return {
    /**
     * @param {number} percent
     * @param {string} what
     */
    show(percent, what) {
      const text = `[setup]   ${String(Math.floor(percent)).padStart(3)} %  ${what}`;
      if (stream.isTTY) {
        stream.write(`\r\x1b[K${text.slice(0, Math.max(20, stream.columns - 1))}`);
        return;
      }
      const tenth = Math.floor(percent / 10);
      if (tenth <= lastTenth) return;
      lastTenth = tenth;
      stream.write(`${text}\n`);
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
