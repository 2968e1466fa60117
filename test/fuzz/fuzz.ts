import { randomOf } from './random.js';
import type { FuzzTarget } from './target.js';
import { TARGETS } from './targets/index.js';

export interface FuzzOptions {
  readonly seed: number;
  /** The first input's number, and how many there are. */
  readonly from: number;
  readonly inputs: number;
  readonly targets?: readonly FuzzTarget[];
}

/** An input that showed a fault. */
export interface Crasher {
  readonly target: string;
  readonly index: number;
  readonly input: Buffer;
  readonly error: unknown;
}

export interface MadeInput {
  readonly target: FuzzTarget;
  readonly input: Buffer;
}

/** The input with this number; the same each time. */
export function makeInput(seed: number, index: number, targets = TARGETS): MadeInput {
  const random = randomOf(seed, index);
  let left = random.next() * targets.reduce((sum, { weight }) => sum + weight, 0);
  const target = targets.find(({ weight }) => (left -= weight) < 0) ?? targets[0]!;
  return { target, input: target.make(random) };
}

/** Checks inputs one after another and gives those that showed a fault. */
export function* fuzz({ seed, from, inputs, targets }: FuzzOptions): Generator<Crasher, void, undefined> {
  for (let index = from; index < from + inputs; index++) {
    const { target, input } = makeInput(seed, index, targets);
    try {
      target.check(input);
    } catch (error) {
      yield { target: target.name, index, input, error };
    }
  }
}
