import type { AccessUnit } from './access-unit.js';
import type { TrackId } from './codec.js';
import type { Cue } from './cue.js';
import type { Milliseconds } from './timestamp.js';
import type { AlternateTrack, AudioTrack, VideoTrack } from './track.js';

/** The tracks of an epoch are known; units follow. At least one track is present. */
export interface TimelineStart {
  readonly type: 'start';
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  /** Tracks beside the two above, of an encoder that sends several of a kind. */
  readonly alternates: readonly AlternateTrack[];
  /** Wall clock (ms since the Unix epoch) of media time 0: the earliest that the arrivals seen so far allow. */
  readonly wallClockZero: number;
}

export interface TimelineUnit {
  readonly type: 'unit';
  readonly kind: 'video' | 'audio';
  /** Undefined: of the `video` or `audio` of the start. Else the alternate of that kind with this id. */
  readonly alternate?: TrackId;
  readonly unit: AccessUnit;
}

/** Timestamps jumped or a track changed: the epoch is over. A new `start` follows when the new tracks are known. */
export interface TimelineDiscontinuity {
  readonly type: 'discontinuity';
  readonly reason: string;
}

/** The publisher said something of an instant of its stream, which may lie ahead. */
export interface TimelineCue {
  readonly type: 'cue';
  /** On the epoch's timeline; never before 0. */
  readonly time: Milliseconds;
  readonly cue: Cue;
}

export type TimelineEvent = TimelineStart | TimelineUnit | TimelineCue | TimelineDiscontinuity;
