import type { TimelineEvent } from '../../src/media/timeline-events.js';
import { pino } from 'pino';
import type { IngestObserver } from '../../src/ingest/observer.js';
import { Publication } from '../../src/ingest/publication.js';
import { joinLengthPrefixed } from '../../src/media/nal.js';
import type { Channel } from '../../src/origin/channel.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { ClientSession } from '../../src/rtmp/client-session.js';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { mediaMessage } from '../../src/rtmp/messages/media.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import { ATTEMPT } from '../../test/support/channel.js';
import { AVC_RECORD } from '../../test/support/synthetic-stream.js';

/** A stream to be replayed. */
export interface LongStream {
  readonly hours: number;
  /** A divisor of 1000. */
  readonly frameRate: number;
  /** Bytes of an ordinary picture; a keyframe has ten times as many. */
  readonly pictureBytes: number;
  /** Of AAC. */
  readonly sampleRate: 8000 | 48_000;
  readonly soundBytes: number;
}

/** Called after each `SAMPLE_MINUTES` of the stream. */
export type OnSample = (minutes: number) => void;

export const SAMPLE_MINUTES = 5;

export interface Replayed {
  /** Units that went in at one end and reached the origin at the other. */
  readonly sent: number;
  readonly arrived: number;
  readonly starts: number;
  readonly discontinuities: number;
  readonly ignored: number;
}

const MINUTE = 60_000;
const KEYFRAME_SECONDS = 2;
const SOUND_SAMPLES = 1024;
/** AudioSpecificConfig of AAC-LC, mono, by the sample rate. */
const SOUND_CONFIGS = { 8000: Buffer.of(0x15, 0x88), 48000: Buffer.of(0x11, 0x88) };
const MESSAGE_STREAM = 1;
const CHUNK_SIZE = 4096;
const WALL_CLOCK = Date.UTC(2026, 0, 1);
const nothing = (): void => undefined;

/**
 * Sends a stream of many hours, by its timestamps, as fast as it goes: chunk stream, session, timeline, and the channel
 * with all that it keeps for its viewers. Times start at 0 and so pass 16,777,215 ms, where they take a longer form.
 */
export async function replay(stream: LongStream, channel: Channel, onSample: OnSample): Promise<Replayed> {
  const count = { sent: 0, arrived: 0, starts: 0, discontinuities: 0, ignored: 0 };
  const grant = await channel.publish(ATTEMPT, { close: nothing, silentForMs: () => 0 });
  if (!grant.accepted) throw new Error(grant.description);
  const { session } = grant;
  const event = (happened: TimelineEvent): void => {
    if (happened.type === 'unit') count.arrived += 1;
    if (happened.type === 'start') count.starts += 1;
    if (happened.type === 'discontinuity') count.discontinuities += 1;
    session.event(happened);
  };
  const publication = new Publication(
    { ...grant, session: { ...session, event } },
    {
      observer: { unit: nothing, messageIgnored: () => (count.ignored += 1) } as unknown as IngestObserver,
      logger: pino({ level: 'silent' }),
      reject: (reason) => {
        throw new Error(reason);
      },
    },
  );
  const { receive } = connect(publication);
  const end = stream.hours * 3600 * 1000;
  let minutes = 0;
  for (const { time, bytes, isUnit } of messages(stream, end)) {
    receive(bytes, time);
    count.sent += isUnit ? 1 : 0;
    if (time < (minutes + 1) * MINUTE) continue;
    minutes += 1;
    // Whatever was put off until the event loop comes round is part of what is looked at.
    await new Promise((resolve) => setImmediate(resolve));
    if (minutes % SAMPLE_MINUTES === 0) onSample(minutes);
  }
  publication.end('goodbye');
  return count;
}

/** A session that has accepted a publish, and hands on what it reads. */
function connect(publication: Publication): { receive: (bytes: Buffer, time: number) => void } {
  const server = new ServerSession();
  const client = new ClientSession({
    app: 'live',
    streamKey: 'long',
    tcUrl: 'rtmp://localhost/live',
    chunkSize: CHUNK_SIZE,
  });
  const toServer = (bytes: Buffer, time: number): void => {
    for (const result of server.receive(bytes, time)) {
      if (result.type === 'send') toClient(result.data);
      else if (result.type === 'publish')
        server.acceptPublish().forEach((next) => next.type === 'send' && toClient(next.data));
      else if (result.type === 'video') publication.video(result.timestamp, result.body, WALL_CLOCK + time);
      else if (result.type === 'audio') publication.audio(result.timestamp, result.body, WALL_CLOCK + time);
      else if (result.type === 'fault') throw result.error;
    }
  };
  const toClient = (bytes: Buffer): void => {
    for (const result of client.receive(bytes, 0)) if (result.type === 'send') toServer(result.data, 0);
  };
  for (const bytes of client.start()) toServer(bytes, 0);
  if (server.stage !== 'publishing') throw new Error(`the session is ${server.stage}`);
  return { receive: toServer };
}

/** Every message of the stream, cut into chunks, in the order of time. */
function* messages(
  { frameRate, pictureBytes, sampleRate, soundBytes }: LongStream,
  end: number,
): Generator<{ time: number; bytes: Buffer; isUnit: boolean }, void, undefined> {
  const writer = new ChunkWriter();
  writer.setChunkSize(CHUNK_SIZE);
  const write = (kind: 'video' | 'audio', time: number, body: Buffer): Buffer =>
    writer.write(mediaMessage(kind, MESSAGE_STREAM, time, body));
  yield { time: 0, bytes: write('video', 0, avcSequenceHeader(AVC_RECORD)), isUnit: false };
  yield { time: 0, bytes: write('audio', 0, aacSequenceHeader(SOUND_CONFIGS[sampleRate])), isUnit: false };

  const picture = (keyframe: boolean): Buffer => {
    const nal = Buffer.alloc(keyframe ? 10 * pictureBytes : pictureBytes, 0x55);
    nal.writeUInt8(keyframe ? 0x65 : 0x41);
    return avcNalus({ keyframe, compositionTime: 0, data: joinLengthPrefixed([nal]) });
  };
  const [keyframe, inter] = [picture(true), picture(false)];
  const sound = aacRaw(Buffer.alloc(soundBytes, 0x21));
  const frameMs = 1000 / frameRate;
  const gop = KEYFRAME_SECONDS * frameRate;
  let sounds = 0;
  for (let frame = 0; frame * frameMs <= end; frame++) {
    const time = frame * frameMs;
    for (;;) {
      const soundTime = Math.floor((sounds * SOUND_SAMPLES * 1000) / sampleRate);
      if (soundTime >= time) break;
      yield { time: soundTime, bytes: write('audio', soundTime, sound), isUnit: true };
      sounds += 1;
    }
    const body = frame % gop === 0 ? keyframe : inter;
    yield { time, bytes: write('video', time, body), isUnit: true };
  }
}
