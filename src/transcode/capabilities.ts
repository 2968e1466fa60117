import { readdirSync } from 'node:fs';
import { loadAddon } from './addon.js';
import {
  beamcoderFault,
  beamcoderMessage,
  holding,
  loadBeamcoder,
  type Beamcoder,
  type Encoder,
  type Frame,
} from './beamcoder.js';

/** One encoder, tried out. */
export interface EncoderCapability {
  /** libav's name. */
  readonly name: string;
  readonly codec: 'avc' | 'aac';
  /** True when it turned frames into packets here and now. */
  readonly ok: boolean;
  /** Why it does not; undefined when it does. */
  readonly reason: string | undefined;
}

/** What native code can do on this machine. */
export interface Capabilities {
  /** Ours, which makes the ladder: libavcodec's version, or why it is not there. */
  readonly addon:
    { readonly ok: true; readonly libavcodec: string } | { readonly ok: false; readonly reason: string };
  /** What makes thumbnails and the test picture: FFmpeg's version, or why it is not there. */
  readonly beamcoder:
    { readonly ok: true; readonly libav: string } | { readonly ok: false; readonly reason: string };
  /** Empty without beamcoder, which tries them. */
  readonly encoders: readonly EncoderCapability[];
}

const FRAMES = 5;
const WIDTH = 640;
const HEIGHT = 360;
const SAMPLES = 1024;
const SAMPLE_RATE = 48_000;
/** A driver that takes longer counts as broken (ms). */
const PROBE_TIMEOUT = 10_000;

const VIDEO_ENCODERS = [
  { name: 'libx264', pixelFormat: 'yuv420p' },
  { name: 'h264_nvenc', pixelFormat: 'yuv420p' },
  { name: 'h264_qsv', pixelFormat: 'nv12' },
] as const;

/**
 * Tries every encoder by encoding: libav lists many that cannot open, and some that open and give nothing. One after
 * the other, off the event loop.
 */
export async function probeCapabilities(): Promise<Capabilities> {
  const state = loadAddon();
  const addon = state.available
    ? { ok: true as const, libavcodec: state.addon.libavcodec }
    : { ok: false as const, reason: state.reason };
  const beamcoder = loadBeamcoder();
  if (beamcoder === undefined) {
    return { addon, beamcoder: { ok: false, reason: beamcoderFault() ?? 'unknown' }, encoders: [] };
  }
  const encoders: EncoderCapability[] = [];
  for (const { name, pixelFormat } of VIDEO_ENCODERS)
    encoders.push(await tryVideo(beamcoder, name, pixelFormat));
  encoders.push(vaapi(), await tryAudio(beamcoder));
  return { addon, beamcoder: { ok: true, libav: beamcoder.avVersionInfo() }, encoders };
}

function tryVideo(beamcoder: Beamcoder, name: string, pixelFormat: string): Promise<EncoderCapability> {
  return attempt(name, 'avc', () => {
    const open = (): Encoder =>
      beamcoder.encoder({
        name,
        width: WIDTH,
        height: HEIGHT,
        pix_fmt: pixelFormat,
        time_base: [1, 30],
        framerate: [30, 1],
        max_b_frames: 0,
      });
    const frame = beamcoder.frame({ width: WIDTH, height: HEIGHT, format: pixelFormat });
    frame.alloc();
    for (const plane of frame.data) plane.fill(128);
    return countPackets(open, frame, 1);
  });
}

function tryAudio(beamcoder: Beamcoder): Promise<EncoderCapability> {
  return attempt('aac', 'aac', () => {
    const open = (): Encoder =>
      beamcoder.encoder({
        name: 'aac',
        sample_rate: SAMPLE_RATE,
        sample_fmt: 'fltp',
        channels: 2,
        channel_layout: 'stereo',
        bit_rate: 128_000,
        time_base: [1, SAMPLE_RATE],
      });
    const frame = beamcoder.frame({
      nb_samples: SAMPLES,
      format: 'fltp',
      channels: 2,
      channel_layout: 'stereo',
      sample_rate: SAMPLE_RATE,
      linesize: [SAMPLES * Float32Array.BYTES_PER_ELEMENT],
    });
    frame.alloc();
    for (const plane of frame.data) plane.fill(0);
    return countPackets(open, frame, SAMPLES);
  });
}

/** VAAPI encodes only what already is on the device, and beamcoder cannot put it there. */
function vaapi(): EncoderCapability {
  let nodes: string[] = [];
  try {
    nodes = readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'));
  } catch {
    // No such folder is the usual case.
  }
  const reason =
    nodes.length === 0
      ? 'no render device under /dev/dri'
      : `not tried: /dev/dri/${nodes[0] ?? ''} is there, but frames cannot be put on it from here`;
  return { name: 'h264_vaapi', codec: 'avc', ok: false, reason };
}

/**
 * How many packets come of some frames. Rejects when the encoder does not open: to learn that, another one is only
 * flushed, since the binding forgets the fault of a call that was given frames.
 */
async function countPackets(open: () => Encoder, frame: Frame, duration: number): Promise<number> {
  const opening = open();
  await holding([opening], opening.flush());
  const encoder = open();
  let count = 0;
  for (let i = 0; i < FRAMES; i++) {
    frame.pts = i * duration;
    count += (await holding([encoder, frame], encoder.encode(frame))).packets.length;
  }
  return count + (await holding([encoder], encoder.flush())).packets.length;
}

async function attempt(
  name: string,
  codec: EncoderCapability['codec'],
  encode: () => Promise<number>,
): Promise<EncoderCapability> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it did not answer in time')), PROBE_TIMEOUT);
  });
  try {
    const packets = await Promise.race([encode(), late]);
    if (packets >= FRAMES) return { name, codec, ok: true, reason: undefined };
    return { name, codec, ok: false, reason: `${packets} packets came of ${FRAMES} frames` };
  } catch (fault) {
    return { name, codec, ok: false, reason: beamcoderMessage(fault) };
  } finally {
    clearTimeout(timer);
  }
}
