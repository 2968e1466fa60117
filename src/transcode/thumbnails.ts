import { MillraceError } from '../errors.js';
import type { AccessUnit } from '../media/access-unit.js';
import type { VideoCodec } from '../media/codec.js';
import type { VideoTrack } from '../media/track.js';
import {
  holding,
  loadBeamcoder,
  packetBytes,
  type Beamcoder,
  type Filterer,
  type Frame,
} from './beamcoder.js';

/** Makes small pictures of keyframes, off the event loop and one at a time. */
export interface Thumbnailer {
  /**
   * A JPEG of a keyframe, `width` pixels wide (made even, between 16 and 4096) in display aspect. Undefined when a
   * newer call took its place while it waited, or after `close`. Rejects with MEDIA_BAD_UNIT when the unit does not
   * decode.
   */
  render(unit: AccessUnit, width: number): Promise<Buffer | undefined>;
  /** No more pictures; the one at work is finished and thrown away. */
  close(): void;
}

const MIN_WIDTH = 16;
const MAX_WIDTH = 4096;
/** A larger keyframe is refused: nothing real comes near it. */
const MAX_KEYFRAME_BYTES = 16 * 1024 * 1024;
/** libav's quantiser scale for MJPEG: 2 is the best, 31 the worst. */
const JPEG_QSCALE = 4;
const FF_QP2LAMBDA = 118;
/** Pixel formats that pictures decode to, all of which can be scaled. */
const SCALABLE = /^(yuvj?4|gray|gbrp)/;

/** libav's names. Its own decoder of AV1 needs hardware. */
const DECODERS: Readonly<Record<VideoCodec, string>> = {
  avc: 'h264',
  hevc: 'hevc',
  av1: 'libdav1d',
  vp9: 'vp9',
};

/** Undefined where beamcoder is not available. */
export function createThumbnailer(track: VideoTrack): Thumbnailer | undefined {
  const beamcoder = loadBeamcoder();
  return beamcoder === undefined ? undefined : new KeyframeThumbnailer(beamcoder, track);
}

interface Waiting {
  readonly unit: AccessUnit;
  readonly width: number;
  readonly resolve: (image: Buffer | undefined) => void;
  readonly reject: (error: Error) => void;
}

class KeyframeThumbnailer implements Thumbnailer {
  #busy = false;
  #closed = false;
  /** At most one: the newest wins. */
  #waiting: Waiting | undefined;
  #scaler: { readonly key: string; readonly filterer: Filterer } | undefined;

  constructor(
    private readonly beamcoder: Beamcoder,
    private readonly track: VideoTrack,
  ) {}

  render(unit: AccessUnit, width: number): Promise<Buffer | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting?.resolve(undefined);
      this.#waiting = { unit, width, resolve, reject };
      void this.#work();
    });
  }

  close(): void {
    this.#closed = true;
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    this.#scaler = undefined;
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let job = this.#take(); job !== undefined; job = this.#take()) {
      try {
        const image = await this.#render(job.unit, job.width);
        job.resolve(this.#closed ? undefined : image);
      } catch (error) {
        job.reject(error as Error);
      }
    }
    this.#busy = false;
  }

  #take(): Waiting | undefined {
    const job = this.#waiting;
    this.#waiting = undefined;
    return job;
  }

  async #render(unit: AccessUnit, width: number): Promise<Buffer> {
    const picture = await this.#decode(unit);
    const even = 2 * Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)) / 2);
    const { displayWidth, displayHeight } = this.track;
    const height = Math.max(2, 2 * Math.round((even * displayHeight) / displayWidth / 2));
    return this.#encode(await this.#scale(picture, even, height));
  }

  /** A decoder of its own for each picture: draining one ends it, and nothing of the last picture stays behind. */
  async #decode(unit: AccessUnit): Promise<Frame> {
    if (unit.data.length === 0 || unit.data.length > MAX_KEYFRAME_BYTES) {
      throw new MillraceError('MEDIA_BAD_UNIT', `no picture of a keyframe of ${unit.data.length} bytes`);
    }
    const { codec, decoderConfig } = this.track;
    const decoder = this.beamcoder.decoder({
      name: DECODERS[codec],
      // VP9's record repeats what its frames say, and libav has no use for it.
      ...(codec === 'vp9' ? {} : { extradata: decoderConfig }),
      thread_count: 1,
    });
    const padded = Buffer.alloc(unit.data.length + this.beamcoder.AV_INPUT_BUFFER_PADDING_SIZE);
    unit.data.copy(padded);
    const packet = this.beamcoder.packet({
      pts: 0,
      dts: 0,
      data: padded,
      size: unit.data.length,
      flags: { KEY: true },
    });
    const end = this.beamcoder.packet({ size: 0 });
    // A decoder that reorders gives the picture only when it is told that nothing follows. The packets too are held to
    // the end, so that their bytes are never let go by the decoder's thread.
    const decoding = decoder
      .decode(packet)
      .then(async ({ frames }) => frames[0] ?? (await decoder.decode(end)).frames[0]);
    const frame = await holding([decoder, packet, end], decoding);
    if (frame === undefined || !SCALABLE.test(frame.format ?? '')) {
      throw new MillraceError('MEDIA_BAD_UNIT', 'the keyframe decodes to no picture');
    }
    return frame;
  }

  async #scale(picture: Frame, width: number, height: number): Promise<Frame> {
    const { width: sourceWidth, height: sourceHeight, format } = picture;
    const key = [sourceWidth, sourceHeight, format, width, height].join();
    if (this.#scaler?.key !== key) {
      // The size is the display's already; JPEG has square pixels, full range and BT.601.
      const filterer = await this.beamcoder.filterer({
        filterType: 'video',
        inputParams: [
          {
            width: sourceWidth,
            height: sourceHeight,
            pixelFormat: format ?? 'yuv420p',
            timeBase: [1, 90_000],
            pixelAspect: [1, 1],
          },
        ],
        outputParams: [{ pixelFormat: 'yuvj420p' }],
        filterSpec: `scale=${width}:${height}:flags=area:out_color_matrix=bt601:out_range=full,setsar=1`,
      });
      this.#scaler = { key, filterer };
    }
    const { filterer } = this.#scaler;
    const [out] = await holding([filterer, picture], filterer.filter([picture]));
    const [scaled] = out?.frames ?? [];
    if (scaled === undefined) throw new MillraceError('MEDIA_BAD_UNIT', 'the picture could not be scaled');
    return scaled;
  }

  async #encode(picture: Frame): Promise<Buffer> {
    const encoder = this.beamcoder.encoder({
      name: 'mjpeg',
      width: picture.width,
      height: picture.height,
      pix_fmt: 'yuvj420p',
      time_base: [1, 25],
      flags: { QSCALE: true },
      global_quality: JPEG_QSCALE * FF_QP2LAMBDA,
      thread_count: 1,
    });
    const { packets } = await holding([encoder, picture], encoder.encode(picture));
    const [packet] = packets;
    if (packet === undefined) throw new MillraceError('MEDIA_BAD_UNIT', 'the picture could not be encoded');
    return packetBytes(packet);
  }
}
