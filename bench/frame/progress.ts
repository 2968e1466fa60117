/** Progress of a bench: a line rewritten in place on a terminal, a line for each step elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #name: string;
  readonly #started = performance.now();
  #last = '';

  constructor(name: string, stream: NodeJS.WriteStream = process.stdout) {
    this.#name = name;
    this.#stream = stream;
  }

  /** Seconds since it began. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  show(done: number, what: string): void {
    const percent = String(Math.floor(done * 100)).padStart(3);
    const line = `[bench] ${this.#name} ${percent} %  ${what}`;
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[K${line.slice(0, this.#stream.columns - 1)}`);
    else if (what !== this.#last) this.#stream.write(`${line}\n`);
    this.#last = what;
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
