/**
 * Holds a live player at its distance from the live edge by small changes of the playback rate.
 *
 * Pure: it is told what the player sees several times a second, on a monotonic clock, and answers with the rate
 * to play at. Too far behind it plays slightly faster, but only with media in hand; too close it plays slightly
 * slower. A stall shows that the distance was too small for this network: the target rises a little and comes
 * back down in calm. After a stall the picture is held until there is enough to go on without the next one.
 */

/** What the player sees at one moment; all in seconds. */
export interface LatencySample {
  /** A monotonic clock. */
  readonly now: number;
  /** Distance of the playhead from the live edge, which moves on between playlist updates. */
  readonly latency: number;
  /** Media in hand ahead of the playhead. */
  readonly forwardBuffer: number;
  /** The distance the server asks for: PART-HOLD-BACK, or HOLD-BACK without parts. */
  readonly holdBack: number;
  /** PART-TARGET, or the segment's target duration without parts. */
  readonly partTarget: number;
}

export interface LatencyDecision {
  /** 0 holds the picture while the buffer fills. */
  readonly playbackRate: number;
  /** True once when the live edge is too far away to be caught up with by playing faster. */
  readonly jumpToLive: boolean;
}

export const MIN_RATE = 0.95;
export const MAX_RATE = 1.08;
/** Change of rate per second of error. */
const GAIN = 0.25;
/** An error under the first starts no correction, one under the second ends it. */
const ENGAGE_AT = 0.1;
const RELEASE_AT = 0.03;
/** Time constant of the smoothing of the measured latency. */
const SMOOTHING = 0.6;
/** Playing faster needs this many parts in hand. */
const SPEED_UP_PARTS = 1.5;

/** Further behind the target than this, jump. */
const JUMP_BEHIND = 3;
/** While playback settles (just started, or just resumed) a jump within the buffer is not noticed. */
const SETTLING = 4;
const SETTLING_JUMP_BEHIND = 0.25;
const MIN_BETWEEN_JUMPS = 2;

const STALL_STEP = 0.15;
const MAX_STALL_MARGIN = 1.5;
/** After this long without a stall the margin goes down, by this much per second. */
const CALM = 15;
const DECAY = 0.02;
/** A held picture goes on after this long in any case. */
const MAX_HOLD = 1;

export class LatencyController {
  #smoothed: number | null = null;
  #lastSample = 0;
  #correcting = false;
  #margin = 0;
  #lastStall = -Infinity;
  #lastJump = -Infinity;
  #settlingUntil = -Infinity;
  #holding = false;
  /** What was in hand when the stall was first looked at; when it had become more. */
  #heldWith: number | null = null;
  #refilledAt: number | null = null;
  #target = 0;

  /** The distance from the live edge being aimed at, in seconds; 0 before the first sample. */
  get target(): number {
    return this.#target;
  }

  /** Playback (re)starts: forget what was measured, keep what was learnt from stalls. */
  start(now: number): void {
    this.#smoothed = null;
    this.#correcting = false;
    this.#holding = false;
    this.#settlingUntil = now + SETTLING;
  }

  /** The player ran out of media. */
  stalled(now: number): void {
    this.#margin = Math.min(MAX_STALL_MARGIN, this.#marginAt(now) + STALL_STEP);
    this.#lastStall = now;
    this.#smoothed = null;
    this.#holding = true;
    this.#heldWith = null;
    this.#refilledAt = null;
    this.#settlingUntil = now + SETTLING;
  }

  /** The last stall was not the network's doing (the publisher went away): it teaches nothing. */
  excuseStall(): void {
    this.#margin = Math.max(0, this.#margin - STALL_STEP);
  }

  update(sample: LatencySample): LatencyDecision {
    const { now, latency, forwardBuffer, holdBack, partTarget } = sample;
    this.#target = holdBack + this.#marginAt(now);
    if (this.#holding) {
      const refill = this.#refill(sample);
      if (refill === 'filling') return { playbackRate: 0, jumpToLive: false };
      // The rate stays 1 while nothing comes: at rate 0 hls.js would not look for a hole to step over.
      if (refill === 'empty') return { playbackRate: 1, jumpToLive: false };
      this.#holding = false;
    }

    const error = this.#smooth(now, latency) - this.#target;
    if (this.#mustJump(now, error, forwardBuffer, partTarget)) {
      this.#lastJump = now;
      this.#smoothed = null;
      return { playbackRate: 1, jumpToLive: true };
    }
    this.#correcting = Math.abs(error) > (this.#correcting ? RELEASE_AT : ENGAGE_AT);
    if (!this.#correcting) return { playbackRate: 1, jumpToLive: false };
    const fastest = forwardBuffer < SPEED_UP_PARTS * partTarget ? 1 : MAX_RATE;
    const rate = Math.min(fastest, Math.max(MIN_RATE, 1 + GAIN * error));
    return { playbackRate: Math.round(rate * 100) / 100, jumpToLive: false };
  }

  #marginAt(now: number): number {
    const calm = now - this.#lastStall - CALM;
    return calm > 0 ? Math.max(0, this.#margin - calm * DECAY) : this.#margin;
  }

  #smooth(now: number, latency: number): number {
    const share = 1 - Math.exp(-(now - this.#lastSample) / SMOOTHING);
    this.#smoothed = this.#smoothed === null ? latency : this.#smoothed + share * (latency - this.#smoothed);
    this.#lastSample = now;
    return this.#smoothed;
  }

  /** Parts arrive one at a time, so the buffer that suffices is the target less the part that is under way. */
  #refill({ now, forwardBuffer, partTarget }: LatencySample): 'empty' | 'filling' | 'done' {
    if (forwardBuffer >= Math.max(partTarget, this.#target - partTarget)) return 'done';
    this.#heldWith ??= forwardBuffer;
    if (forwardBuffer > this.#heldWith) this.#refilledAt ??= now;
    if (this.#refilledAt === null) return 'empty';
    return now - this.#refilledAt < MAX_HOLD ? 'filling' : 'done';
  }

  #mustJump(now: number, error: number, forwardBuffer: number, partTarget: number): boolean {
    if (now - this.#lastJump < MIN_BETWEEN_JUMPS) return false;
    if (error > JUMP_BEHIND) return true;
    const buffered = forwardBuffer >= error + SPEED_UP_PARTS * partTarget;
    return now < this.#settlingUntil && error > SETTLING_JUMP_BEHIND && buffered;
  }
}
