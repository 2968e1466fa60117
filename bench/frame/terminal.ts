import type { Comparison } from './compare.js';
import type { Figure } from './figures.js';
import { formatLoad, formatNumber } from './format.js';
import type { Results } from './results.js';

/** A summary for people: one line for each figure, under the heading of its group. */
export function renderTable(results: Results, comparisons: ReadonlyMap<string, Comparison>): string {
  const lines: string[] = [];
  for (const bench of results.benches) {
    lines.push('', `${bench.title} (${bench.seconds.toFixed(0)} s)`);
    const width = Math.max(0, ...bench.figures.map(({ subject }) => subject.length));
    for (const [group, figures] of groupFigures(bench.figures)) {
      lines.push(`  ${group}, ${figures[0]!.unit}`);
      for (const figure of figures) {
        lines.push(`    ${figureLine(figure, width, comparisons.get(figure.id))}`);
      }
    }
    for (const note of bench.notes) lines.push(`  ${note}`);
  }
  lines.push('', formatLoad(results.load, results.machine.cores));
  return lines.join('\n');
}

/** Figures by their group, in the order of their first. */
export function groupFigures(figures: readonly Figure[]): Map<string, Figure[]> {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) groups.set(figure.group, [...(groups.get(figure.group) ?? []), figure]);
  return groups;
}

function figureLine(figure: Figure, width: number, comparison: Comparison | undefined): string {
  const { median, low, high, count } = figure.summary;
  const spread = `${formatNumber(low)} to ${formatNumber(high)}`;
  const parts = [
    figure.subject.padEnd(width),
    formatNumber(median).padStart(8),
    `(${spread}, ${count} ${count === 1 ? 'sample' : 'samples'})`,
  ];
  if (figure.goal !== undefined) parts.push(`${figure.goal.text}: ${figure.goal.met ? 'reached' : 'MISSED'}`);
  if (comparison !== undefined) parts.push(formatComparison(comparison));
  return parts.join('  ');
}

const formatComparison = ({ ratio, noise, verdict }: Comparison): string =>
  `x${ratio.toFixed(2)} ± ${noise.toFixed(2)} of the baseline: ${verdict}`;
