/** The element with this id; the page's own HTML has it. */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** A new element of this class. */
export function make(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/** Shows another symbol of the page's sprite in a button. */
export function setIcon(button: HTMLElement, icon: string): void {
  button.querySelector('use')?.setAttribute('href', `#icon-${icon}`);
}

/** Sets the text only when it differs, so that screen readers are not told the same thing again. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
