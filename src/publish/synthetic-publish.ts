import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../errors.js';
import type { Logger } from '../logger.js';
import { AAC_FRAME_SAMPLES, VIDEO_TIMESCALE, rescale, type Rational } from '../media/time.js';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../rtmp/flv-writer.js';
import { beamcoderFault, loadBeamcoder, type Beamcoder } from '../transcode/beamcoder.js';
import { keepPublishing, type Publishing } from './keep-publishing.js';
import { Pacer } from './pacer.js';
import type { RtmpPublisher } from './publisher.js';
import {
  SYNTHETIC_AUDIO_BITRATE,
  SyntheticAudioEncoder,
  SyntheticVideoEncoder,
  createNativePicture,
  type NativePicture,
  type SyntheticFormat,
} from './synthetic-encoder.js';
import { TestPicture } from './test-picture.js';
import { TONE_RATE, fillTone } from './tone.js';

export interface SyntheticPublishOptions {
  /** `rtmp://host[:port]/app/key`. */
  readonly url: string;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: Rational;
  /** Bits per second. */
  readonly videoBitrate?: number;
  readonly logger: Logger;
}

const KEYFRAME_SECONDS = 2;
/** Frames that a late loop makes up for; further back the picture skips, as a camera would. */
const MAX_FRAMES_BEHIND = 3;
/** A second of sound is made up for: a gap is heard. */
const MAX_AUDIO_FRAMES_BEHIND = 48;
/** The picture's clock is set again when the machine's differs by more (ms). */
const MAX_CLOCK_ERROR = 20;
const MS = 1000;

/**
 * Publishes the test picture and its tone in real time, in process, until stopped: 1280 x 720 at 30 frames and 2.5
 * Mb/s if nothing else is said. `done` rejects with TRANSCODE_UNAVAILABLE where beamcoder is missing.
 */
export function startSyntheticPublish(options: SyntheticPublishOptions): Publishing {
  const {
    url,
    width = 1280,
    height = 720,
    frameRate = { num: 30, den: 1 },
    videoBitrate = 2_500_000,
  } = options;
  const format = { width, height, frameRate, videoBitrate };
  let source: SyntheticSource | undefined;
  return keepPublishing({
    url,
    logger: options.logger,
    prepare: () => {
      source = new SyntheticSource(requireBeamcoder(), format);
    },
    stream: async (publisher, signal) => {
      await source?.stream(publisher, signal);
      return false;
    },
  });
}

function requireBeamcoder(): Beamcoder {
  const beamcoder = loadBeamcoder();
  if (beamcoder === undefined) {
    throw new MillraceError(
      'TRANSCODE_UNAVAILABLE',
      `no test picture can be made here: ${beamcoderFault() ?? ''}`,
    );
  }
  return beamcoder;
}

/** The test picture, prepared once; each connection gets encoders and a timeline of its own. */
class SyntheticSource {
  readonly #picture: NativePicture;
  readonly #testPicture: TestPicture;

  constructor(
    private readonly beamcoder: Beamcoder,
    private readonly format: SyntheticFormat,
  ) {
    this.#picture = createNativePicture(beamcoder, format.width, format.height);
    const { num, den } = format.frameRate;
    this.#testPicture = new TestPicture(this.#picture, { frameRate: Math.round((100 * num) / den) / 100 });
  }

  async stream(publisher: RtmpPublisher, signal: AbortSignal): Promise<void> {
    const { width, height, frameRate, videoBitrate } = this.format;
    publisher.metadata({
      width,
      height,
      framerate: frameRate.num / frameRate.den,
      videocodecid: 7,
      videodatarate: videoBitrate / 1000,
      audiocodecid: 10,
      audiosamplerate: TONE_RATE,
      audiosamplesize: 16,
      stereo: true,
      audiodatarate: SYNTHETIC_AUDIO_BITRATE / 1000,
      encoder: 'Millrace',
    });
    const clock = new SourceClock();
    const running = (): boolean => publisher.isOpen && !signal.aborted;
    await Promise.all([
      this.#streamVideo(publisher, clock, running),
      this.#streamAudio(publisher, clock, running),
    ]);
  }

  async #streamVideo(publisher: RtmpPublisher, clock: SourceClock, running: () => boolean): Promise<void> {
    const { frameRate } = this.format;
    const encoder = new SyntheticVideoEncoder(this.beamcoder, this.format);
    const pacer = new Pacer(clock.start, { rate: frameRate, maxBehind: MAX_FRAMES_BEHIND });
    const ticksAt = (frame: number): number =>
      Math.round((frame * frameRate.den * VIDEO_TIMESCALE) / frameRate.num);
    let keyframe = -1;
    let configured = false;
    while (running()) {
      const { first, count } = pacer.due(performance.now());
      clock.follow();
      for (let frame = first; frame < first + count; frame++) {
        const pts = ticksAt(frame);
        const group = Math.floor(pts / VIDEO_TIMESCALE / KEYFRAME_SECONDS);
        this.#testPicture.draw(Math.round(clock.zero + (pts * MS) / VIDEO_TIMESCALE), frame);
        for (const unit of await encoder.encode(this.#picture, pts, group !== keyframe)) {
          if (!configured && encoder.config !== undefined) {
            configured = publisher.media('video', 0, avcSequenceHeader(encoder.config), 'config');
          }
          const timestamp = rescale(unit.dts, VIDEO_TIMESCALE, MS);
          const compositionTime = rescale(unit.pts, VIDEO_TIMESCALE, MS) - timestamp;
          publisher.media(
            'video',
            timestamp,
            avcNalus({ ...unit, compositionTime }),
            unit.keyframe ? 'keyframe' : 'inter',
          );
        }
        keyframe = group;
      }
      await delay(pacer.wait(performance.now()));
    }
  }

  async #streamAudio(publisher: RtmpPublisher, clock: SourceClock, running: () => boolean): Promise<void> {
    const encoder = new SyntheticAudioEncoder(this.beamcoder);
    const rate = { num: TONE_RATE, den: AAC_FRAME_SAMPLES };
    const pacer = new Pacer(clock.start, { rate, maxBehind: MAX_AUDIO_FRAMES_BEHIND });
    publisher.media('audio', 0, aacSequenceHeader(encoder.config), 'config');
    while (running()) {
      const { first, count } = pacer.due(performance.now());
      for (let frame = first; frame < first + count; frame++) {
        const position = frame * AAC_FRAME_SAMPLES;
        const units = await encoder.encode(position, (samples) => fillTone(samples, position, clock.zero));
        for (const { pts, data } of units)
          publisher.media('audio', rescale(pts, TONE_RATE, MS), aacRaw(data), 'audio');
      }
      await delay(pacer.wait(performance.now()));
    }
  }
}

/** Ties media time, which runs with the monotonic clock, to the wall clock. */
class SourceClock {
  /** Media time 0 on the monotonic clock. */
  readonly start = performance.now();
  /** Media time 0 in ms since the Unix epoch. */
  zero = Date.now();

  /** Takes over a wall clock that was set, or that runs at another pace. */
  follow(): void {
    const error = Date.now() - (this.zero + performance.now() - this.start);
    if (Math.abs(error) > MAX_CLOCK_ERROR) this.zero += Math.round(error);
  }
}
