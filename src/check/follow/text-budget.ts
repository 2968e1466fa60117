/** Bytes of playlist text kept for evidence, over all renditions. */
const MAX_TEXT = 128 * 1024 * 1024;

/** Gives out memory for texts until there is none left. */
export class TextBudget {
  #left = MAX_TEXT;
  exhausted = false;

  keep(text: string): string {
    if (text.length > this.#left) {
      this.exhausted = true;
      return '';
    }
    this.#left -= text.length;
    return text;
  }
}
