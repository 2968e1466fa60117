// How fast bytes become messages, and messages become access units on their timeline, in a process of its own that does
// nothing else. Processor time of the whole process, garbage collection included.
import { pino } from 'pino';
import type { IngestObserver } from '../../src/ingest/observer.js';
import { Publication } from '../../src/ingest/publication.js';
import { ChunkReader } from '../../src/rtmp/chunk-reader.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { toWire } from './source.js';

export interface ParserOrder {
  /** An FLV file. */
  readonly source: string;
  readonly chunkSizes: readonly number[];
  readonly samples: number;
}

/** One sample: megabytes of the wire per second of processor time. */
export interface ParserSample {
  readonly stage: ParserStage;
  readonly chunkSize: number;
  readonly speed: number;
}

export type ParserStage = 'chunks to messages' | 'chunks to access units';

/** The stream that is read again and again for one sample. */
const STREAM_SECONDS = 40;
const PASSES = 4;
const WARM_UP = 2;
/** As much as a socket gives at once. */
const READ_SIZE = 64 * 1024;
const MB = 1e6;

const nothing = (): void => undefined;
const observer = { unit: nothing, messageIgnored: nothing } as unknown as IngestObserver;
const logger = pino({ level: 'silent' });

/** The bytes of one stream from its first Set Chunk Size on, cut as a socket would. */
function streamOf(source: string, chunkSize: number): Buffer[] {
  const bytes = Buffer.concat([
    new ChunkWriter().setChunkSize(chunkSize),
    ...toWire(source, chunkSize, STREAM_SECONDS).map((message) => message.bytes),
  ]);
  const reads: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += READ_SIZE) reads.push(bytes.subarray(at, at + READ_SIZE));
  return reads;
}

function toMessages(reads: readonly Buffer[]): void {
  const reader = new ChunkReader();
  reader.allowMedia();
  for (const bytes of reads) {
    reader.push(bytes);
    while (reader.next() !== undefined);
  }
}

function toUnits(reads: readonly Buffer[]): void {
  const reader = new ChunkReader();
  reader.allowMedia();
  let units = 0;
  const publication = new Publication(
    {
      accepted: true,
      channel: 'bench',
      publishId: 'bench',
      session: {
        event: ({ type }) => (units += type === 'unit' ? 1 : 0),
        metadata: nothing,
        ignored: nothing,
        end: nothing,
      },
    },
    { observer, logger, reject: nothing },
  );
  for (const bytes of reads) {
    reader.push(bytes);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      const { typeId, timestamp, payload } = message;
      if (typeId === MessageType.Video) publication.video(timestamp, payload, timestamp);
      else if (typeId === MessageType.Audio) publication.audio(timestamp, payload, timestamp);
    }
  }
  publication.end('goodbye');
  if (units === 0) throw new Error('the stream gave no access unit');
}

const order = JSON.parse(process.argv[2]!) as ParserOrder;
const stages = { 'chunks to messages': toMessages, 'chunks to access units': toUnits };
const cases = order.chunkSizes.flatMap((chunkSize) => {
  const reads = streamOf(order.source, chunkSize);
  const megabytes = (reads.reduce((sum, bytes) => sum + bytes.length, 0) * PASSES) / MB;
  return Object.entries(stages).map(([stage, read]) => ({
    stage: stage as ParserStage,
    chunkSize,
    megabytes,
    pass: () => {
      for (let i = 0; i < PASSES; i++) read(reads);
    },
  }));
});
for (let round = -WARM_UP; round < order.samples; round++) {
  for (const { stage, chunkSize, megabytes, pass } of cases) {
    const before = process.cpuUsage();
    pass();
    const { user, system } = process.cpuUsage(before);
    const sample: ParserSample = { stage, chunkSize, speed: (megabytes * 1e6) / (user + system) };
    if (round >= 0) process.send?.(sample);
  }
}
