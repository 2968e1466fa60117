import type { Bench } from './frame/bench.js';
import { Helper } from './frame/child.js';
import { atMost } from './frame/figures.js';
import { compiledModule } from './frame/modules.js';
import type { MemorySample, ReplayMessage } from './long-stream/replay-child.js';
import { SAMPLE_MINUTES, type LongStream } from './long-stream/replay.js';

const CHILD = compiledModule('long-stream/replay-child.js');

const STREAM: LongStream = {
  hours: 6,
  frameRate: 25,
  pictureBytes: 1200,
  sampleRate: 48_000,
  soundBytes: 250,
};

/** The window is full and everything is compiled by then. */
const SETTLED_MINUTES = 60;
/** What memory may grow by over the rest, in megabytes. */
const FLAT = 2;

/** Memory over a stream of six hours, replayed by its timestamps. */
export const longStream: Bench = {
  name: 'long-stream',
  title: 'Six hours of stream, replayed',
  run: async ({ recorder, progress }) => {
    recorder.condition(
      `${STREAM.hours} hours at ${STREAM.frameRate} frames per second with sound, as fast as it goes, through session, timeline and origin.`,
    );
    recorder.condition(
      `Memory is read every ${SAMPLE_MINUTES} minutes of the stream, after a full collection.`,
    );
    const child = new Helper<ReplayMessage>(CHILD, [STREAM], ['--expose-gc']);
    const samples: MemorySample[] = [];
    try {
      for (let message = await child.next(); message !== undefined; message = await child.next()) {
        if (message.type === 'sample') {
          samples.push(message.sample);
          progress(message.sample.minutes / (STREAM.hours * 60), 'replaying');
        } else {
          const { sent, arrived, discontinuities, starts, ignored } = message.replayed;
          recorder.note(
            `${sent} units sent, ${arrived} arrived, ${starts} start, ${discontinuities} discontinuities, ${ignored} ignored.`,
          );
          recorder.figure({
            group: 'Speed',
            subject: 'hours of stream',
            unit: 'per second of processor time',
            better: 'higher',
            samples: [STREAM.hours / message.seconds],
          });
        }
      }
    } finally {
      await child.stop();
    }
    const line = (name: keyof MemorySample): { name: string; points: [number, number][] } => ({
      name,
      points: samples.map((sample) => [sample.minutes / 60, sample[name]]),
    });
    recorder.series({
      title: 'Memory over the stream',
      xUnit: 'hours of stream',
      yUnit: 'megabytes',
      lines: [line('rss'), line('heap'), line('external')],
    });
    const settled = samples
      .filter(({ minutes }) => minutes >= SETTLED_MINUTES)
      .map((s) => s.heap + s.external);
    recorder.figure({
      group: 'Growth of heap and external memory after the first hour',
      subject: 'last hour less second',
      unit: 'MB',
      better: 'lower',
      samples: growth(settled),
      goal: atMost(FLAT, `at most ${FLAT}`),
    });
  },
};

/** The last hour's samples, each less its counterpart in the first. */
function growth(samples: readonly number[]): number[] {
  const hour = 60 / SAMPLE_MINUTES;
  const last = samples.slice(-hour);
  return last.map((sample, index) => sample - samples[index]!);
}
