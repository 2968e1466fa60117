import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, machineBusySeconds } from './proc.js';
import { summarise, type Summary } from './statistics.js';

/** Seconds that are looked at before the first bench. */
const LOOK_BEFORE = 2;
const INTERVAL = 1000;

/** Others may use this share of the cores before the figures are called into question. */
const BUSY_SHARE = 0.1;

/** How busy others kept the machine, in cores. */
export interface MachineLoad {
  readonly before: number;
  readonly during: Summary;
  /** Figures of this run are not to be trusted. */
  readonly tooBusy: boolean;
}

/** Watches what the machine does besides the benches: all work less that of this process and its descendants. */
export class LoadWatch {
  readonly #samples: number[] = [];
  #before = 0;
  #last = reading();
  #timer: NodeJS.Timeout | undefined;

  async start(): Promise<void> {
    await sleep(LOOK_BEFORE * 1000);
    this.#before = this.#others();
    this.#timer = setInterval(() => this.#samples.push(this.#others()), INTERVAL).unref();
  }

  stop(cores: number): MachineLoad {
    clearInterval(this.#timer);
    this.#samples.push(this.#others());
    const during = summarise(this.#samples);
    return { before: this.#before, during, tooBusy: isTooBusy(this.#before, during.median, cores) };
  }

  /** Cores that others used since the last time this was asked. */
  #others(): number {
    const now = reading();
    const { busy, ours, at } = this.#last;
    this.#last = now;
    return Math.max(0, now.busy - busy - (now.ours - ours)) / Math.max(0.001, now.at - at);
  }
}

/** Whether others use so much of the machine that figures mean little; both in cores. */
export const isTooBusy = (before: number, during: number, cores: number): boolean =>
  Math.max(before, during) > BUSY_SHARE * cores;

const reading = (): { busy: number; ours: number; at: number } => ({
  busy: machineBusySeconds(),
  ours: cpuSeconds(process.pid),
  at: performance.now() / 1000,
});
