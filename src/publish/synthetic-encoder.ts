import { MillraceError } from '../errors.js';
import { buildAvcConfig } from '../media/avc-config.js';
import { NAL_TYPE, annexBToLengthPrefixed, nalType, splitAnnexB } from '../media/nal.js';
import { AAC_FRAME_SAMPLES, VIDEO_TIMESCALE, type Rational, type Ticks } from '../media/time.js';
import {
  holding,
  packetBytes,
  type Beamcoder,
  type Encoder,
  type Frame,
  type Packet,
} from '../transcode/beamcoder.js';
import type { Picture, Plane } from './plane.js';
import { TONE_RATE } from './tone.js';

export interface SyntheticFormat {
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
  /** Bits per second. */
  readonly videoBitrate: number;
}

export const SYNTHETIC_AUDIO_BITRATE = 128_000;

/** A picture in native memory: drawn into from JavaScript, encoded without a copy. */
export interface NativePicture extends Picture {
  readonly frame: Frame;
}

export function createNativePicture(beamcoder: Beamcoder, width: number, height: number): NativePicture {
  const frame = beamcoder.frame({
    width,
    height,
    format: 'yuv420p',
    color_range: 'tv',
    colorspace: 'bt709',
    color_primaries: 'bt709',
    color_trc: 'bt709',
  });
  frame.alloc();
  const { data, linesize } = frame;
  const plane = (i: number, w: number, h: number): Plane => {
    const [bytes, stride] = [data[i], linesize[i]];
    if (bytes === undefined || stride === undefined) {
      throw new MillraceError('TRANSCODE_FAILED', 'libav gave no memory for a picture');
    }
    bytes.fill(i === 0 ? 16 : 128);
    return { data: bytes, stride, width: w, height: h };
  };
  return {
    frame,
    width,
    height,
    planes: [plane(0, width, height), plane(1, width / 2, height / 2), plane(2, width / 2, height / 2)],
  };
}

/** One coded picture in ticks of 1/90000 s. */
export interface VideoUnit {
  readonly pts: Ticks;
  readonly dts: Ticks;
  readonly keyframe: boolean;
  /** NAL units behind 4-byte lengths. */
  readonly data: Buffer;
}

/** libx264 for live: one slice per picture, no reordering, keyframes only where they are asked for. */
export class SyntheticVideoEncoder {
  readonly #encoder: Encoder;
  #config: Buffer | undefined;
  #annexB = true;

  constructor(beamcoder: Beamcoder, { width, height, frameRate, videoBitrate }: SyntheticFormat) {
    this.#encoder = beamcoder.encoder({
      name: 'libx264',
      width,
      height,
      pix_fmt: 'yuv420p',
      time_base: [1, VIDEO_TIMESCALE],
      framerate: [frameRate.num, frameRate.den],
      bit_rate: videoBitrate,
      rc_max_rate: videoBitrate,
      rc_buffer_size: videoBitrate,
      gop_size: Math.ceil((60 * frameRate.num) / frameRate.den),
      max_b_frames: 0,
      thread_count: 1,
      color_range: 'tv',
      colorspace: 'bt709',
      color_primaries: 'bt709',
      color_trc: 'bt709',
      flags: { GLOBAL_HEADER: true },
      priv_data: { preset: 'veryfast', tune: 'zerolatency', sc_threshold: 0, 'forced-idr': true },
    });
  }

  /** AVCDecoderConfigurationRecord; known once a picture was encoded. */
  get config(): Buffer | undefined {
    return this.#config;
  }

  /**
   * Encodes the picture as it is now; it must not be drawn into, nor this be called again, until the promise settles.
   * Rejects with the binding's error.
   */
  async encode(picture: NativePicture, pts: Ticks, keyframe: boolean): Promise<VideoUnit[]> {
    const { frame } = picture;
    frame.pts = pts;
    frame.pict_type = keyframe ? 'I' : null;
    const { packets } = await holding([this.#encoder, frame], this.#encoder.encode(frame));
    this.#config ??= this.#readConfig();
    return packets.map((packet) => this.#unit(packet));
  }

  /** libx264 gives its parameter sets as a byte stream or as a record, and its packets in the same form. */
  #readConfig(): Buffer {
    const { extradata } = this.#encoder;
    if (extradata === null) throw new MillraceError('TRANSCODE_FAILED', 'libx264 gave no parameter sets');
    this.#annexB = extradata[0] !== 1;
    if (!this.#annexB) return extradata;
    const nals = splitAnnexB(extradata);
    const ofType = (type: number): Buffer[] => nals.filter((nal) => nalType(nal) === type);
    return buildAvcConfig(ofType(NAL_TYPE.sps), ofType(NAL_TYPE.pps));
  }

  #unit(packet: Packet): VideoUnit {
    const bytes = packetBytes(packet);
    const pts = packet.pts ?? 0;
    return {
      pts,
      dts: packet.dts ?? pts,
      keyframe: packet.flags.KEY,
      data: this.#annexB ? annexBToLengthPrefixed(bytes) : bytes,
    };
  }
}

/** One AAC frame; `pts` counts samples. */
export interface AudioUnit {
  readonly pts: Ticks;
  readonly data: Buffer;
}

/** AAC-LC, stereo at 48 kHz. */
export class SyntheticAudioEncoder {
  /** AudioSpecificConfig. */
  readonly config: Buffer;
  readonly #encoder: Encoder;
  readonly #frame: Frame;
  readonly #channels: readonly [Float32Array, ...Float32Array[]];

  constructor(beamcoder: Beamcoder) {
    this.#encoder = beamcoder.encoder({
      name: 'aac',
      sample_rate: TONE_RATE,
      sample_fmt: 'fltp',
      channels: 2,
      channel_layout: 'stereo',
      bit_rate: SYNTHETIC_AUDIO_BITRATE,
      time_base: [1, TONE_RATE],
      flags: { GLOBAL_HEADER: true },
    });
    const { extradata } = this.#encoder;
    if (extradata === null)
      throw new MillraceError('TRANSCODE_FAILED', 'the AAC encoder gave no configuration');
    this.config = extradata;
    this.#frame = beamcoder.frame({
      nb_samples: AAC_FRAME_SAMPLES,
      format: 'fltp',
      channels: 2,
      channel_layout: 'stereo',
      sample_rate: TONE_RATE,
      linesize: [AAC_FRAME_SAMPLES * Float32Array.BYTES_PER_ELEMENT],
    });
    this.#frame.alloc();
    const [first, ...others] = this.#frame.data.map(
      ({ buffer, byteOffset }) => new Float32Array(buffer, byteOffset, AAC_FRAME_SAMPLES),
    );
    if (first === undefined) throw new MillraceError('TRANSCODE_FAILED', 'libav gave no memory for samples');
    this.#channels = [first, ...others];
  }

  /**
   * Encodes 1024 samples from `position` on, which `fill` writes for one channel and both get. The encoder is one
   * frame behind, and what comes before sample 0 is its priming: it is left out, so that each unit's `pts` is the time
   * of the samples that it decodes to.
   */
  async encode(position: Ticks, fill: (samples: Float32Array) => void): Promise<AudioUnit[]> {
    const [first, ...others] = this.#channels;
    fill(first);
    // The binding would try a frame with NaN in it again for ever.
    if (!first.every(Number.isFinite)) throw new MillraceError('MEDIA_BAD_UNIT', 'a sample is not a number');
    for (const other of others) other.set(first);
    this.#frame.pts = position;
    const { packets } = await holding([this.#encoder, this.#frame], this.#encoder.encode(this.#frame));
    return packets
      .map((packet) => ({ pts: packet.pts ?? 0, data: packetBytes(packet) }))
      .filter(({ pts, data }) => pts >= 0 && data.length > 0);
  }
}
