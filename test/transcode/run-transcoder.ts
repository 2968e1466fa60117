import type { AccessUnit } from '../../src/media/access-unit.js';
import type { VideoTrack } from '../../src/media/track.js';
import { createTranscoder, type NativeTranscoderOptions } from '../../src/transcode/native-transcoder.js';
import type { Transcoder, TranscoderListener, TranscoderStats } from '../../src/transcode/transcoder.js';

/** A limit that no test reaches, however slow the machine. */
export const NEVER_LATE = 3_600_000;

export interface RungOutput {
  readonly tracks: VideoTrack[];
  readonly units: AccessUnit[];
}

/** Everything a transcoder said, in order of arrival for each rung. */
export class Recorder implements TranscoderListener {
  readonly rungs: RungOutput[];
  readonly errors: Error[] = [];
  ends = 0;
  readonly ended: Promise<void>;
  #resolveEnded: () => void = () => undefined;

  constructor(rungs: number) {
    this.rungs = Array.from({ length: rungs }, () => ({ tracks: [], units: [] }));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  rung(index: number): RungOutput {
    const rung = this.rungs[index];
    if (rung === undefined) throw new Error(`there is no rung ${index}`);
    return rung;
  }

  onTrack(rung: number, track: VideoTrack): void {
    this.rung(rung).tracks.push(track);
  }

  onUnits(rung: number, units: readonly AccessUnit[]): void {
    if (this.rung(rung).tracks.length === 0) throw new Error('units came before the track');
    this.rung(rung).units.push(...units);
  }

  onEnd(): void {
    this.ends += 1;
    this.#resolveEnded();
  }

  onError(error: Error): void {
    this.errors.push(error);
  }
}

/** Pushes all units, finishes, and waits for the end. */
export async function transcode(
  options: NativeTranscoderOptions,
  units: readonly AccessUnit[],
): Promise<{ recorder: Recorder; transcoder: Transcoder; stats: TranscoderStats }> {
  const recorder = new Recorder(options.rungs.length);
  const transcoder = createTranscoder({ maxLag: NEVER_LATE, ...options }, recorder);
  for (const unit of units) transcoder.push(unit);
  transcoder.finish();
  await recorder.ended;
  return { recorder, transcoder, stats: transcoder.stats() };
}
