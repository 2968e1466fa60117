import type { Summary } from './statistics.js';
import { summarise } from './statistics.js';

/** What a figure ought to be, and the sentence that says so. */
export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

/** One measured thing. */
export interface Figure {
  /** Names it over all runs, for comparing. */
  readonly id: string;
  /** What is measured, under which conditions: the figures of one group stand side by side. */
  readonly group: string;
  /** Whose it is. */
  readonly subject: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly samples: readonly number[];
  readonly summary: Summary;
  readonly goal?: Goal;
}

/** Values over something that rises, for a line chart. */
export interface Series {
  readonly title: string;
  readonly xUnit: string;
  readonly yUnit: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

/** All that one bench found. */
export interface BenchResult {
  readonly name: string;
  readonly title: string;
  /** Under which conditions, one sentence each. */
  readonly conditions: readonly string[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
  readonly series: readonly Series[];
  readonly seconds: number;
}

export interface FigureInput extends Omit<Figure, 'id' | 'summary' | 'goal'> {
  readonly goal?: ((summary: Summary) => Goal) | undefined;
}

/** Gathers what a bench finds while it runs. */
export class Recorder {
  readonly #bench: string;
  readonly #figures: Figure[] = [];
  readonly #series: Series[] = [];
  readonly #conditions: string[] = [];
  readonly #notes: string[] = [];

  constructor(bench: string) {
    this.#bench = bench;
  }

  figure({ goal, ...input }: FigureInput): void {
    const summary = summarise(input.samples);
    const id = `${this.#bench}: ${input.group}: ${input.subject}`;
    this.#figures.push({ id, ...input, summary, ...(goal === undefined ? {} : { goal: goal(summary) }) });
  }

  series(series: Series): void {
    this.#series.push(series);
  }

  condition(sentence: string): void {
    this.#conditions.push(sentence);
  }

  note(sentence: string): void {
    this.#notes.push(sentence);
  }

  finish(title: string, seconds: number): BenchResult {
    return {
      name: this.#bench,
      title,
      conditions: this.#conditions,
      notes: this.#notes,
      figures: this.#figures,
      series: this.#series,
      seconds,
    };
  }
}

/** Sample by sample, for measurements that were taken in turns. */
export const ratios = (samples: readonly number[], to: readonly number[]): number[] =>
  samples.slice(0, to.length).map((sample, index) => sample / to[index]!);

/** A goal that the median be at most `limit`. */
export const atMost =
  (limit: number, text: string) =>
  ({ median }: Summary): Goal => ({ text, met: median <= limit });
