import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from './frame/bench.js';
import { Helper } from './frame/child.js';
import { atMost, ratios } from './frame/figures.js';
import { compiledModule } from './frame/modules.js';
import { cpuSeconds, memoryOf } from './frame/proc.js';
import {
  APP,
  MILLRACE,
  MILLRACE_INGEST,
  NGINX_RTMP,
  NODE_FLOOR,
  NODE_MEDIA_SERVER_CONTENDER,
  streamKeys,
  type Contender,
} from './ingest/contenders.js';
import type { LoadOrder, LoadReport } from './ingest/load-generator.js';
import type { ParserOrder, ParserSample } from './ingest/parser.js';
import { peerVersions } from './ingest/peers.js';
import { makeSource } from './ingest/source.js';

const LOAD_GENERATOR = compiledModule('ingest/load-generator.js');
const PARSER = compiledModule('ingest/parser.js');

/** Publishers at once, and how often each server is measured with them. */
const LOADS = [
  { publishers: 20, rounds: 3 },
  { publishers: 50, rounds: 2 },
];
const CHUNK_SIZE = 4096;
/** Publishers begin spread over one keyframe interval. */
const SPREAD = 2;
/** Seconds from the first byte on that are not counted: compiling, first segments. */
const WARM_UP = SPREAD + 1.5;
/** Seconds that are. */
const MEASURED = 4;

const PARSER_CHUNK_SIZES = [4096, 128];
const PARSER_SAMPLES = 9;
/** A sender that is this late (ms) was not sending in real time. */
const LATE = 100;
/** A server that leaves so many bytes of a publisher in its socket does not keep up. */
const WAITING = 64 * 1024;

/** Processor time and memory of servers that take many streams in, and the speed of our parser. */
export const ingest: Bench = {
  name: 'ingest',
  title: 'Taking streams in',
  run: async (context) => {
    const { recorder } = context;
    const source = await prepare(context);
    const contenders = [MILLRACE, MILLRACE_INGEST, NODE_FLOOR];
    if (context.peers) {
      contenders.push(NGINX_RTMP, NODE_MEDIA_SERVER_CONTENDER);
      recorder.condition(
        `Beside us: ${peerVersions().join(', ')}; nginx-rtmp with one worker and "live on".`,
      );
    } else {
      recorder.note('Without other servers; --peers installs them and measures them in the same run.');
    }
    await measureParser(context, source);
    const loads = LOADS.map((load) => ({ ...load, rounds: context.rounds ?? load.rounds }));
    const steps = loads.reduce((sum, { rounds }) => sum + rounds * contenders.length, 0);
    let step = 0;
    for (const { publishers, rounds } of loads) {
      const results = new Map<string, Measurement[]>(contenders.map(({ name }) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        for (const contender of inTurn(contenders, round)) {
          const what = `${publishers} publishers, round ${round + 1} of ${rounds}: ${contender.name}`;
          context.progress(PARSER_SHARE + (1 - PARSER_SHARE) * (step++ / steps), what);
          results.get(contender.name)!.push(await measure(contender, publishers, source, context));
        }
      }
      record(context, publishers, results);
    }
  },
};

/** Of the whole bench. */
const PARSER_SHARE = 0.08;

async function prepare({ recorder, cache, progress }: BenchContext): Promise<string> {
  progress(0, 'making the source');
  recorder.condition(
    'Each publisher sends 720p30 H.264 at 3 Mbit/s and AAC at 128 kbit/s, in real time, over loopback.',
  );
  recorder.condition(
    `Chunks of ${CHUNK_SIZE} bytes, prepared beforehand; the sender is a process of its own and not counted.`,
  );
  recorder.condition(
    `A server is started for each measurement; ${MEASURED} s are counted after ${WARM_UP} s; servers take turns.`,
  );
  recorder.condition('Millrace as a whole server packages every stream to CMAF and serves it (ladder: off).');
  recorder.condition('Its ingest alone reads RTMP and places access units on their timeline.');
  recorder.condition('Node, reading and throwing away, lets publishers in and looks at nothing they send.');
  return makeSource(cache);
}

interface Measurement {
  /** Per cent of a core. */
  readonly cpu: number;
  /** Megabytes. */
  readonly rss: number;
  readonly pss: number;
}

async function measure(
  contender: Contender,
  publishers: number,
  source: string,
  { recorder, scratch }: BenchContext,
): Promise<Measurement> {
  const { process: server, port } = await contender.start(publishers, scratch);
  const order: LoadOrder = {
    port,
    app: APP,
    streamKeys: streamKeys(publishers),
    chunkSize: CHUNK_SIZE,
    source,
    seconds: WARM_UP + MEASURED + SPREAD,
    spread: SPREAD * 1000,
  };
  const load = new Helper<LoadReport>(LOAD_GENERATOR, [order]);
  try {
    await answer(load, 'publishing');
    await sleep(WARM_UP * 1000);
    await sentSinceLast(load);
    const [startedAt, usedBefore] = [performance.now(), cpuSeconds(server.pid)];
    await sleep(MEASURED * 1000);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = (100 * (cpuSeconds(server.pid) - usedBefore)) / seconds;
    const { late, waiting } = await sentSinceLast(load);
    if (late > LATE) recorder.note(`A message to ${contender.name} was sent ${late.toFixed(0)} ms late.`);
    if (waiting > WAITING * publishers) recorder.note(`${contender.name} did not keep up with the load.`);
    return { cpu, ...memoryOf(server.pid) };
  } finally {
    await load.stop();
    await server.stop();
  }
}

async function sentSinceLast(load: Helper<LoadReport>): Promise<Extract<LoadReport, { type: 'sent' }>> {
  load.send({ type: 'report' });
  return answer(load, 'sent');
}

async function answer<T extends LoadReport['type']>(
  load: Helper<LoadReport>,
  type: T,
): Promise<Extract<LoadReport, { type: T }>> {
  const report = await load.next();
  if (report?.type !== type)
    throw new Error(`the load generator answered ${report?.type ?? 'nothing'}, not ${type}`);
  return report as Extract<LoadReport, { type: T }>;
}

/** Another one begins in each round, so that none always comes first. */
const inTurn = <T>(items: readonly T[], round: number): T[] =>
  items.map((_, index) => items[(index + round) % items.length]!);

function record({ recorder }: BenchContext, publishers: number, results: Map<string, Measurement[]>): void {
  const load = `${publishers} publishers`;
  for (const [subject, measurements] of results) {
    const figure = (what: string, unit: string, value: (m: Measurement) => number): void =>
      recorder.figure({
        group: `${what}, ${load}`,
        subject,
        unit,
        better: 'lower',
        samples: measurements.map(value),
      });
    figure('Processor time', '% of a core', ({ cpu }) => cpu);
    figure('Memory, PSS', 'MB', ({ pss }) => pss);
    figure('Memory, RSS', 'MB', ({ rss }) => rss);
  }
  const cpuOf = ({ name }: Contender): number[] => (results.get(name) ?? []).map(({ cpu }) => cpu);
  for (const ours of [MILLRACE, MILLRACE_INGEST]) {
    for (const [peer, limit, text] of GOALS) {
      const samples = ratios(cpuOf(ours), cpuOf(peer));
      if (samples.length === 0) continue;
      const subject = `${ours.name} / ${peer.name}`;
      const goal = atMost(limit, text);
      recorder.figure({
        group: `Processor time as a ratio, ${load}`,
        subject,
        unit: 'ratio',
        better: 'lower',
        samples,
        goal,
      });
    }
  }
}

const GOALS = [
  [NGINX_RTMP, 1, 'at most 1'],
  [NODE_MEDIA_SERVER_CONTENDER, 1 / 3, 'at most a third'],
] as const;

async function measureParser({ recorder, progress }: BenchContext, source: string): Promise<void> {
  progress(0.01, 'parser');
  const order: ParserOrder = { source, chunkSizes: PARSER_CHUNK_SIZES, samples: PARSER_SAMPLES };
  const parser = new Helper<ParserSample>(PARSER, [order]);
  const samples = new Map<string, { sample: ParserSample; speeds: number[] }>();
  for (let sample = await parser.next(); sample !== undefined; sample = await parser.next()) {
    const key = `${sample.stage} ${sample.chunkSize}`;
    const known = samples.get(key) ?? { sample, speeds: [] };
    known.speeds.push(sample.speed);
    samples.set(key, known);
  }
  for (const { sample, speeds } of samples.values()) {
    recorder.figure({
      group: `Parser, ${sample.stage}`,
      subject: `chunks of ${sample.chunkSize} bytes`,
      unit: 'MB/s of processor time',
      better: 'higher',
      samples: speeds,
    });
  }
}
