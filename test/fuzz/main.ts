import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzz, makeInput, type Crasher } from './fuzz.js';
import { TARGETS } from './targets/index.js';
import type { FuzzTarget } from './target.js';

const USAGE = `Usage: node scripts/fuzz.mjs [options]
  --inputs N     how many inputs (default 1000000)
  --seed N       which inputs (default 1)
  --from N       the number of the first input (default 0), to go on where a run was stopped
  --target NAME  only this one of: ${TARGETS.map(({ name }) => name).join(', ')}
Inputs that show a fault are kept in test/fuzz/crashers, where npm test replays them.
`;

const CRASHERS = join('test', 'fuzz', 'crashers');
/** A run is over after so many faults: more of them say nothing new. */
const MOST_CRASHERS = 20;
/** Inputs between two signs of life, and how long they may take: what takes longer hangs. */
const BATCH = 2000;
const PATIENCE_MS = 120_000;
/** The heap that all of it has to do with, MiB: two hundred times the largest input there is. */
const HEAP_MIB = 192;
/** Bytes outside the heap, such as buffers. */
const MOST_EXTERNAL = 256 * 2 ** 20;
/** Between two lines of progress. */
const REPORT_MS = 30_000;

interface Task {
  readonly seed: number;
  readonly from: number;
  readonly inputs: number;
  readonly target: string | undefined;
  /** Inputs between two signs of life. */
  readonly batch: number;
}

type Sign =
  { readonly type: 'done'; readonly index: number } | { readonly type: 'crash'; readonly text: string };

const targetsOf = (name: string | undefined): readonly FuzzTarget[] =>
  name === undefined ? TARGETS : TARGETS.filter((target) => target.name === name);

/** Keeps the input and gives the path. */
function keep(target: string, input: Buffer): string {
  mkdirSync(CRASHERS, { recursive: true });
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = join(CRASHERS, `${target}-${hash}.bin`);
  writeFileSync(path, input);
  return path;
}

const describe = ({ target, index, input, error }: Crasher, seed: number): string =>
  `--seed ${seed} --from ${index} --inputs 1: ${keep(target, input)}\n${error instanceof Error ? error.stack : String(error)}\n`;

/** The process that does the work; it may hang or run out of memory, which the other one sees. */
function work({ seed, from, inputs, target, batch }: Task): void {
  const targets = targetsOf(target);
  const tell = (sign: Sign): void => {
    // Whoever watches was stopped.
    if (!process.connected) process.exit(1);
    process.send?.(sign);
  };
  const step = (at: number): void => {
    const count = Math.min(batch, from + inputs - at);
    for (const crasher of fuzz({ seed, from: at, inputs: count, targets }))
      tell({ type: 'crash', text: describe(crasher, seed) });
    const { external } = process.memoryUsage();
    if (external > MOST_EXTERNAL) throw new Error(`${external} bytes outside the heap`);
    tell({ type: 'done', index: at + count });
    if (at + count < from + inputs) setImmediate(step, at + count);
    else process.disconnect();
  };
  step(from);
}

/** Runs a task in a process of its own; the number of the input that it came to, or that stopped it. */
async function supervise(
  task: Task,
  onSign: (sign: Sign) => void,
): Promise<{ index: number; isWell: boolean }> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(task)], {
    execArgv: ['--enable-source-maps', `--max-old-space-size=${HEAP_MIB}`],
  });
  let index = task.from;
  let timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.on('message', (sign: Sign) => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    if (sign.type === 'done') index = sign.index;
    onSign(sign);
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  return { index, isWell: code === 0 && index === task.from + task.inputs };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      target: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [inputs, seed, from] = [values.inputs, values.seed, values.from].map(Number) as [
    number,
    number,
    number,
  ];
  const isValid = [inputs, seed, from].every(Number.isSafeInteger) && targetsOf(values.target).length > 0;
  if (values.help || !isValid) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }

  const start = Date.now();
  const crashers: string[] = [];
  let reported = start;
  const report = (index: number): void => {
    const seconds = (Date.now() - start) / 1000;
    const rate = Math.round((index - from) / seconds);
    process.stdout.write(
      `${index - from} of ${inputs} inputs (seed ${seed}) in ${Math.round(seconds)} s, ${rate} a second, ${crashers.length} faults\n`,
    );
    reported = Date.now();
  };
  const onSign = (sign: Sign): void => {
    if (sign.type === 'crash') {
      crashers.push(sign.text);
      process.stdout.write(sign.text);
    } else if (Date.now() - reported >= REPORT_MS) {
      report(sign.index);
    }
  };

  let at = from;
  const end = from + inputs;
  while (at < end && crashers.length < MOST_CRASHERS) {
    const rest: Task = { seed, from: at, inputs: end - at, target: values.target, batch: BATCH };
    const { index, isWell } = await supervise(rest, onSign);
    at = index;
    if (isWell) continue;
    // It hung or died in the batch that begins there: one by one, to see by which input.
    const alone: Task = { ...rest, from: at, inputs: Math.min(BATCH, end - at), batch: 1 };
    const found = await supervise(alone, onSign);
    at = found.index;
    if (found.isWell) continue;
    const { target, input } = makeInput(seed, at, targetsOf(values.target));
    const error = new Error('it hangs, or the process died of it');
    onSign({ type: 'crash', text: describe({ target: target.name, index: at, input, error }, seed) });
    at++;
  }
  report(at);
  return crashers.length > 0 ? 1 : 0;
}

if (process.send !== undefined) work(JSON.parse(process.argv[2] ?? '') as Task);
else process.exitCode = await main();
