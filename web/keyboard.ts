/** The player's keys; they work wherever the focus is, but never take a key from a control that needs it. */
import type { Controls } from './controls.js';
import type { Playback } from './playback.js';

const SEEK_SECONDS = 5;

export function wireKeyboard(playback: Playback, controls: Controls): void {
  const actions: Record<string, () => void> = {
    ' ': () => controls.togglePlay(),
    k: () => controls.togglePlay(),
    m: () => controls.toggleMute(),
    f: () => controls.toggleFullscreen(),
    ArrowLeft: () => playback.seek(playback.video.currentTime - SEEK_SECONDS),
    ArrowRight: () => playback.seek(playback.video.currentTime + SEEK_SECONDS),
    ArrowUp: () => controls.stepVolume(1),
    ArrowDown: () => controls.stepVolume(-1),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined || isTakenBy(event.target, event.key)) return;
    event.preventDefault();
    action();
  });
}

/** Space presses a focused button or link; arrows move a focused slider. */
function isTakenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === ' ') return target.matches('button, a');
  return key.startsWith('Arrow') && target.matches('input');
}
