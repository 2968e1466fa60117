/** Marks the stage as idle when the viewer has not touched it for a while, so that the controls can go. */
const IDLE_AFTER_MS = 2600;

export function wireIdle(stage: HTMLElement, mayHide: () => boolean): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hide = (): void => {
    if (mayHide() && stage.querySelector(':focus-visible') === null) stage.classList.add('is-idle');
    else wake();
  };
  const wake = (): void => {
    stage.classList.remove('is-idle');
    clearTimeout(timer);
    timer = setTimeout(hide, IDLE_AFTER_MS);
  };
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
    stage.addEventListener(event, wake);
  }
  stage.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse' && mayHide()) stage.classList.add('is-idle');
  });
  wake();
}
