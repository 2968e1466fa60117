import { MillraceError } from '../errors.js';
import type { SessionResult } from './session-results.js';

/** A message that is broken inside but whole as a message costs no more than itself. */
export function tolerate(out: SessionResult[], step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    out.push({ type: 'ignored', error });
  }
}
