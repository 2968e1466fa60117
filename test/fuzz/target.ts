import { MillraceError } from '../../src/errors.js';
import type { Random } from './random.js';

/** A part of the server that reads what peers send. */
export interface FuzzTarget {
  readonly name: string;
  /** Its share of the inputs, against the sum of all targets'. */
  readonly weight: number;
  /** An input: mostly well formed, with lies in places of meaning. */
  readonly make: (random: Random) => Buffer;
  /** Throws when the input shows a fault. What happens depends on the bytes alone. */
  readonly check: (input: Buffer) => void;
}

/** The result, or the code of the error that input may be refused with; anything else that is thrown is a fault. */
export function attempt<Result>(step: () => Result): Result | Refusal {
  try {
    return step();
  } catch (error) {
    if (error instanceof MillraceError) return new Refusal(error.code);
    throw error;
  }
}

export class Refusal {
  constructor(readonly code: string) {}
}
