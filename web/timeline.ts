/** The slider over the part of the stream that can still be watched; its right end is now. */
import { element } from './dom.js';
import { formatClock } from './format.js';
import type { Playback } from './playback.js';

/** A shorter window than this is not worth a slider, in seconds. */
const SHORTEST_WINDOW = 8;

export class Timeline {
  readonly #playback: Playback;
  readonly #slider = element('timeline') as HTMLInputElement;
  /** Where the window began when the viewer took hold of the slider. */
  #origin: number | null = null;

  constructor(playback: Playback) {
    this.#playback = playback;
    this.#slider.addEventListener('input', () => {
      this.#origin ??= this.#playback.player?.window()?.start ?? null;
      this.#paint();
    });
    this.#slider.addEventListener('change', () => {
      const origin = this.#origin;
      this.#origin = null;
      if (origin !== null) playback.seek(origin + Number(this.#slider.value));
    });
  }

  refresh(): void {
    if (this.#origin !== null) return;
    const window = this.#playback.player?.window() ?? null;
    const length = window === null ? 0 : window.edge - window.start;
    this.#slider.hidden = length < SHORTEST_WINDOW;
    if (window === null || this.#slider.hidden) return;
    const { isFollowing, video } = this.#playback;
    this.#slider.max = length.toFixed(1);
    this.#slider.value = String(isFollowing ? length : video.currentTime - window.start);
    this.#paint();
  }

  #paint(): void {
    const length = Number(this.#slider.max);
    const behind = length - Number(this.#slider.value);
    this.#slider.style.setProperty('--filled', `${length === 0 ? 0 : 100 - (100 * behind) / length}%`);
    this.#slider.setAttribute('aria-valuetext', behind < 1 ? 'live' : `${formatClock(behind)} behind live`);
  }
}
