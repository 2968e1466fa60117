import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { replay, SAMPLE_MINUTES } from '../../bench/long-stream/replay.js';
import { newChannel } from '../support/channel.js';

// Node hides the collector unless told, and gives it to contexts made afterwards.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const HOURS = 6;
const WINDOW = 30;
const MB = 2 ** 20;

test('T5: six hours of stream, past 16,777,215 ms, leave memory flat and lose nothing', async () => {
  const channel = newChannel({ hls: { partTarget: 0.2, segmentTarget: 2, window: WINDOW } });
  const memory: number[] = [];
  const replayed = await replay(
    { hours: HOURS, frameRate: 5, pictureBytes: 100, sampleRate: 8000, soundBytes: 20 },
    channel,
    () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      memory.push(heapUsed + external);
    },
  );
  expect(replayed).toMatchObject({ arrived: replayed.sent, starts: 1, discontinuities: 0, ignored: 0 });
  expect(replayed.sent).toBeGreaterThan(HOURS * 3600 * (5 + 7));

  const snapshot = channel.presentation?.snapshot();
  expect(snapshot?.renditions.map(({ name }) => name)).toEqual(['source', 'audio']);
  const hour = 60 / SAMPLE_MINUTES;
  const [second, last] = [memory.slice(hour, 2 * hour), memory.slice(-hour)];
  // The lowest of each hour: what is freed a moment later is no leak.
  const growth = Math.min(...last) - Math.min(...second);
  // A hundred bytes left behind by each segment, or three by each unit, would be more.
  expect(growth).toBeLessThan(0.5 * MB);
  await channel.close();
}, 60_000);
