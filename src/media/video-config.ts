import { parseAv1Config } from './av1-config.js';
import { inspectAv1Unit } from './av1-obu.js';
import { parseAvcConfig } from './avc-config.js';
import type { PictureSize, VideoCodec } from './codec.js';
import { parseHevcConfig } from './hevc-config.js';
import { inspectHevcUnit } from './hevc-unit.js';
import { inspectAccessUnit, type NalLengthSize } from './nal.js';
import type { Rational } from './time.js';
import type { Colour } from './track.js';
import type { VideoUnitShape } from './video-unit.js';
import { parseVp9Config } from './vp9-config.js';
import { parseVp9Frame } from './vp9-frame.js';
import { SQUARE, type VuiTiming } from './vui.js';

export type { VideoUnitShape } from './video-unit.js';

/** What a video decoder configuration says, whatever the codec. */
export interface VideoConfig {
  readonly codec: VideoCodec;
  /** RFC 6381: `avc1.64001f`, `hvc1.1.6.L93.B0`, `av01.0.04M.08`, `vp09.00.31.08`. */
  readonly codecString: string;
  /** As it stands in the sample entry's box: see `VideoTrack`. */
  readonly decoderConfig: Buffer;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pixels after the sample aspect ratio is applied to the width. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** 1:1 when unspecified. */
  readonly sampleAspectRatio: Rational;
  /** Undefined where nothing is said. */
  readonly colour: Colour | undefined;
  /** Frames per second, where the record says. */
  readonly timing: VuiTiming | undefined;
  /** AVC and HEVC: how long the length before each NAL unit is. */
  readonly nalLengthSize?: NalLengthSize;
}

/**
 * Parses a codec's record.
 * @param size of VP9, whose record does not say
 * @throws MillraceError MEDIA_BAD_CONFIG, MEDIA_UNSUPPORTED
 */
export function parseVideoConfig(codec: VideoCodec, record: Buffer, size?: PictureSize): VideoConfig {
  switch (codec) {
    case 'avc':
      return { codec, decoderConfig: record, ...parseAvcConfig(record) };
    case 'hevc':
      return { codec, decoderConfig: record, ...parseHevcConfig(record) };
    case 'av1':
      return { codec, decoderConfig: record, ...squarePixels(parseAv1Config(record)) };
    case 'vp9':
      return { codec, timing: undefined, ...squarePixels(parseVp9Config(record, size)) };
  }
}

/** Looks into one access unit of a track with this configuration. Undefined when it is damaged. */
export function inspectVideoUnit(config: VideoConfig, data: Buffer): VideoUnitShape | undefined {
  switch (config.codec) {
    case 'avc': {
      const shape = inspectAccessUnit(data, config.nalLengthSize ?? 4);
      return shape && { keyframe: shape.idr, skippedAtStart: false };
    }
    case 'hevc':
      return inspectHevcUnit(data, config.nalLengthSize ?? 4);
    case 'av1':
      return inspectAv1Unit(data);
    case 'vp9': {
      const header = parseVp9Frame(data);
      return header && { keyframe: header.keyframe, skippedAtStart: false };
    }
  }
}

/** AV1 and VP9 say nothing of a sample aspect ratio. */
const squarePixels = <Config extends PictureSize>(config: Config) => ({
  ...config,
  sampleAspectRatio: SQUARE,
  displayWidth: config.width,
  displayHeight: config.height,
});
