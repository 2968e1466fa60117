import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second in /proc: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;
const MB = 1e6;

/** What /proc/<pid>/stat tells. */
interface ProcessTimes {
  readonly parent: number;
  /** Seconds of user and system time of its own, threads included. */
  readonly own: number;
  /** The same of its children that have ended. */
  readonly ended: number;
}

/** @returns undefined once the process is gone */
function timesOf(pid: number): ProcessTimes | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name stands in brackets and may hold anything; what follows begins with the third field.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3] ?? 0) / TICKS_PER_SECOND;
  return { parent: Number(fields[1]), own: ticks(14) + ticks(15), ended: ticks(16) + ticks(17) };
}

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const times = Number.isInteger(pid) ? timesOf(pid) : undefined;
    if (times === undefined) continue;
    const siblings = children.get(times.parent);
    if (siblings === undefined) children.set(times.parent, [pid]);
    else siblings.push(pid);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Seconds of processor time that the process and its descendants have used, those that have ended included. */
export function cpuSeconds(root: number): number {
  let seconds = 0;
  for (const pid of processTree(root)) {
    const times = timesOf(pid);
    if (times !== undefined) seconds += times.own + times.ended;
  }
  return seconds;
}

export interface Memory {
  /** Megabytes resident, counted whole for each process. */
  readonly rss: number;
  /** Megabytes resident, pages shared by several processes counted in shares. */
  readonly pss: number;
}

/** Memory of the process and its descendants. */
export function memoryOf(root: number): Memory {
  let rss = 0;
  let pss = 0;
  for (const pid of processTree(root)) {
    const rollup = read(`/proc/${pid}/smaps_rollup`) ?? '';
    rss += field(rollup, 'Rss');
    pss += field(rollup, 'Pss');
  }
  return { rss, pss };
}

/** Seconds of processor time that the whole machine has spent at work since it started. */
export function machineBusySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (read('/proc/stat') ?? '')
    .split('\n', 1)[0]!
    .split(/ +/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

const field = (rollup: string, name: string): number =>
  (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * KIB) / MB;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended, or this is no Linux.
    return undefined;
  }
}
