import { Epoch, type EpochOptions } from '../../src/origin/epoch.js';
import { Presentation } from '../../src/origin/presentation.js';
import { WALL_CLOCK, audioTrack, frame, sound, started, videoTrack } from './synthetic-stream.js';

export function newPresentation(window = 60, firstMsn = 0): Presentation {
  return new Presentation({ id: 'p', firstMsn, firstOrdinal: 0, firstIFrame: firstMsn, window });
}

export const SILENT = {
  partAdded: () => undefined,
  forcedBoundary: () => undefined,
  transcoderFailed: () => undefined,
  cueDropped: () => undefined,
  closed: () => undefined,
};

export function newEpoch(
  presentation: Presentation,
  over: Partial<EpochOptions> = {},
  wallClockZero = WALL_CLOCK,
): Epoch {
  return new Epoch({
    presentation,
    start: started(videoTrack(), audioTrack(), wallClockZero),
    partTarget: 0.2,
    segmentTarget: 2,
    rungs: [],
    createTranscoder: undefined,
    listener: SILENT,
    ...over,
  });
}

/** Pushes frames [from, to) and the sound that goes with them. */
export function feed(epoch: Epoch, from: number, to: number, gop = 60, after?: (n: number) => void): void {
  let audio = Math.ceil((from / 30) * (48_000 / 1024));
  for (let n = from; n < to; n++) {
    epoch.push('video', frame(n, gop));
    while (audio * 1024 < ((n + 1) / 30) * 48_000) epoch.push('audio', sound(audio++));
    after?.(n);
  }
}
