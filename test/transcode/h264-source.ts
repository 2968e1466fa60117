import { createFile, MP4BoxBuffer } from 'mp4box';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { parseAvcConfig } from '../../src/media/avc-config.js';
import { describeVideoTrack } from '../../src/media/describe-track.js';
import { VIDEO_TIMESCALE, type Rational } from '../../src/media/time.js';
import type { VideoTrack } from '../../src/media/track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import { runTool } from './run-tool.js';

/** Real H.264 as ingest would hand it over: a track and its units in decode order. */
export interface H264Source {
  readonly track: VideoTrack;
  readonly units: readonly AccessUnit[];
}

export interface SourceShape {
  /** `320x180` */
  readonly size: string;
  readonly frameRate: Rational;
  readonly seconds: number;
  /** More options for ffmpeg's output, such as `-bf 2`. */
  readonly encode?: readonly string[];
  /** A filter after the test picture, such as `format=yuv422p`. */
  readonly filter?: string;
}

/** Has ffmpeg make a source with a keyframe every 30 frames. */
export async function makeH264(shape: SourceShape): Promise<H264Source> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-h264-'));
  try {
    const file = join(folder, 'source.mp4');
    const { num, den } = shape.frameRate;
    const picture = `testsrc2=s=${shape.size}:r=${num}/${den}:d=${shape.seconds}`;
    await runTool('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', shape.filter ? `${picture},${shape.filter}` : picture],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-keyint_min', '30', '-sc_threshold', '0'],
      ...['-threads', '1', ...(shape.encode ?? [])],
      ...['-video_track_timescale', String(VIDEO_TIMESCALE), file],
    ]);
    return parseMp4(await readFile(file), shape.frameRate);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The samples of an MP4 file's only track, as ingest would hand them over. */
export function unitsOf(bytes: Buffer): AccessUnit[] {
  const mp4 = createFile();
  mp4.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(bytes).buffer, 0), true);
  mp4.flush();
  const trackId = mp4.getInfo().tracks[0]?.id ?? 0;
  return mp4.getTrackSamplesInfo(trackId).map((sample, index) => ({
    dts: sample.dts,
    pts: sample.cts,
    duration: sample.duration,
    keyframe: sample.is_sync,
    data: bytes.subarray(sample.offset, sample.offset + sample.size),
    arrival: 1_000_000 + index,
  }));
}

function parseMp4(bytes: Buffer, frameRate: Rational): H264Source {
  return {
    track: describeVideoTrack(parseVideoConfig('avc', findBox(bytes, 'avcC')), { frameRate }),
    units: unitsOf(bytes),
  };
}

/** The body of the first box of a type that occurs once in the file. */
function findBox(bytes: Buffer, type: string): Buffer {
  const at = bytes.indexOf(type);
  return bytes.subarray(at + 4, at - 4 + bytes.readUInt32BE(at - 4));
}

/** One decoded frame as ffprobe sees it. */
export interface ProbedFrame {
  readonly width: number;
  readonly height: number;
  readonly pix_fmt: string;
  readonly key_frame: number;
  readonly pict_type: string;
  readonly color_space?: string;
  readonly color_range?: string;
}

/** Decodes units with ffprobe, by way of Annex B: parameter sets from the record, then the units. */
export async function decodeWithFfprobe(
  track: VideoTrack,
  units: readonly AccessUnit[],
): Promise<ProbedFrame[]> {
  const { sps, pps } = parseAvcConfig(track.decoderConfig);
  const nals = [...sps, ...pps, ...units.flatMap((unit) => splitUnit(unit.data))];
  const folder = await mkdtemp(join(tmpdir(), 'millrace-h264-'));
  try {
    const file = join(folder, 'rung.h264');
    const startCode = Buffer.from([0, 0, 0, 1]);
    await writeFile(file, Buffer.concat(nals.flatMap((nal) => [startCode, nal])));
    const json = await runTool('ffprobe', ['-v', 'error', '-show_frames', '-of', 'json', file]);
    return (JSON.parse(json) as { frames: ProbedFrame[] }).frames;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The NAL units of an access unit with 4-byte lengths. */
export function splitUnit(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const length = data.readUInt32BE(at);
    nals.push(data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return nals;
}
