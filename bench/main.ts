// `npm run bench -- [NAME ...] [--peers] [--rounds N] [--save NAME] [--compare NAME] [--list]`, run by scripts/bench.mjs
// in the repository's root once everything is in place.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCHES } from './benches.js';
import { parseArguments, type Arguments } from './frame/arguments.js';
import type { Bench } from './frame/bench.js';
import { compare, type Comparison } from './frame/compare.js';
import { Recorder, type BenchResult } from './frame/figures.js';
import { LoadWatch } from './frame/machine-load.js';
import { describeMachine } from './frame/machine.js';
import { Progress } from './frame/progress.js';
import { renderReport } from './frame/report.js';
import { baselinePath, newResults, readResults, writeResults, type Results } from './frame/results.js';
import { renderTable } from './frame/terminal.js';

const ROOT = process.cwd();
const OUTPUT = join(ROOT, 'bench', 'results');
const CACHE = join(OUTPUT, '.cache');

async function main(): Promise<void> {
  const typed = process.argv.slice(2);
  const args = parseArguments(
    typed,
    BENCHES.map(({ name }) => name),
  );
  if (args.list) {
    for (const { name, title } of BENCHES) say(`${name.padEnd(16)}${title}`);
    return;
  }
  // Read before the long work: a wrong name is found at once.
  const baseline = args.compare === undefined ? undefined : readResults(baselinePath(ROOT, args.compare));
  const saveTo = args.save === undefined ? undefined : baselinePath(ROOT, args.save);

  const results = await runAll(args, ['npm run bench --', ...typed].join(' '));
  const comparisons = baseline === undefined ? new Map<string, Comparison>() : compare(results, baseline);
  say(renderTable(results, comparisons));
  const name = results.at.replace(/[:.]/g, '-');
  const json = join(OUTPUT, `${name}.json`);
  writeResults(json, results);
  writeFileSync(join(OUTPUT, `${name}.html`), renderReport(results, comparisons));
  if (saveTo !== undefined) writeResults(saveTo, results);
  say(`\nReport: ${join(OUTPUT, `${name}.html`)}\nJSON:   ${json}`);
  if (saveTo !== undefined) say(`Saved:  ${saveTo}`);
}

async function runAll(args: Arguments, command: string): Promise<Results> {
  const machine = describeMachine(ROOT);
  const at = new Date().toISOString();
  const watch = new LoadWatch();
  say(`[bench] ${machine.processor}, ${machine.cores} cores; looking at the load of the machine`);
  await watch.start();
  const benches: BenchResult[] = [];
  for (const bench of BENCHES) {
    if (args.names.length === 0 || args.names.includes(bench.name)) benches.push(await runOne(bench, args));
  }
  return newResults({ at, command, machine, load: watch.stop(machine.cores), benches });
}

async function runOne(bench: Bench, { peers, rounds }: Arguments): Promise<BenchResult> {
  const recorder = new Recorder(bench.name);
  const progress = new Progress(bench.name);
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    await bench.run({
      recorder,
      peers,
      rounds,
      cache: CACHE,
      scratch,
      progress: (done, what) => progress.show(done, what),
    });
  } finally {
    progress.end();
    rmSync(scratch, { recursive: true, force: true });
  }
  return recorder.finish(bench.title, progress.seconds);
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  await main();
} catch (error) {
  process.stderr.write(
    `[bench] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
