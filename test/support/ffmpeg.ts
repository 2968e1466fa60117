import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs ffmpeg to its end; rejects with what it complained of. */
export async function ffmpeg(...args: string[]): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...args], {
    maxBuffer: 1 << 26,
  });
  return stderr;
}

/** A publisher: ffmpeg in a process of its own. */
export class FfmpegProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | NodeJS.Signals>;
  errors = '';

  constructor(...args: string[]) {
    this.#child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.#exit = once(this.#child, 'exit').then(
      ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
    );
  }

  exited(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#exit;
  }
}

/** Publishes a moving test picture and a tone in real time, as the README shows it. */
export function publishTestPicture(
  url: string,
  { size = '1280x720', rate = '30', gop = '60', seconds = 600 } = {},
): FfmpegProcess {
  return new FfmpegProcess(
    ...['-re', '-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}`, '-f', 'lavfi', '-i', 'sine=r=48000'],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-g',
      gop,
      '-c:a',
      'aac',
      '-t',
      String(seconds),
    ],
    ...['-f', 'flv', url],
  );
}

export interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly keyframe: boolean;
  readonly hash: string;
}

/** Every packet of one stream of a file, in stored order: times in seconds and a hash of the bytes. */
export async function packets(file: string, stream: 'v' | 'a'): Promise<Packet[]> {
  const entries = [
    '-show_entries',
    'packet=pts_time,dts_time,flags,data_hash',
    '-show_data_hash',
    'MD5',
    '-of',
    'json',
  ];
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', stream, ...entries, file], {
    maxBuffer: 1 << 28,
  });
  const { packets: list } = JSON.parse(stdout) as {
    packets: { pts_time: string; dts_time: string; flags: string; data_hash: string }[];
  };
  return list.map((p) => ({
    pts: Number(p.pts_time),
    dts: Number(p.dts_time),
    keyframe: p.flags.startsWith('K'),
    hash: p.data_hash,
  }));
}

export interface StreamInfo {
  readonly codec_name: string;
  readonly width?: number;
  readonly height?: number;
  readonly nb_read_frames?: string;
}

/** Decodes one stream of a file, counting its frames; rejects when a frame does not decode. */
export async function decode(file: string, stream: 'v' | 'a'): Promise<StreamInfo & { frames: number }> {
  const args = [
    '-v',
    'error',
    '-count_frames',
    '-select_streams',
    stream,
    '-show_streams',
    '-of',
    'json',
    file,
  ];
  const { stdout, stderr } = await run('ffprobe', args, { maxBuffer: 1 << 24 });
  if (stderr !== '') throw new Error(stderr);
  const info = (JSON.parse(stdout) as { streams: StreamInfo[] }).streams[0];
  if (info === undefined) throw new Error(`${file} has no such stream`);
  return { ...info, frames: Number(info.nb_read_frames) };
}

/** Decodes the keyframes of a file, the first few or all, and gives a hash of each picture. */
export async function keyframeHashes(file: string, limit?: number): Promise<string[]> {
  const first = limit === undefined ? [] : ['-frames:v', String(limit)];
  const { stdout } = await run('ffmpeg', [
    ...['-v', 'error', '-xerror', '-nostdin', '-skip_frame', 'nokey', '-i', file],
    ...['-map', '0:v', ...first, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'],
  ]);
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.slice(line.lastIndexOf(',') + 1).trim());
}
