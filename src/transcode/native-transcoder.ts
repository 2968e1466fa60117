import { MillraceError } from '../errors.js';
import type { AccessUnit } from '../media/access-unit.js';
import { describeVideoTrack } from '../media/describe-track.js';
import type { VideoTrack } from '../media/track.js';
import { parseVideoConfig } from '../media/video-config.js';
import { loadAddon } from './addon.js';
import type { Addon, NativeEvent, NativeTranscoder } from './addon.js';
import type { Transcoder, TranscoderListener, TranscoderOptions, TranscoderStats } from './transcoder.js';

/** Measured: the best trade of processor time for quality at one frame of delay. */
export const DEFAULT_PRESET = 'veryfast';

/**
 * ms that overload may add to a rung's latency before it skips pictures: what a burst or a stall of the machine
 * may take without costing a frame, and less than the viewers' distance from the live edge.
 */
export const DEFAULT_MAX_LAG = 400;

export interface NativeTranscoderOptions extends TranscoderOptions {
  /** A libx264 preset; `veryfast` when left out. */
  readonly preset?: string;
  /** How many ms after its push a picture may begin to be encoded; `DEFAULT_MAX_LAG` when left out. */
  readonly maxLag?: number;
}

/**
 * Starts a transcoder for the units of one epoch: `options.source` is their track, and their times rise.
 *
 * Each rung has the presentation times, durations and arrivals of the source's units and no reordering, so its
 * decode times equal its presentation times. Its keyframes are those of the source and no others. An
 * encoder that cannot keep up skips the pictures that are late, never a keyframe; a decoder that cannot drops
 * whole groups of pictures, for all rungs alike.
 *
 * The process is not kept alive by an open transcoder, but by one that was told to finish, until its end.
 *
 * @throws MillraceError TRANSCODE_UNAVAILABLE without the addon; TRANSCODE_FAILED when it refuses the options.
 */
export function createTranscoder(options: NativeTranscoderOptions, listener: TranscoderListener): Transcoder {
  const state = loadAddon();
  if (!state.available) throw new MillraceError('TRANSCODE_UNAVAILABLE', state.reason);
  return new AddonTranscoder(state.addon, options, listener);
}

class AddonTranscoder implements Transcoder {
  readonly #source: VideoTrack;
  readonly #listener: TranscoderListener;
  readonly #native: NativeTranscoder;
  #closed = false;

  constructor(addon: Addon, options: NativeTranscoderOptions, listener: TranscoderListener) {
    this.#source = options.source;
    this.#listener = listener;
    try {
      this.#native = new addon.NativeTranscoder(
        {
          codec: options.source.codec,
          record: options.source.decoderConfig,
          frameRate: options.source.frameRate,
          preset: options.preset ?? DEFAULT_PRESET,
          maxLag: options.maxLag ?? DEFAULT_MAX_LAG,
          rungs: options.rungs,
        },
        (events) => this.#deliver(events),
      );
    } catch (error) {
      throw new MillraceError('TRANSCODE_FAILED', `the transcoder did not start: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  push(unit: AccessUnit): boolean {
    return this.#native.push(unit.data, unit.pts, unit.dts, unit.duration, unit.keyframe, unit.arrival);
  }

  finish(): void {
    this.#native.finish();
  }

  close(): void {
    this.#closed = true;
    this.#native.close();
  }

  stats(): TranscoderStats {
    return this.#native.stats();
  }

  #deliver(events: readonly NativeEvent[]): void {
    for (const event of events) {
      // A listener may close the transcoder while it handles one of the batch.
      if (this.#closed) return;
      this.#dispatch(event);
    }
  }

  #dispatch(event: NativeEvent): void {
    switch (event.type) {
      case 'track':
        return this.#listener.onTrack(event.rung, this.#trackOf(event.record));
      case 'units':
        return this.#listener.onUnits(event.rung, event.units);
      case 'error':
        return this.#listener.onError(new MillraceError('TRANSCODE_FAILED', event.message));
      case 'end':
        return this.#listener.onEnd();
    }
  }

  #trackOf(decoderConfig: Buffer): VideoTrack {
    return describeVideoTrack(parseVideoConfig('avc', decoderConfig), {
      frameRate: this.#source.frameRate,
    });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
