import { readdirSync } from 'node:fs';
import { loadAddon } from './addon.js';
import {
  beamcoderFault,
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

/** This many packets show that an encoder works; it gets at most so many frames to make them of. */
const PACKETS = 5;
const MAX_FRAMES = 60;
const WIDTH = 640;
const HEIGHT = 360;
const SAMPLES = 1024;
const SAMPLE_RATE = 48_000;
/** A driver that takes longer counts as broken (ms). */
const PROBE_TIMEOUT = 10_000;

interface VideoProbe {
  readonly name: string;
  readonly pixelFormat: string;
  /** What must be in /dev for the encoder's hardware. */
  readonly device?: { readonly prefix: string; readonly missing: string };
  readonly options?: Readonly<Record<string, string>>;
}

const RENDER_NODE = { prefix: 'dri/renderD', missing: 'no render device (/dev/dri/renderD*)' };
const VIDEO_PROBES: readonly VideoProbe[] = [
  { name: 'libx264', pixelFormat: 'yuv420p', options: { preset: 'veryfast', tune: 'zerolatency' } },
  {
    name: 'h264_nvenc',
    pixelFormat: 'yuv420p',
    device: { prefix: 'nvidiactl', missing: 'no NVIDIA driver (/dev/nvidiactl)' },
  },
  { name: 'h264_qsv', pixelFormat: 'nv12', device: RENDER_NODE },
];

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
  const devices = listDevices();
  const encoders: EncoderCapability[] = [];
  for (const probe of VIDEO_PROBES) encoders.push(await tryVideo(beamcoder, probe, devices));
  encoders.push(vaapi(devices), await tryAudio(beamcoder));
  return { addon, beamcoder: { ok: true, libav: beamcoder.avVersionInfo() }, encoders };
}

function tryVideo(
  beamcoder: Beamcoder,
  { name, pixelFormat, device, options }: VideoProbe,
  devices: readonly string[],
): Promise<EncoderCapability> {
  return attempt(name, 'avc', async () => {
    if (device !== undefined && !devices.some((entry) => entry.startsWith(device.prefix))) {
      throw new Error(device.missing);
    }
    const encoder = beamcoder.encoder({
      name,
      width: WIDTH,
      height: HEIGHT,
      pix_fmt: pixelFormat,
      time_base: [1, 30],
      framerate: [30, 1],
      max_b_frames: 0,
      ...(options === undefined ? {} : { priv_data: options }),
    });
    const frame = beamcoder.frame({ width: WIDTH, height: HEIGHT, format: pixelFormat });
    frame.alloc();
    for (const plane of frame.data) plane.fill(128);
    return countPackets(encoder, frame, 1);
  });
}

function tryAudio(beamcoder: Beamcoder): Promise<EncoderCapability> {
  return attempt('aac', 'aac', async () => {
    const encoder = beamcoder.encoder({
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
    return countPackets(encoder, frame, SAMPLES);
  });
}

/** VAAPI encodes only what already is on the device, and beamcoder cannot put it there. */
function vaapi(devices: readonly string[]): EncoderCapability {
  const node = devices.find((entry) => entry.startsWith(RENDER_NODE.prefix));
  const reason =
    node === undefined
      ? RENDER_NODE.missing
      : `not tried: /dev/${node} is there, but frames cannot be put on it from here`;
  return { name: 'h264_vaapi', codec: 'avc', ok: false, reason };
}

/** Names in /dev and /dev/dri, relative to /dev. */
function listDevices(): string[] {
  const list = (folder: string): string[] => {
    try {
      return readdirSync(`/dev/${folder}`).map((name) => folder + name);
    } catch {
      // No graphics, or no /dev at all: the usual case.
      return [];
    }
  };
  return [...list(''), ...list('dri/')];
}

async function countPackets(encoder: Encoder, frame: Frame, duration: number): Promise<number> {
  let count = 0;
  for (let i = 0; i < MAX_FRAMES && count < PACKETS; i++) {
    frame.pts = i * duration;
    count += (await holding([encoder, frame], encoder.encode(frame))).packets.length;
  }
  return count;
}

async function attempt(
  name: string,
  codec: EncoderCapability['codec'],
  encode: () => Promise<number>,
): Promise<EncoderCapability> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not answer')), PROBE_TIMEOUT);
  });
  try {
    const packets = await Promise.race([encode(), late]);
    if (packets >= PACKETS) return { name, codec, ok: true, reason: undefined };
    return { name, codec, ok: false, reason: 'it does not open, or gives no packets' };
  } catch (fault) {
    return { name, codec, ok: false, reason: (fault as Error).message };
  } finally {
    clearTimeout(timer);
  }
}
