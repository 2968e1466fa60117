import type { Figure, Series } from './figures.js';
import { formatNumber } from './format.js';

/** Charts as inline SVG. Colours come from the page's style sheet, so that they follow light and dark. */

const WIDTH = 720;
const LABEL = 300;
const VALUE = 90;
const ROW = 30;
const BAR = 16;
const DOT = 2.5;

/** Bars of the medians, one for each subject, with every sample as a dot and the spread as a line. */
export function barChart(figures: readonly Figure[]): string {
  const top = Math.max(...figures.map(({ summary }) => summary.max), Number.MIN_VALUE);
  // What is below zero stands at zero; the table has the number.
  const scale = (value: number): number => LABEL + (Math.max(0, value) / top) * (WIDTH - LABEL - VALUE);
  const rows = figures.map(({ subject, samples, summary }, index) => {
    const middle = index * ROW + ROW / 2;
    const dots = samples.map((sample) => circle(scale(sample), middle)).join('');
    return [
      `<text class="label" x="${LABEL - 8}" y="${middle}">${escapeHtml(subject)}</text>`,
      `<rect class="bar" x="${LABEL}" y="${middle - BAR / 2}" width="${(scale(summary.median) - LABEL).toFixed(1)}" height="${BAR}"/>`,
      `<path class="spread" d="M${scale(summary.low).toFixed(1)} ${middle}H${scale(summary.high).toFixed(1)}"/>`,
      dots,
      `<text class="value" x="${(scale(summary.max) + 8).toFixed(1)}" y="${middle}">${formatNumber(summary.median)}</text>`,
    ].join('');
  });
  const height = figures.length * ROW;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${rows.join('')}</svg>`;
}

const circle = (x: number, y: number): string =>
  `<circle class="dot" cx="${x.toFixed(1)}" cy="${y}" r="${DOT}"/>`;

const PLOT = { left: 60, right: 20, top: 10, bottom: 40, height: 260 };
const GRID_LINES = 4;
/** Points drawn of one line; more than there are pixels show nothing. */
const MAX_POINTS = 400;

/** Lines over a common axis from 0. */
export function lineChart({ xUnit, yUnit, lines }: Series): string {
  const points = lines.flatMap((line) => line.points);
  const right = Math.max(...points.map(([x]) => x), Number.MIN_VALUE);
  const top = niceTop(Math.max(...points.map(([, y]) => y), Number.MIN_VALUE));
  const bottom = PLOT.height - PLOT.bottom;
  const x = (value: number): number => PLOT.left + (value / right) * (WIDTH - PLOT.left - PLOT.right);
  const y = (value: number): number => bottom - (value / top) * (bottom - PLOT.top);
  const grid = Array.from({ length: GRID_LINES + 1 }, (_, index) => {
    const value = (index / GRID_LINES) * top;
    const at = y(value).toFixed(1);
    return `<path class="grid" d="M${PLOT.left} ${at}H${WIDTH - PLOT.right}"/><text class="label" x="${PLOT.left - 8}" y="${at}">${formatNumber(value)}</text>`;
  });
  const ticks = Array.from({ length: GRID_LINES + 1 }, (_, index) => {
    const value = (index / GRID_LINES) * right;
    return `<text class="tick" x="${x(value).toFixed(1)}" y="${bottom + 18}">${formatNumber(value)}</text>`;
  });
  const paths = lines.map(({ points: all }, index) => {
    const path = thin(all).map(([px, py]) => `${x(px).toFixed(1)} ${y(py).toFixed(1)}`);
    return `<path class="line c${index}" d="M${path.join('L')}"/>`;
  });
  const legend = lines
    .map(({ name }, index) => `<span class="key c${index}">${escapeHtml(name)}</span>`)
    .join(' ');
  const axis = `<text class="tick" x="${WIDTH / 2}" y="${PLOT.height - 4}">${escapeHtml(xUnit)}</text>`;
  return `<p>${escapeHtml(yUnit)}: ${legend}</p><svg viewBox="0 0 ${WIDTH} ${PLOT.height}" role="img">${[...grid, ...ticks, axis, ...paths].join('')}</svg>`;
}

/** 1, 2 or 5 times a power of ten, at or above the value. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

/** At most `MAX_POINTS` of them, evenly, the last among them. */
function thin<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, index) => (points.length - 1 - index) % step === 0);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
