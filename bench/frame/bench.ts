import type { Recorder } from './figures.js';

/** What a bench is given. */
export interface BenchContext {
  readonly recorder: Recorder;
  /** The other servers take part: they are installed. */
  readonly peers: boolean;
  /** How often each measurement is taken; undefined for the bench's own choice. */
  readonly rounds: number | undefined;
  /** A folder that lasts: what is expensive to make is kept there. */
  readonly cache: string;
  /** A folder of the run's own, gone after it. */
  readonly scratch: string;
  /** Says what is being done and how much of the bench is behind us, 0 to 1. */
  readonly progress: (done: number, what: string) => void;
}

/** One bench: a file in bench/, listed in bench/benches.ts. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  run(context: BenchContext): Promise<void>;
}
