/**
 * The video element, the player that feeds it and the latency controller that paces it, as one thing. It tells
 * the page what happens to the picture and carries out what the viewer wants of it.
 */
import { bufferAhead } from './buffer.js';
import { LatencyController } from './latency-controller.js';
import { LastFrame } from './last-frame.js';
import type { PageEvent } from './page-state.js';
import type { Player, PlayerEvents } from './player.js';

export type MakePlayer = (video: HTMLVideoElement, playlist: string, events: PlayerEvents) => Player;

/** After a stall the playhead must have moved this far before the picture counts as moving again. */
const RESUMED_AFTER = 0.05;
/** Not waiting for data by its own account, yet not moving for this long, counts as a stall. */
const STANDSTILL = 0.7;
/** A seek may take longer than that. */
const SEEK_STANDSTILL = 3;
/** A playhead within this of its target distance is at the live edge. */
const LIVE_TOLERANCE = 0.8;

export interface PlaybackHooks extends Omit<PlayerEvents, 'failed'> {
  event(event: PageEvent): void;
}

export class Playback {
  readonly video: HTMLVideoElement;
  stalls = 0;
  rebuilds = 0;
  #player: Player | null = null;
  readonly #hooks: PlaybackHooks;
  readonly #lastFrame: LastFrame;
  readonly #controller = new LatencyController();
  /** At the live edge by the viewer's will: false once they pause or seek back. */
  #following = true;
  /** By the viewer's will, or the browser's; not because a new source was attached. */
  #paused = false;
  #moving = false;
  /** The present player has shown a moving picture. */
  #started = false;
  #lastTime = 0;
  #movedAt = 0;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, hooks: PlaybackHooks) {
    this.video = video;
    this.#hooks = hooks;
    this.#lastFrame = new LastFrame(video, canvas);
    video.addEventListener('waiting', () => {
      if (!video.seeking) this.#stalled();
    });
    // After a stall this is the moment to hold the picture, not up to a tick later.
    video.addEventListener('canplay', () => this.tick());
    video.addEventListener('ended', () => hooks.event({ kind: 'ended' }));
    video.addEventListener('pause', () => {
      // An element that failed, or plays again already, was not paused by anybody.
      if (video.ended || !video.paused || video.error !== null || this.#player === null) return;
      this.#following = false;
      this.#paused = true;
      hooks.event({ kind: 'paused' });
    });
    video.addEventListener('play', () => {
      this.#paused = false;
      this.#controller.start(clock());
      this.#movedAt = clock();
      hooks.event({ kind: 'resumed' });
    });
  }

  get player(): Player | null {
    return this.#player;
  }

  get isFollowing(): boolean {
    return this.#following;
  }

  get targetLatency(): number {
    return this.#controller.target;
  }

  get forwardBuffer(): number {
    return bufferAhead(this.video.buffered, this.video.currentTime);
  }

  /** Plays `playlist` from its live edge, in place of whatever was played before. */
  attach(playlist: string, makePlayer: MakePlayer): void {
    if (this.#player !== null) {
      this.#lastFrame.keep();
      this.rebuilds += 1;
      this.#destroyPlayer();
    }
    this.#following = true;
    this.#paused = false;
    this.#moving = false;
    this.#started = false;
    this.#lastTime = 0;
    this.#controller.start(clock());
    this.video.playbackRate = 1;
    const player = makePlayer(this.video, playlist, {
      qualities: () => this.#hooks.qualities(),
      qualityChanged: () => this.#hooks.qualityChanged(),
      audioTracks: () => this.#hooks.audioTracks(),
      failed: () => this.#hooks.event({ kind: 'failed' }),
    });
    this.#player = player;
    void this.play();
  }

  /** Plays; muted, where the browser does not allow sound before the viewer has touched the page. */
  async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      if (this.video.muted) {
        this.#paused = true;
        this.#hooks.event({ kind: 'paused' });
        return;
      }
      this.video.muted = true;
      await this.play();
    }
  }

  pause(): void {
    this.#paused = true;
    this.video.pause();
  }

  goLive(): void {
    const player = this.#player;
    const window = player?.window();
    if (player === null || window == null) return;
    const holdBack = player.pacing()?.holdBack ?? 0;
    const latency = player.latency() ?? 0;
    this.#following = true;
    this.#controller.start(clock());
    const edge = this.video.currentTime + latency;
    this.video.currentTime = Math.max(
      window.start,
      Math.min(edge - Math.max(holdBack, this.targetLatency), window.edge),
    );
    if (this.video.paused) void this.play();
  }

  /** To a place on the video's timeline, kept within what is there to be played. */
  seek(time: number): void {
    const window = this.#player?.window();
    if (window == null) return;
    const newest = window.edge - Math.max(this.targetLatency, 0);
    if (time >= newest) {
      this.goLive();
      return;
    }
    this.#following = false;
    this.video.playbackRate = 1;
    this.video.currentTime = Math.max(time, window.start);
  }

  /** The stall that is under way is the publisher's, not the network's. */
  excuseStall(): void {
    if (this.#started && !this.#moving) this.#controller.excuseStall();
  }

  /** To be called several times a second: notices movement and standstill, and paces the player. */
  tick(): void {
    const now = clock();
    const { video } = this;
    const time = video.currentTime;
    if (this.#player === null || this.#paused || video.ended) {
      this.#movedAt = now;
      this.#lastTime = time;
      return;
    }
    if (video.paused) {
      this.#revive(now);
      return;
    }
    // A picture that is held stands still by our own will.
    if (video.playbackRate === 0) this.#movedAt = now;
    const step = Math.abs(time - this.#lastTime);
    if (step > (this.#moving ? 0 : RESUMED_AFTER) && !video.seeking) {
      if (this.#lastTime !== 0) this.#moved(now);
      this.#lastTime = time;
    } else if (now - this.#movedAt > (video.seeking ? SEEK_STANDSTILL : STANDSTILL)) {
      this.#stalled();
    }
    this.#pace(now);
  }

  /**
   * Paused by nobody: recovering from media that does not decode attaches the element anew, which leaves it paused at
   * a place that may not come back.
   */
  #revive(now: number): void {
    if (now - this.#movedAt <= STANDSTILL) return;
    this.#stalled();
    this.#movedAt = now;
    this.goLive();
  }

  #moved(now: number): void {
    this.#movedAt = now;
    if (!this.#started) this.#controller.start(now);
    this.#started = true;
    this.#moving = true;
    this.#lastFrame.release();
    this.#hooks.event({ kind: 'advanced' });
  }

  #stalled(): void {
    if (!this.#moving || this.#paused || this.video.ended) return;
    this.#moving = false;
    this.#lastTime = this.video.currentTime;
    this.stalls += 1;
    if (this.#following) this.#controller.stalled(clock());
    this.#hooks.event({ kind: 'stalled' });
  }

  #pace(now: number): void {
    const { video } = this;
    const pacing = this.#player?.pacing() ?? null;
    const latency = this.#player?.latency() ?? null;
    if (pacing === null || latency === null) {
      if (video.playbackRate !== 1) video.playbackRate = 1;
      return;
    }
    if (video.seeking) return;
    if (!this.#following) {
      if (latency < Math.max(pacing.holdBack, this.targetLatency) + LIVE_TOLERANCE) this.#following = true;
      return;
    }
    if (!this.#started) return;
    const forwardBuffer = this.forwardBuffer;
    const decision = this.#controller.update({ now, latency, forwardBuffer, ...pacing });
    if (decision.jumpToLive) this.goLive();
    else if (video.playbackRate !== decision.playbackRate) video.playbackRate = decision.playbackRate;
  }

  #destroyPlayer(): void {
    const player = this.#player;
    this.#player = null;
    player?.destroy();
  }
}

/** Seconds on the monotonic clock that every part of the page shares. */
export function clock(): number {
  return performance.now() / 1000;
}
