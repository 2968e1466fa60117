/** A short clip, encoded with ffmpeg into fragmented MP4 tracks cut into parts: what the stub origin reveals. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface ClipPart {
  readonly data: Buffer;
  /** Seconds from the clip's start. */
  readonly start: number;
  readonly duration: number;
}

export interface ClipTrack {
  readonly name: string;
  readonly kind: 'video' | 'audio';
  readonly codecs: string;
  readonly width: number;
  readonly height: number;
  readonly bandwidth: number;
  readonly init: Buffer;
  readonly parts: readonly ClipPart[];
}

export const PART_SECONDS = 0.2;
/** Nine AAC frames at 48 kHz: the most that fit a part of 0.2 s. */
const AUDIO_PART_SECONDS = (9 * 1024) / 48000;
export const SEGMENT_SECONDS = 2;
export const FRAME_RATE = 30;

interface Rung {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly kilobits: number;
  readonly codecs: string;
}

const rungs: readonly Rung[] = [
  { name: 'source', width: 640, height: 360, kilobits: 900, codecs: 'avc1.42c01e' },
  { name: '240p', width: 426, height: 240, kilobits: 300, codecs: 'avc1.42c015' },
];

const run = promisify(execFile);

/** Encodes `seconds` of a moving test picture with a tone into `folder`. */
export async function encodeClip(folder: string, seconds: number): Promise<readonly ClipTrack[]> {
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=${FRAME_RATE}:d=${seconds}`];
  inputs.push('-f', 'lavfi', '-i', `sine=f=330:r=48000:d=${seconds}`);
  const fragmented = (duration: number): string[] => [
    ...['-movflags', 'empty_moov+default_base_moof', '-frag_duration', String(Math.round(duration * 1e6))],
    ...['-f', 'mp4'],
  ];
  const outputs = rungs.flatMap(({ name, width, height, kilobits }) => [
    ...['-map', '0:v', '-vf', `scale=${width}:${height},format=yuv420p`, '-c:v', 'libx264'],
    ...['-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-threads', '1'],
    ...['-g', String(SEGMENT_SECONDS * FRAME_RATE), '-keyint_min', String(SEGMENT_SECONDS * FRAME_RATE)],
    ...['-sc_threshold', '0', '-b:v', `${kilobits}k`, '-maxrate', `${kilobits}k`, '-bufsize', `${kilobits}k`],
    ...fragmented(PART_SECONDS),
    join(folder, `${name}.mp4`),
  ]);
  outputs.push('-map', '1:a', '-c:a', 'aac', '-b:a', '96k', '-ac', '2', ...fragmented(AUDIO_PART_SECONDS));
  outputs.push(join(folder, 'audio.mp4'));
  await run('ffmpeg', ['-v', 'error', '-y', ...inputs, ...outputs]);

  const audio = { name: 'audio', width: 0, height: 0, kilobits: 96, codecs: 'mp4a.40.2' };
  return await Promise.all(
    [...rungs, audio].map(async ({ kilobits, ...track }) => ({
      ...track,
      kind: track.name === 'audio' ? ('audio' as const) : ('video' as const),
      bandwidth: Math.round(kilobits * 1100),
      ...cut(await readFile(join(folder, `${track.name}.mp4`))),
    })),
  );
}

/** Splits a fragmented file before each `moof`; the last fragment, whose end is not known, is left out. */
function cut(file: Buffer): { init: Buffer; parts: ClipPart[] } {
  const starts: number[] = [];
  for (let at = 0; at + 8 <= file.length; at += file.readUInt32BE(at)) {
    const type = file.toString('latin1', at + 4, at + 8);
    if (type === 'moof') starts.push(at);
    if (type === 'mfra') break;
  }
  const init = file.subarray(0, starts[0]);
  const timescale = file.readUInt32BE(file.indexOf('mdhd') + 16);
  const times = starts.map((start) => decodeTime(file, start) / timescale);
  const parts = starts.slice(0, -1).map((start, i) => ({
    data: file.subarray(start, starts[i + 1]),
    start: times[i] ?? 0,
    duration: (times[i + 1] ?? 0) - (times[i] ?? 0),
  }));
  return { init, parts };
}

function decodeTime(file: Buffer, moof: number): number {
  const tfdt = file.indexOf('tfdt', moof) + 4;
  return file[tfdt] === 1 ? Number(file.readBigUInt64BE(tfdt + 4)) : file.readUInt32BE(tfdt + 4);
}
