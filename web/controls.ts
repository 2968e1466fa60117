/** The buttons under the picture: play, sound, live, picture-in-picture, full screen. */
import { element, setIcon } from './dom.js';
import { formatLatency } from './format.js';
import type { Playback } from './playback.js';

const VOLUME_KEY = 'millrace.volume';
const VOLUME_STEP = 0.1;

export class Controls {
  readonly #playback: Playback;
  readonly #stage = element('stage');
  readonly #play = element('play');
  readonly #mute = element('mute');
  readonly #volume = element('volume') as HTMLInputElement;
  readonly #unmute = element('unmute');
  readonly #live = element('live');
  readonly #liveLabel = element('live-label');
  readonly #latency = element('latency');
  readonly #pip = element('pip');
  readonly #fullscreen = element('fullscreen');

  constructor(playback: Playback) {
    this.#playback = playback;
    const { video } = playback;
    video.volume = storedVolume();
    this.#play.addEventListener('click', () => this.togglePlay());
    element('centre-play').addEventListener('click', () => this.togglePlay());
    this.#mute.addEventListener('click', () => this.toggleMute());
    this.#unmute.addEventListener('click', () => this.toggleMute());
    this.#volume.addEventListener('input', () => this.#setVolume(Number(this.#volume.value)));
    this.#live.addEventListener('click', () => playback.goLive());
    for (const event of ['play', 'pause', 'emptied']) video.addEventListener(event, () => this.#showPlay());
    video.addEventListener('volumechange', () => this.#showVolume());
    this.#wirePictureInPicture();
    this.#wireFullscreen();
    this.#showPlay();
    this.#showVolume();
  }

  togglePlay(): void {
    if (this.#playback.video.paused) void this.#playback.play();
    else this.#playback.pause();
  }

  toggleMute(): void {
    const { video } = this.#playback;
    if (video.muted && video.volume === 0) video.volume = 0.5;
    video.muted = !video.muted;
  }

  /** Louder (1) or quieter (-1) by one step. */
  stepVolume(direction: 1 | -1): void {
    const { video } = this.#playback;
    const from = video.muted ? 0 : video.volume;
    this.#setVolume(Math.min(1, Math.max(0, from + direction * VOLUME_STEP)));
  }

  toggleFullscreen(): void {
    const video = this.#playback.video as HTMLVideoElement & { webkitEnterFullscreen?: () => void };
    if (document.fullscreenElement !== null && document.fullscreenElement !== undefined) {
      void document.exitFullscreen();
    } else if (document.fullscreenEnabled) {
      this.#stage.requestFullscreen().catch(() => {});
    } else {
      video.webkitEnterFullscreen?.();
    }
  }

  /** `latency` is seconds behind the camera, `null` while unknown. */
  showLatency(latency: number | null): void {
    const behind = !this.#playback.isFollowing;
    const text = latency === null ? '' : formatLatency(latency);
    this.#live.classList.toggle('is-behind', behind);
    this.#liveLabel.textContent = behind ? 'Go live' : 'LIVE';
    this.#latency.textContent = behind && text !== '' ? `−${text}` : text;
    const spoken = text === '' ? '' : `, ${text} behind the camera`;
    this.#live.setAttribute('aria-label', behind ? `Go live${spoken}` : `Live${spoken}`);
  }

  #setVolume(volume: number): void {
    const { video } = this.#playback;
    video.volume = volume;
    video.muted = volume === 0;
    storeVolume(volume);
  }

  #showPlay(): void {
    const { paused } = this.#playback.video;
    setIcon(this.#play, paused ? 'play' : 'pause');
    this.#play.setAttribute('aria-label', paused ? 'Play' : 'Pause');
  }

  #showVolume(): void {
    const { muted, volume } = this.#playback.video;
    const silent = muted || volume === 0;
    setIcon(this.#mute, silent ? 'muted' : 'sound');
    this.#mute.setAttribute('aria-label', silent ? 'Turn on sound' : 'Turn off sound');
    this.#volume.value = String(muted ? 0 : volume);
    this.#volume.style.setProperty('--filled', `${muted ? 0 : volume * 100}%`);
    this.#unmute.hidden = !silent;
  }

  #wirePictureInPicture(): void {
    const { video } = this.#playback;
    this.#pip.hidden = !document.pictureInPictureEnabled;
    this.#pip.addEventListener('click', () => {
      const done = document.pictureInPictureElement
        ? document.exitPictureInPicture()
        : video.requestPictureInPicture();
      done.catch(() => {});
    });
  }

  #wireFullscreen(): void {
    const { video } = this.#playback;
    this.#fullscreen.hidden = !document.fullscreenEnabled && !('webkitEnterFullscreen' in video);
    this.#fullscreen.addEventListener('click', () => this.toggleFullscreen());
    video.addEventListener('dblclick', () => this.toggleFullscreen());
    document.addEventListener('fullscreenchange', () => {
      const full = document.fullscreenElement !== null;
      setIcon(this.#fullscreen, full ? 'shrink' : 'expand');
      this.#fullscreen.setAttribute('aria-label', full ? 'Leave full screen' : 'Full screen');
    });
  }
}

/** Storage may be forbidden; the volume is then simply not remembered. */
function storedVolume(): number {
  try {
    const volume = Number(localStorage.getItem(VOLUME_KEY) ?? 1);
    return volume > 0 && volume <= 1 ? volume : 1;
  } catch {
    return 1;
  }
}

function storeVolume(volume: number): void {
  try {
    localStorage.setItem(VOLUME_KEY, String(volume));
  } catch {
    // Not remembered, see above.
  }
}
