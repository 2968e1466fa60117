import type { AudioTrack, VideoTrack } from '../media/track.js';
import type { Remedy } from './advice.js';
import type { EncoderClaims } from './claims.js';
import type { PictureFormat } from './codec-format.js';
import type { Figures } from './figures.js';
import type { FindingCode, Severity, Unit } from './finding.js';
import type { KeyframeInterval } from './keyframe-distances.js';

/** All that is known of a publisher's stream at one instant. */
export interface StreamFacts {
  /** Both undefined until the tracks are known. */
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  readonly format: PictureFormat | undefined;
  readonly figures: Figures;
  readonly keyframes: KeyframeInterval | undefined;
  /** Seconds of picture since the newest keyframe. */
  readonly sinceKeyframe: number;
  readonly claims: EncoderClaims;
  readonly troubles: Troubles;
  /** How long segments are to be, in seconds. */
  readonly segmentTarget: number;
}

/** What went wrong since the publish began. */
export interface Troubles {
  readonly jumps: number;
  readonly formatChanges: number;
  readonly ignored: number;
  /** Why the last message was ignored, and the last whose format is not carried; empty before there is one. */
  readonly ignoredFor: string;
  readonly unsupported: string;
}

/** What a rule sees at one instant. */
export interface Observation {
  readonly severity: Severity;
  readonly value?: number;
  readonly unit?: Unit;
  /** One sentence without a full stop. */
  readonly message: string;
  readonly remedy: Remedy;
}

/** Looks at a stream for one thing that can be wrong with it. */
export interface Rule {
  readonly code: FindingCode;
  /** Looks in a row, one each second of media, that must see it before it is found. */
  readonly appearsAfter: number;
  /** And looks in a row that must not see it before it is gone. */
  readonly goesAfter: number;
  /** `found`: it is there already, and goes only at a lower threshold; see {@link exceeds}. */
  look(facts: StreamFacts, found: boolean): Observation | undefined;
}

/** Share of a threshold that a value must fall under before what was found is gone. */
const RELEASE = 0.8;

/** True above the limit, and for what has been found already as long as it is not clearly below. */
export const exceeds = (value: number, limit: number, found: boolean): boolean =>
  value > (found ? limit * RELEASE : limit);

/** For what can be told from one look, such as a format. */
export const AT_ONCE = { appearsAfter: 1, goesAfter: 1 } as const;

/** For what is measured and varies. */
export const STEADILY = { appearsAfter: 3, goesAfter: 10 } as const;
