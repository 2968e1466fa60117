import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { readFlv } from '../../src/rtmp/flv-file.js';
import { mediaMessage } from '../../src/rtmp/messages/media.js';

/** What the load looks like: 720p30 at 3 Mbit/s with a keyframe every 2 s, AAC at 128 kbit/s. */
const SECONDS = 10;
const PICTURE = `testsrc2=s=1280x720:r=30:d=${SECONDS},noise=alls=14:allf=t,format=yuv420p`;
const SOUND = `sine=f=440:r=48000:d=${SECONDS}`;
/** Changes with what ffmpeg is told, so that an older file is not taken for it. */
const FILE = 'ingest-source-1.flv';

/** Every server gives its first stream this number. */
const MESSAGE_STREAM = 1;
const FRAMES_PER_SECOND = 30;

/** The source as a file, made once. */
export async function makeSource(cache: string): Promise<string> {
  const file = join(cache, FILE);
  if (existsSync(file)) return file;
  const unfinished = `${file}.part`;
  await promisify(execFile)('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', PICTURE, '-f', 'lavfi', '-i', SOUND],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '3M', '-minrate', '3M', '-maxrate', '3M'],
    ...['-bufsize', '1500k', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0', '-bf', '0'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-f', 'flv', unfinished],
  ]);
  renameSync(unfinished, file);
  return file;
}

/** One message cut into chunks, and when it is due, in ms from the start of the stream. */
export interface WireMessage {
  readonly at: number;
  readonly bytes: Buffer;
}

/** `seconds` of the source as they go over the wire, repeated without a break in its times. */
export function toWire(file: string, chunkSize: number, seconds: number): WireMessage[] {
  const writer = new ChunkWriter();
  writer.setChunkSize(chunkSize);
  const tags = [...readFlv(readFileSync(file))].filter(({ type }) => type !== 'script');
  const headers = tags.filter(({ type, body }) => isHeader(type, body));
  const frames = tags.filter((tag) => !headers.includes(tag));
  const pictures = frames.filter(({ type }) => type === 'video').length;
  const period = (pictures * 1000) / FRAMES_PER_SECOND;
  const messages: WireMessage[] = [];
  const write = (kind: 'video' | 'audio', timestamp: number, body: Buffer): void => {
    const bytes = writer.write(mediaMessage(kind, MESSAGE_STREAM, timestamp, body));
    messages.push({ at: timestamp, bytes });
  };
  for (const { type, body } of headers) write(type as 'video' | 'audio', 0, body);
  for (let start = 0; start < seconds * 1000; start += period) {
    for (const { type, timestamp, body } of frames) {
      // The last sound of one pass lies beside the first of the next.
      const time = Math.round(start + Math.min(timestamp, period - 1));
      write(type as 'video' | 'audio', time, body);
    }
  }
  return messages;
}

/** A sequence header: AVC and AAC have packet type 0 in the second byte. */
const isHeader = (type: string, body: Buffer): boolean =>
  (type === 'video' || type === 'audio') && body[1] === 0;
