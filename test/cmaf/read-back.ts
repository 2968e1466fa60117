import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import ISOBoxer, { type IsoBox, type IsoFile } from 'codem-isoboxer';
import { createFile, MP4BoxBuffer, type Movie, type Sample } from 'mp4box';

/** Parses with codem-isoboxer. */
export const parseBoxes = (bytes: Buffer): IsoFile => ISOBoxer.parseBuffer(copyOf(bytes));

/** The types of a file's top-level boxes. */
export const topLevel = (bytes: Buffer): string[] => parseBoxes(bytes).boxes.map((each: IsoBox) => each.type);

/** The only box of a type. */
export function only(file: IsoFile, type: string): IsoBox {
  const found = file.fetchAll(type);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} boxes of type ${type}`);
  return found[0];
}

/** Parses with mp4box.js, which also gathers the samples of all fragments. */
export function readMovie(bytes: Buffer): { movie: Movie; samples: Sample[] } {
  const file = createFile();
  const samples: Sample[] = [];
  let movie: Movie | undefined;
  file.onError = (module, message) => {
    throw new Error(`${module}: ${message}`);
  };
  file.onReady = (info) => {
    movie = info;
    for (const track of info.tracks) file.setExtractionOptions(track.id, undefined, { nbSamples: 1 });
    file.start();
  };
  file.onSamples = (_id, _user, found) => samples.push(...found);
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(copyOf(bytes), 0), true);
  file.flush();
  if (movie === undefined) throw new Error('mp4box.js found no movie');
  return { movie, samples };
}

export interface ProbedPacket {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly keyframe: boolean;
  readonly size: number;
  readonly md5: string;
}

/** What ffprobe says of a file: one stream's fields, and its packets in decode order. Any warning is a failure. */
export function ffprobe(bytes: Buffer): { stream: Record<string, string | number>; packets: ProbedPacket[] } {
  const json = JSON.parse(
    run(
      'ffprobe',
      ['-i', 'pipe:0', '-show_streams', '-show_packets', '-show_data_hash', 'md5', '-of', 'json'],
      bytes,
    ),
  ) as { streams: Record<string, string | number>[]; packets: Record<string, string | number>[] };
  return {
    stream: json.streams[0] ?? {},
    packets: json.packets.map((packet) => ({
      pts: Number(packet['pts']),
      dts: Number(packet['dts']),
      duration: Number(packet['duration']),
      keyframe: String(packet['flags']).startsWith('K'),
      size: Number(packet['size']),
      md5: String(packet['data_hash']).replace('MD5:', ''),
    })),
  };
}

/** Decodes everything and returns the number of frames, or of samples per channel; any complaint is a failure. */
export function decodedLength(bytes: Buffer, kind: 'video' | 'audio'): number {
  const format =
    kind === 'video' ? ['-fps_mode', 'passthrough', '-f', 'framemd5'] : ['-ac', '1', '-f', 's16le'];
  const out = run('ffmpeg', ['-xerror', '-i', 'pipe:0', ...format, 'pipe:1'], bytes, 'latin1');
  return kind === 'audio'
    ? out.length / 2
    : out.split('\n').filter((line) => line && !line.startsWith('#')).length;
}

export const md5 = (data: Buffer): string => createHash('md5').update(data).digest('hex');

/** Runs a program on these bytes; anything that it warns of is a failure. */
function run(
  program: string,
  args: readonly string[],
  input: Buffer,
  encoding: BufferEncoding = 'utf8',
): string {
  const { status, stdout, stderr } = spawnSync(program, ['-v', 'warning', ...args], {
    input,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0 || stderr.length > 0)
    throw new Error(`${program} ended with ${status}: ${stderr.toString()}`);
  return stdout.toString(encoding);
}

const copyOf = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
