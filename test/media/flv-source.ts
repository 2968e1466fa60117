import { execFileSync } from 'node:child_process';
import type { RawAudio, RawVideo } from '../../src/media/raw-unit.js';

/** What a publisher would send, in order, made by a real encoder. */
export type FlvItem =
  | { readonly type: 'video-config'; readonly record: Buffer }
  | { readonly type: 'audio-config'; readonly record: Buffer }
  | { readonly type: 'video'; readonly raw: RawVideo }
  | { readonly type: 'audio'; readonly raw: RawAudio };

const MAX_OUTPUT = 64 * 1024 * 1024;

/** Wall clock given to the first unit; each arrives at this plus its timestamp. */
export const FIRST_ARRIVAL = 1_700_000_000_000;

/** Runs ffmpeg with these inputs and codecs and returns the file it makes. */
export function ffmpeg(args: readonly string[], format: string, input?: Buffer): Buffer {
  const options = { maxBuffer: MAX_OUTPUT, ...(input && { input }) };
  return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, '-f', format, 'pipe:1'], options);
}

/** Encodes to FLV and takes the tags apart (FLV annex E). */
export function encodeFlv(args: readonly string[]): FlvItem[] {
  const file = ffmpeg(args, 'flv');
  const items: FlvItem[] = [];
  for (let position = 13; position + 11 <= file.length;) {
    const type = file.readUInt8(position);
    const size = file.readUIntBE(position + 1, 3);
    const timestamp = file.readUIntBE(position + 4, 3) + file.readUInt8(position + 7) * 2 ** 24;
    const body = file.subarray(position + 11, position + 11 + size);
    const item =
      type === 9 ? videoItem(timestamp, body) : type === 8 ? audioItem(timestamp, body) : undefined;
    if (item) items.push(item);
    position += 11 + size + 4;
  }
  return items;
}

function videoItem(timestamp: number, body: Buffer): FlvItem | undefined {
  const packetType = body.readUInt8(1);
  if (packetType === 0) return { type: 'video-config', record: body.subarray(5) };
  if (packetType !== 1) return undefined;
  const raw: RawVideo = {
    track: 0,
    codec: 'avc',
    timestamp,
    compositionTime: body.readIntBE(2, 3),
    keyframe: body.readUInt8(0) >> 4 === 1,
    data: body.subarray(5),
    arrival: FIRST_ARRIVAL + timestamp,
  };
  return { type: 'video', raw };
}

function audioItem(timestamp: number, body: Buffer): FlvItem {
  if (body.readUInt8(1) === 0) return { type: 'audio-config', record: body.subarray(2) };
  return {
    type: 'audio',
    raw: { track: 0, codec: 'aac', timestamp, data: body.subarray(2), arrival: FIRST_ARRIVAL + timestamp },
  };
}

export const testPicture = (size: string, rate: string, seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
];

export const testTone = (sampleRate: number, seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `sine=sample_rate=${sampleRate}:duration=${seconds}`],
];

export const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];
