import { MillraceError } from '../errors.js';
import type { Cue } from './cue.js';
import { MAX_TRACK_SKEW_MS } from './epoch.js';
import type { TimelineCue } from './timeline-events.js';
import type { Milliseconds, TimestampUnwrapper, WireTimestamp } from './timestamp.js';
import { TokenBucket } from './token-bucket.js';

/** One data message that speaks of an instant of the stream. */
export interface RawCue {
  readonly timestamp: WireTimestamp;
  readonly cue: Cue;
  /** When it arrived, ms since the Unix epoch. */
  readonly arrival: number;
}

/** Cues carried: so many at once, then one in so many ms. Every one stands in every playlist for as long as its media. */
const RATE = { burst: 20, interval: 500 };

/** Cues held until there is a timeline. */
export const MAX_HELD_CUES = 64;

/** Holds a publisher's cues until its media have a timeline, and places them on it. */
export class CueHolder {
  readonly #rate = new TokenBucket(RATE.burst, RATE.interval);
  #held: RawCue[] = [];

  /** @throws MillraceError RTMP_LIMIT */
  add(raw: RawCue): void {
    if (this.#held.length >= MAX_HELD_CUES || !this.#rate.take(raw.arrival))
      throw new MillraceError('RTMP_LIMIT', 'more cue points than are carried');
    this.#held.push(raw);
  }

  /**
   * All that is held, in order. A cue whose timestamp is far from the media's, mostly a 0 of an encoder that writes none,
   * is meant for now.
   *
   * @param clock of the media
   * @param zero its time at media time 0
   */
  release(clock: TimestampUnwrapper, zero: Milliseconds): TimelineCue[] {
    if (this.#held.length === 0) return NONE;
    const held = this.#held;
    this.#held = [];
    return held.map(({ timestamp, cue }) => {
      const stamped = clock.near(timestamp);
      const said = Math.abs(stamped - clock.time) <= MAX_TRACK_SKEW_MS ? stamped : clock.time;
      return { type: 'cue', time: Math.max(0, said + cue.offset - zero), cue };
    });
  }
}

const NONE: TimelineCue[] = [];
