import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchResult } from './figures.js';
import type { MachineLoad } from './machine-load.js';
import type { Machine } from './machine.js';

/** Changes when the files of an older one can no longer be read. */
const FORMAT = 1;

/** Everything that one run found: what the JSON file holds. */
export interface Results {
  readonly format: typeof FORMAT;
  /** ISO 8601. */
  readonly at: string;
  /** What to type to do it again. */
  readonly command: string;
  readonly machine: Machine;
  readonly load: MachineLoad;
  readonly benches: readonly BenchResult[];
}

export const newResults = (results: Omit<Results, 'format'>): Results => ({ format: FORMAT, ...results });

const NAME = /^[\w.-]{1,64}$/;

/** Where the results named `name` are kept for comparing. @throws Error when it is no file name */
export function baselinePath(root: string, name: string): string {
  if (!NAME.test(name)) throw new Error(`a baseline's name has letters, digits, ".", "_" and "-": ${name}`);
  return join(root, 'bench', 'baselines', `${name}.json`);
}

export function writeResults(path: string, results: Results): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

/** @throws Error when there are none, or of another format */
export function readResults(path: string): Results {
  const results = JSON.parse(readFileSync(path, 'utf8')) as Results | { readonly format: unknown };
  if (results.format !== FORMAT)
    throw new Error(`${path} is of format ${String(results.format)}, not ${FORMAT}`);
  return results as Results;
}
