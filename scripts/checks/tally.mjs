/** @typedef {{ passed: number, failed: number, skipped?: number }} Count */

export class Tally {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  /** @type {string[]} */
  #failures = [];

  /**
   * @param {string} step
   * @param {Count} count
   */
  add(step, { passed, failed, skipped = 0 }) {
    this.#passed += passed;
    this.#failed += failed;
    this.#skipped += skipped;
    if (failed > 0) this.#failures.push(step);
  }

  /** 0 only when something ran and nothing failed. */
  get exitCode() {
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }

  /** @returns {string} its last line is `N passed, N failed` */
  toString() {
    const lines = [];
    if (this.#failures.length > 0) lines.push(`Failed: ${this.#failures.join('; ')}`);
    if (this.#skipped > 0) lines.push(`Skipped: ${String(this.#skipped)}`);
    lines.push(`${String(this.#passed)} passed, ${String(this.#failed)} failed`);
    return lines.join('\n');
  }
}
