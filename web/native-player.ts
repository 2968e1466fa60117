/** The player where the browser itself plays HLS and has no Media Source Extensions (older iPhones). */
import type { AudioTrack, LiveWindow, Player, PlayerEvents, Quality } from './player.js';

export class NativePlayer implements Player {
  readonly qualities: readonly Quality[] = [];
  readonly currentQuality = -1;
  readonly chosenQuality = -1;
  readonly audioTracks: readonly AudioTrack[] = [];
  readonly currentAudio = -1;
  readonly #video: HTMLVideoElement;
  readonly #onError: () => void;

  constructor(video: HTMLVideoElement, playlist: string, events: PlayerEvents) {
    this.#video = video;
    this.#onError = () => events.failed(video.error?.message ?? 'media error');
    video.addEventListener('error', this.#onError);
    video.src = playlist;
  }

  choose(): void {}

  chooseAudio(): void {}

  window(): LiveWindow | null {
    const { seekable } = this.#video;
    if (seekable.length === 0) return null;
    return { start: seekable.start(0), edge: seekable.end(seekable.length - 1) };
  }

  latency(): number | null {
    const window = this.window();
    return window === null ? null : window.edge - this.#video.currentTime;
  }

  /** The browser holds its own distance from the live edge. */
  pacing(): null {
    return null;
  }

  playingDate(): number | null {
    const start = (this.#video as HTMLVideoElement & { getStartDate?: () => Date })
      .getStartDate?.()
      .getTime();
    return start === undefined || Number.isNaN(start) ? null : start + this.#video.currentTime * 1000;
  }

  destroy(): void {
    this.#video.removeEventListener('error', this.#onError);
    this.#video.removeAttribute('src');
    this.#video.load();
  }
}
