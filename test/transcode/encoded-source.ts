import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessUnit } from '../../src/media/access-unit.js';
import type { VideoCodec } from '../../src/media/codec.js';
import { VIDEO_TIMESCALE } from '../../src/media/time.js';
import type { VideoTrack } from '../../src/media/track.js';
import { unitsOf } from './h264-source.js';
import { runTool } from './run-tool.js';

export interface EncodedSource {
  readonly track: VideoTrack;
  /** In decode order. */
  readonly units: readonly AccessUnit[];
}

const WIDTH = 320;
const HEIGHT = 180;
const FRAME_RATE = { num: 30, den: 1 };

/** Encoders of ffmpeg at their fastest, with a keyframe every 15 frames. */
const ENCODERS = {
  hevc: [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
    ...['-x265-params', 'log-level=error:pools=1:keyint=15:min-keyint=15:scenecut=0:open-gop=0'],
  ],
  av1: ['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-g', '15', '-keyint_min', '15'],
  vp9: [
    ...['-c:v', 'libvpx-vp9', '-deadline', 'good', '-cpu-used', '8', '-g', '15', '-keyint_min', '15'],
    ...['-b:v', '300k'],
  ],
} as const;

/** The boxes that hold the records; `vpcC` has a version and flags in front of its. */
const RECORDS = { hevc: ['hvcC', 0], av1: ['av1C', 0], vp9: ['vpcC', 4] } as const;

/** One second of a moving test picture, as ffmpeg's own muxer wrote it into a file. */
export async function makeSource(
  codec: Exclude<VideoCodec, 'avc'>,
  encode: readonly string[] = [],
): Promise<EncodedSource> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-source-'));
  try {
    const file = join(folder, 'source.mp4');
    const command = [
      ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=${WIDTH}x${HEIGHT}:r=30:d=1`],
      ...['-pix_fmt', 'yuv420p', ...ENCODERS[codec], ...encode, '-threads', '1'],
    ];
    if (encode.includes('-auto-alt-ref')) {
      // Pictures that are only referred to come with two passes.
      const passes = ['-passlogfile', join(folder, 'pass')];
      await runTool('ffmpeg', [...command, ...passes, '-pass', '1', '-f', 'null', '-']);
      command.push(...passes, '-pass', '2');
    }
    await runTool('ffmpeg', [...command, '-video_track_timescale', String(VIDEO_TIMESCALE), file]);
    return parseMp4(codec, await readFile(file));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function parseMp4(codec: Exclude<VideoCodec, 'avc'>, bytes: Buffer): EncodedSource {
  const [box, header] = RECORDS[codec];
  const at = bytes.indexOf(box);
  const decoderConfig = bytes.subarray(at + 4 + header, at - 4 + bytes.readUInt32BE(at - 4));
  const track: VideoTrack = {
    kind: 'video',
    codec,
    codecString: codec,
    decoderConfig,
    width: WIDTH,
    height: HEIGHT,
    displayWidth: WIDTH,
    displayHeight: HEIGHT,
    sampleAspectRatio: { num: 1, den: 1 },
    frameRate: FRAME_RATE,
    colour: undefined,
    videoRange: 'SDR',
    compositionShift: 0,
    timescale: VIDEO_TIMESCALE,
  };
  return { track, units: unitsOf(bytes) };
}
