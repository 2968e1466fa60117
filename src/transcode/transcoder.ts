import type { AccessUnit } from '../media/access-unit.js';
import type { VideoTrack } from '../media/track.js';

/** One rung of the ladder, resolved for a given source. */
export interface RungSpec {
  readonly name: string;
  /** Even pixels; never larger than the source. */
  readonly width: number;
  readonly height: number;
  /** Target bits per second. */
  readonly videoBitrate: number;
}

export interface TranscoderOptions {
  readonly source: VideoTrack;
  readonly rungs: readonly RungSpec[];
}

/** All callbacks come on the event loop, never from inside `push`. */
export interface TranscoderListener {
  /** A rung's track is known (from the encoder's extradata); comes before its first unit. */
  onTrack(rung: number, track: VideoTrack): void;
  /** Encoded units of one rung in decode order. `arrival` is that of the source unit they came from. */
  onUnits(rung: number, units: readonly AccessUnit[]): void;
  /** Everything pushed before `finish` has come out. Exactly once, also after an error. */
  onEnd(): void;
  /** The transcoder stopped for good; `onEnd` follows. The source rendition goes on without it. */
  onError(error: Error): void;
}

export interface RungStats {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesDropped: number;
  readonly bytesOut: number;
  /** Source arrival to encoded unit, ms, most recent. */
  readonly lagMs: number;
  readonly queueLength: number;
}

export interface TranscoderStats {
  readonly unitsIn: number;
  readonly unitsDropped: number;
  readonly decodeErrors: number;
  readonly rungs: readonly RungStats[];
}

/** Decodes one source and encodes every rung on native threads; nothing here blocks the event loop. */
export interface Transcoder {
  /** Queues one source unit. False when the queue was full and the unit was dropped (the decoder resumes at the next keyframe). */
  push(unit: AccessUnit): boolean;
  /** No more units; drains the encoders, then `onEnd`. */
  finish(): void;
  /** Stops at once and frees everything; nothing is called afterwards. Safe to call twice. */
  close(): void;
  stats(): TranscoderStats;
}
