import type { Figure } from './figures.js';
import type { Results } from './results.js';
import { noiseOf } from './statistics.js';

export type Verdict = 'better' | 'worse' | 'same';

/** A figure beside that of a baseline. */
export interface Comparison {
  readonly id: string;
  /** Median now by median then. */
  readonly ratio: number;
  /** How far the ratio may be from 1 by chance, from the spread of both. */
  readonly noise: number;
  readonly verdict: Verdict;
}

/** The figures that both runs have, by id. */
export function compare(now: Results, then: Results): Map<string, Comparison> {
  const before = new Map(figuresOf(then).map((figure) => [figure.id, figure]));
  const comparisons = new Map<string, Comparison>();
  for (const figure of figuresOf(now)) {
    const other = before.get(figure.id);
    if (other !== undefined && other.summary.median !== 0) {
      comparisons.set(figure.id, compareFigures(figure, other));
    }
  }
  return comparisons;
}

function compareFigures(now: Figure, then: Figure): Comparison {
  const ratio = now.summary.median / then.summary.median;
  const noise = Math.hypot(noiseOf(now.summary), noiseOf(then.summary));
  return { id: now.id, ratio, noise, verdict: judge(ratio, noise, now.better) };
}

function judge(ratio: number, noise: number, better: Figure['better']): Verdict {
  if (Math.abs(ratio - 1) <= noise) return 'same';
  return ratio < 1 === (better === 'lower') ? 'better' : 'worse';
}

const figuresOf = (results: Results): Figure[] => results.benches.flatMap((bench) => bench.figures);
