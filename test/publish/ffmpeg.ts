import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const QUIET = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'];
const MAX_OUTPUT = 256 * 1024 * 1024;

/** Runs ffmpeg to its end and gives what it wrote to stdout. Rejects with its messages when it fails. */
export async function ffmpeg(...args: string[]): Promise<Buffer> {
  const { stdout } = await execute('ffmpeg', [...QUIET, ...args], {
    encoding: 'buffer',
    maxBuffer: MAX_OUTPUT,
  });
  return stdout;
}

export interface Probe {
  readonly format: {
    readonly format_name: string;
    readonly duration?: string;
    readonly tags?: Record<string, string>;
  };
  readonly streams: readonly {
    readonly codec_type: string;
    readonly codec_name: string;
    readonly profile?: string;
    readonly width?: number;
    readonly height?: number;
    readonly sample_rate?: string;
    readonly channels?: number;
    readonly start_time: string;
    readonly nb_read_packets?: string;
  }[];
  readonly packets?: readonly {
    readonly codec_type: string;
    readonly pts_time: string;
    readonly flags: string;
  }[];
}

/** What ffprobe finds in a file, every packet counted. */
export async function ffprobe(file: string, ...args: string[]): Promise<Probe> {
  const show = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-count_packets'];
  const { stdout } = await execute('ffprobe', [...show, ...args, file], { maxBuffer: MAX_OUTPUT });
  return JSON.parse(stdout) as Probe;
}

/** A folder of the test's own, and what takes it away. */
export async function scratch(): Promise<{ path: (name: string) => string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  return { path: (name) => join(folder, name), remove: () => rm(folder, { recursive: true, force: true }) };
}
