import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AccessUnit } from '../media/access-unit.js';
import type { VideoCodec } from '../media/codec.js';
import type { Rational } from '../media/time.js';
import type { TranscoderStats } from './transcoder.js';

/** One rung as the addon takes it: even pixels, bits per second. */
export interface NativeRung {
  readonly width: number;
  readonly height: number;
  readonly videoBitrate: number;
}

export interface NativeOptions {
  readonly codec: VideoCodec;
  /** The source's `VideoTrack.decoderConfig`. */
  readonly record: Uint8Array;
  readonly frameRate: Rational;
  /** A libx264 preset. */
  readonly preset: string;
  /** How many ms after its push a picture may begin to be encoded; later ones are skipped, keyframes never. */
  readonly maxLag: number;
  readonly rungs: readonly NativeRung[];
}

/** What the addon delivers, in order; all that is ready comes in one call. */
export type NativeEvent =
  | { readonly type: 'track'; readonly rung: number; readonly record: Buffer }
  | { readonly type: 'units'; readonly rung: number; readonly units: readonly AccessUnit[] }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'end' };

export interface NativeTranscoder {
  push(
    data: Uint8Array,
    pts: number,
    dts: number,
    duration: number,
    keyframe: boolean,
    arrival: number,
  ): boolean;
  finish(): void;
  close(): void;
  stats(): TranscoderStats;
}

export interface Addon {
  /** Version of the libavcodec it runs with, such as `59.37.100`. */
  readonly libavcodec: string;
  readonly NativeTranscoder: new (
    options: NativeOptions,
    deliver: (events: readonly NativeEvent[]) => void,
  ) => NativeTranscoder;
}

export type AddonState =
  | { readonly available: true; readonly addon: Addon }
  | { readonly available: false; readonly reason: string };

const require = createRequire(import.meta.url);
/** The package's root, as far above `src/transcode` as above `dist/transcode`. */
const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

let loaded: AddonState | undefined;

/**
 * Loads the native addon: the one built here (`build/Release`), else a prebuilt one (`prebuilds/`). Never throws;
 * the reason is one line for the log. `MILLRACE_NO_ADDON=1` makes it unavailable.
 */
export function loadAddon(): AddonState {
  if (process.env['MILLRACE_NO_ADDON'] === '1') {
    return { available: false, reason: 'MILLRACE_NO_ADDON is set' };
  }
  loaded ??= load();
  return loaded;
}

function load(): AddonState {
  try {
    const nodeGypBuild = require('node-gyp-build') as (root: string) => Addon;
    return { available: true, addon: nodeGypBuild(packageRoot) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { available: false, reason: message.split('\n', 1)[0] ?? message };
  }
}
