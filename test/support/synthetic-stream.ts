import type { AccessUnit } from '../../src/media/access-unit.js';
import type { TimelineStart } from '../../src/media/timeline-events.js';
import type { AudioTrack, VideoTrack } from '../../src/media/track.js';

/** A 320x180 baseline record that parses; its pictures are never decoded in tests that use it. */
export const AVC_RECORD = Buffer.from(
  '0142c00cffe100176742c00cd901419fe788400000030040000007a3c50a9201000568cb83cb20',
  'hex',
);

export const ASC_48K_STEREO = Buffer.from('1190', 'hex');

export function videoTrack(fps = 30, over: Partial<VideoTrack> = {}): VideoTrack {
  const rational = Number.isInteger(fps) ? { num: fps, den: 1 } : { num: Math.round(fps * 1001), den: 1001 };
  return {
    kind: 'video',
    codec: 'avc',
    codecString: 'avc1.42c00c',
    decoderConfig: AVC_RECORD,
    width: 320,
    height: 180,
    displayWidth: 320,
    displayHeight: 180,
    sampleAspectRatio: { num: 1, den: 1 },
    frameRate: rational,
    colour: undefined,
    videoRange: 'SDR',
    compositionShift: 0,
    timescale: 90_000,
    ...over,
  };
}

export function audioTrack(sampleRate = 48_000): AudioTrack {
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    decoderConfig: ASC_48K_STEREO,
    sampleRate,
    channels: 2,
    frameSamples: 1024,
    timescale: sampleRate,
  };
}

export const WALL_CLOCK = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The n-th frame of a stream with a keyframe every `gop` frames; its data tells which it is. */
export function frame(n: number, gop = 60, track = videoTrack()): AccessUnit {
  const at = (i: number): number => Math.round((i * 90_000 * track.frameRate.den) / track.frameRate.num);
  const data = Buffer.alloc(12);
  data.writeUInt32BE(8, 0);
  data.writeUInt8(n % gop === 0 ? 0x65 : 0x41, 4);
  data.writeUInt32BE(n, 8);
  return {
    dts: at(n),
    pts: at(n),
    duration: at(n + 1) - at(n),
    keyframe: n % gop === 0,
    data,
    arrival: WALL_CLOCK + at(n) / 90,
  };
}

/** The n-th audio frame. */
export function sound(n: number, track = audioTrack()): AccessUnit {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(n, 4);
  const dts = n * track.frameSamples;
  return {
    dts,
    pts: dts,
    duration: track.frameSamples,
    keyframe: true,
    data,
    arrival: WALL_CLOCK + (dts * 1000) / track.timescale,
  };
}

export function started(
  video: VideoTrack | undefined,
  audio: AudioTrack | undefined,
  wallClockZero = WALL_CLOCK,
): TimelineStart {
  return { type: 'start', video, audio, alternates: [], wallClockZero };
}
