import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { readMovie } from '../cmaf/read-back.js';
import { ffmpeg } from '../media/flv-source.js';

/** One access unit of a stream that ffmpeg made; times in ms, not rounded. */
export interface ElementaryUnit {
  readonly dts: number;
  readonly pts: number;
  readonly keyframe: boolean;
  readonly data: Buffer;
}

/** A stream as an encoder has it in hand before it writes any container. */
export interface ElementaryStream<Codec extends VideoCodec | AudioCodec = VideoCodec | AudioCodec> {
  readonly codec: Codec;
  /** avcC, hvcC, av1C, vpcC, AudioSpecificConfig, OpusHead, FLAC stream information; empty for those that have none. */
  readonly record: Buffer;
  readonly units: readonly ElementaryUnit[];
}

export interface VideoOptions {
  readonly size?: string;
  readonly rate?: number;
  readonly seconds?: number;
  /** Frames from keyframe to keyframe. */
  readonly gop?: number;
  /** More of ffmpeg's output options, such as `-pix_fmt yuv420p10le`. */
  readonly args?: readonly string[];
}

export interface AudioOptions {
  readonly sampleRate?: number;
  readonly channels?: number;
  readonly seconds?: number;
  readonly args?: readonly string[];
}

const VIDEO_ENCODERS: Readonly<Record<VideoCodec, (gop: number) => string[]>> = {
  avc: (gop) => [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'],
    ...['-sc_threshold', '0', '-keyint_min', String(gop)],
  ],
  hevc: (gop) => [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p'],
    ...[
      '-x265-params',
      `log-level=none:keyint=${gop}:min-keyint=${gop}:scenecut=0:pools=1:open-gop=0:info=0`,
    ],
  ],
  av1: () => ['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
  vp9: () => ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
};

const AUDIO_ENCODERS: Readonly<Record<AudioCodec, readonly string[]>> = {
  aac: ['-c:a', 'aac'],
  opus: ['-c:a', 'libopus'],
  flac: ['-c:a', 'flac'],
  ac3: ['-c:a', 'ac3'],
  eac3: ['-c:a', 'eac3'],
  mp3: ['-c:a', 'libmp3lame'],
};

const FRAGMENTED = ['-strict', '-2', '-movflags', 'frag_keyframe+empty_moov+delay_moov+default_base_moof'];

/** Encodes a moving test picture. */
export function encodeVideo<Codec extends VideoCodec>(
  codec: Codec,
  { size = '320x180', rate = 25, seconds = 3, gop = 25, args = [] }: VideoOptions = {},
): ElementaryStream<Codec> {
  const source = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
  return readStream(codec, [...source, ...VIDEO_ENCODERS[codec](gop), '-g', String(gop), ...args]);
}

/** Encodes a tone. */
export function encodeAudio<Codec extends AudioCodec>(
  codec: Codec,
  { sampleRate = 48_000, channels = 2, seconds = 3, args = [] }: AudioOptions = {},
): ElementaryStream<Codec> {
  const source = ['-f', 'lavfi', '-i', `sine=sample_rate=${sampleRate}:duration=${seconds}`];
  return readStream(codec, [...source, '-ac', String(channels), ...AUDIO_ENCODERS[codec], ...args]);
}

function readStream<Codec extends VideoCodec | AudioCodec>(
  codec: Codec,
  args: readonly string[],
): ElementaryStream<Codec> {
  const file = ffmpeg([...args, ...FRAGMENTED], 'mp4');
  const units = readMovie(file).samples.map(({ dts, cts, timescale, is_sync, data }) => ({
    dts: (dts * 1000) / timescale,
    pts: (cts * 1000) / timescale,
    keyframe: is_sync,
    data: Buffer.from(data ?? []),
  }));
  return { codec, record: RECORDS[codec](file), units };
}

const RECORDS: Readonly<Record<VideoCodec | AudioCodec, (file: Buffer) => Buffer>> = {
  avc: (file) => boxContent(file, 'avcC'),
  hevc: (file) => boxContent(file, 'hvcC'),
  av1: (file) => boxContent(file, 'av1C'),
  vp9: (file) => boxContent(file, 'vpcC').subarray(4),
  aac: (file) => audioSpecificConfig(boxContent(file, 'esds')),
  opus: (file) => opusHead(boxContent(file, 'dOps')),
  flac: (file) => boxContent(file, 'dfLa').subarray(4),
  ac3: () => Buffer.alloc(0),
  eac3: () => Buffer.alloc(0),
  mp3: () => Buffer.alloc(0),
};

/** The content of the first box of a type. */
export function boxContent(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type);
  if (at < 0) throw new Error(`there is no box ${type}`);
  return Buffer.from(file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4)));
}

/** The decoder specific information of an elementary stream descriptor as ffmpeg writes it, with sizes of four bytes. */
function audioSpecificConfig(esds: Buffer): Buffer {
  const at = esds.indexOf(Buffer.of(5, 0x80, 0x80, 0x80));
  return esds.subarray(at + 5, at + 5 + esds.readUInt8(at + 4));
}

/** An identification header (RFC 7845 5.1) from `dOps`, which has the same values big-endian. */
function opusHead(box: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from('OpusHead\u0001'), box.subarray(1)]);
  head.writeUInt16LE(box.readUInt16BE(2), 10);
  head.writeUInt32LE(box.readUInt32BE(4), 12);
  head.writeInt16LE(box.readInt16BE(8), 16);
  return head;
}
