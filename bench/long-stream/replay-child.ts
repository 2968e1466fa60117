// Replays the long stream in a process of its own, started with --expose-gc, and tells its memory as it goes.
import { newChannel } from '../../test/support/channel.js';
import { replay, type LongStream, type Replayed } from './replay.js';

/** Megabytes, after a full collection. */
export interface MemorySample {
  readonly minutes: number;
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
}

export type ReplayMessage =
  | { readonly type: 'sample'; readonly sample: MemorySample }
  | { readonly type: 'done'; readonly replayed: Replayed; readonly seconds: number };

const MB = 1e6;

const report = (message: ReplayMessage): void => {
  process.send?.(message);
};

const stream = JSON.parse(process.argv[2]!) as LongStream;
const { user, system } = process.cpuUsage();
const channel = newChannel();
const replayed = await replay(stream, channel, (minutes) => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  report({
    type: 'sample',
    sample: { minutes, heap: heapUsed / MB, external: external / MB, rss: rss / MB },
  });
});
const used = process.cpuUsage();
report({ type: 'done', replayed, seconds: (used.user - user + used.system - system) / 1e6 });
await channel.close();
process.disconnect?.();
