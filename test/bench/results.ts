import { Recorder, type FigureInput } from '../../bench/frame/figures.js';
import { newResults, type Results } from '../../bench/frame/results.js';
import { summarise } from '../../bench/frame/statistics.js';

/** The results of a run with one bench and these figures. */
export function resultsWith(figures: readonly Partial<FigureInput>[], tooBusy = false): Results {
  const recorder = new Recorder('speed');
  for (const figure of figures) {
    recorder.figure({ group: 'Time', subject: 'ours', unit: 'ms', better: 'lower', samples: [1], ...figure });
  }
  recorder.condition('Nothing <else> runs.');
  recorder.note('A note.');
  recorder.series({
    title: 'Over time',
    xUnit: 'hours',
    yUnit: 'megabytes',
    lines: [
      {
        name: 'heap',
        points: [
          [0, 1],
          [1, 2],
        ],
      },
    ],
  });
  return newResults({
    at: '2026-01-02T03:04:05.678Z',
    command: 'npm run bench -- speed',
    machine: {
      processor: 'A processor',
      cores: 2,
      memory: 8,
      system: 'Debian, Linux 6',
      node: 'v20.0.0',
      millrace: '0.1.0 abc',
    },
    load: { before: tooBusy ? 1.5 : 0, during: summarise([0, 0.01]), tooBusy },
    benches: [recorder.finish('Speed', 12)],
  });
}
