import { barChart, escapeHtml, lineChart } from './charts.js';
import type { Comparison } from './compare.js';
import type { BenchResult, Figure } from './figures.js';
import { formatLoad, formatNumber } from './format.js';
import type { Results } from './results.js';
import { groupFigures } from './terminal.js';

/** The whole run as one page that needs nothing else. */
export function renderReport(results: Results, comparisons: ReadonlyMap<string, Comparison>): string {
  const { machine, load, at, command, benches } = results;
  const facts = [
    ['When', at],
    ['Command', command],
    ['Machine', `${machine.processor}, ${machine.cores} cores, ${machine.memory} GB`],
    ['System', `${machine.system}, Node ${machine.node}`],
    ['Millrace', machine.millrace],
    ['Load', formatLoad(load, machine.cores)],
  ].map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value!)}</td></tr>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Millrace benchmarks, ${escapeHtml(at.slice(0, 10))}</title>
<style>${STYLE}</style></head><body>
<h1>Millrace benchmarks</h1>
${load.tooBusy ? '<p class="warning">The machine was too busy: these figures are not to be trusted.</p>' : ''}
<table class="facts">${facts.join('')}</table>
${benches.map((bench) => renderBench(bench, comparisons)).join('\n')}
</body></html>
`;
}

function renderBench(bench: BenchResult, comparisons: ReadonlyMap<string, Comparison>): string {
  const groups = [...groupFigures(bench.figures)].map(
    ([group, figures]) =>
      `<h3>${escapeHtml(group)} <small>${escapeHtml(figures[0]!.unit)}, ${figures[0]!.better} is better</small></h3>${barChart(figures)}${table(figures, comparisons)}`,
  );
  const series = bench.series.map((one) => `<h3>${escapeHtml(one.title)}</h3>${lineChart(one)}`);
  return `<section><h2>${escapeHtml(bench.title)} <small>${escapeHtml(bench.name)}</small></h2>
${list(bench.conditions)}
${groups.join('\n')}
${series.join('\n')}
${list(bench.notes)}</section>`;
}

const list = (sentences: readonly string[]): string =>
  sentences.length === 0
    ? ''
    : `<ul>${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>`;

function table(figures: readonly Figure[], comparisons: ReadonlyMap<string, Comparison>): string {
  const compared = figures.some(({ id }) => comparisons.has(id));
  const head = ['', 'median', 'spread', 'lowest', 'highest', 'samples', 'goal'];
  if (compared) head.push('against the baseline');
  const rows = figures.map((figure) => {
    const { median, low, high, min, max, count } = figure.summary;
    const cells = [
      escapeHtml(figure.subject),
      formatNumber(median),
      `${formatNumber(low)} to ${formatNumber(high)}`,
      formatNumber(min),
      formatNumber(max),
      String(count),
      goalCell(figure),
    ];
    if (compared) cells.push(comparisonCell(comparisons.get(figure.id)));
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

function goalCell({ goal }: Figure): string {
  if (goal === undefined) return '';
  const state = goal.met ? 'met' : 'missed';
  return `<span class="${state}">${escapeHtml(goal.text)}: ${goal.met ? 'reached' : 'missed'}</span>`;
}

const comparisonCell = (comparison: Comparison | undefined): string =>
  comparison === undefined
    ? ''
    : `<span class="${comparison.verdict}">× ${comparison.ratio.toFixed(2)} ± ${comparison.noise.toFixed(2)}, ${comparison.verdict}</span>`;

const STYLE = `
:root { color-scheme: light dark; --text: #1c1e21; --soft: #65707c; --line: #d6dbe0; --back: #fff;
  --c0: #2563a8; --c1: #c2571a; --c2: #3c8549; --c3: #8a4fa3; --c4: #a33b4e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ea; --soft: #98a2ad; --line: #3a4149; --back: #16191c;
  --c0: #6aa9ee; --c1: #ee9a63; --c2: #7cc48a; --c3: #c795dd; --c4: #ea8394; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
small { color: var(--soft); font-weight: normal; }
h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; margin-top: 2.5rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: normal; }
.warning { border: 2px solid var(--c4); padding: .6rem 1rem; font-weight: bold; }
.met, .better { color: var(--c2); } .missed, .worse { color: var(--c4); }
svg { width: 100%; max-width: 720px; height: auto; font-size: 12px; fill: var(--text); overflow: visible; }
svg text { dominant-baseline: middle; }
svg .label { text-anchor: end; } svg .tick { text-anchor: middle; fill: var(--soft); }
.bar { fill: var(--c0); opacity: .45; } .dot { fill: var(--c0); } .spread { stroke: var(--text); stroke-width: 1.5; }
.grid { stroke: var(--line); } .line { fill: none; stroke-width: 2; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); }
.key { margin-right: 1rem; } .key.c0 { color: var(--c0); } .key.c1 { color: var(--c1); }
.key.c2 { color: var(--c2); } .key.c3 { color: var(--c3); }
`;
