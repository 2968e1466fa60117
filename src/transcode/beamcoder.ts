import { createRequire } from 'node:module';

/**
 * The only loader of beamcoder, libav's binding for work that is off the hot path: thumbnails, probing, the synthetic
 * source. Its habits need care everywhere:
 * - Its asynchronous calls do not hold the codec they work on, so a collected one is used after it was freed: call
 *   them through `holding`.
 * - When such a call rejects, the binding reads memory that it has just freed. Calls that are given frames or packets
 *   forget their fault and resolve with nothing instead, so only those may ever fail; `flush` is left out for that.
 * - It tries again for ever when an open codec answers EINVAL, which NaN samples and packets without bytes make it do.
 */
export interface Beamcoder {
  avVersionInfo(): string;
  logging(level: string): void;
  /** Throws when libav knows no encoder of that name; opens it with the first frame (video) or at once (audio). */
  encoder(options: EncoderOptions): Encoder;
  decoder(options: { name: string; [option: string]: unknown }): Decoder;
  /** Must not reject: the options have to be right. */
  filterer(options: FiltererOptions): Promise<Filterer>;
  /** With `alloc()`: planes of uninitialised memory. */
  frame(options: Record<string, unknown>): Frame;
  /** libav reads `AV_INPUT_BUFFER_PADDING_SIZE` bytes past `size`, so `data` must be that much longer. */
  packet(options: {
    pts?: number;
    dts?: number;
    data?: Buffer;
    size: number;
    flags?: { KEY: boolean };
  }): Packet;
  readonly AV_INPUT_BUFFER_PADDING_SIZE: number;
}

export interface EncoderOptions {
  name: string;
  [option: string]: unknown;
}

export interface Encoder {
  /** Parameter sets or AudioSpecificConfig once the encoder is open, with the flag GLOBAL_HEADER. */
  readonly extradata: Buffer | null;
  /** Resolves with nothing also when the encoder does not open or fails. */
  encode(...frames: Frame[]): Promise<{ packets: Packet[] }>;
}

export interface Decoder {
  /** Resolves with nothing also when the packet does not decode. One of no size drains the decoder and ends it. */
  decode(packet: Packet): Promise<{ frames: Frame[] }>;
}

export interface FiltererOptions {
  filterType: 'video';
  inputParams: [
    {
      width: number;
      height: number;
      pixelFormat: string;
      timeBase: [number, number];
      pixelAspect: [number, number];
    },
  ];
  outputParams: [{ pixelFormat: string }];
  filterSpec: string;
}

export interface Filterer {
  /** Resolves without frames when it fails. */
  filter(frames: Frame[]): Promise<{ frames: Frame[] }[]>;
}

export interface Frame {
  pts: number | null;
  pict_type: string | null;
  readonly width: number;
  readonly height: number;
  readonly format: string | null;
  readonly linesize: number[];
  /** The planes themselves, not copies; each read makes new Buffers over them. */
  readonly data: Buffer[];
  readonly sample_aspect_ratio: [number, number];
  alloc(): Frame;
}

export interface Packet {
  readonly pts: number | null;
  readonly dts: number | null;
  readonly size: number;
  /** Longer than `size` by libav's padding; null for an empty packet. */
  readonly data: Buffer | null;
  readonly flags: { readonly KEY: boolean };
}

type Loaded =
  | { readonly available: true; readonly beamcoder: Beamcoder }
  | { readonly available: false; readonly reason: string };

let loaded: Loaded | undefined;

function load(): Loaded {
  // The package's index.js is passed by: it prints a banner and installs a crash handler.
  try {
    const require = createRequire(import.meta.url);
    const beamcoder = require('beamcoder/build/Release/beamcoder.node') as Beamcoder;
    beamcoder.logging('quiet');
    return { available: true, beamcoder };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'MODULE_NOT_FOUND'
        ? 'beamcoder is not installed'
        : `beamcoder cannot be loaded: ${message.split('\n')[0]}`;
    return { available: false, reason };
  }
}

function current(): Loaded {
  if (process.env['MILLRACE_NO_ADDON'] === '1') {
    return { available: false, reason: 'native code is switched off by MILLRACE_NO_ADDON=1' };
  }
  return (loaded ??= load());
}

/** The binding, or undefined where it is not installed or switched off; `beamcoderFault` then says why. */
export function loadBeamcoder(): Beamcoder | undefined {
  const state = current();
  return state.available ? state.beamcoder : undefined;
}

/** Why `loadBeamcoder` gives nothing; undefined when it does. */
export function beamcoderFault(): string | undefined {
  const state = current();
  return state.available ? undefined : state.reason;
}

const held = new Set<readonly object[]>();

/** Keeps native objects from being collected while `work` uses them on another thread. */
export async function holding<T>(objects: readonly object[], work: Promise<T>): Promise<T> {
  held.add(objects);
  try {
    return await work;
  } finally {
    held.delete(objects);
  }
}

/** A copy of a packet's bytes, without the padding behind them, so that the native packet can go. */
export const packetBytes = (packet: Packet): Buffer =>
  packet.data === null ? Buffer.alloc(0) : Buffer.from(packet.data.subarray(0, packet.size));
