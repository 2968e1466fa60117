import { describe, expect, test } from 'vitest';
import { niceTop } from '../../bench/frame/charts.js';
import { compare } from '../../bench/frame/compare.js';
import { atMost } from '../../bench/frame/figures.js';
import { formatNumber } from '../../bench/frame/format.js';
import { isTooBusy } from '../../bench/frame/machine-load.js';
import { renderReport } from '../../bench/frame/report.js';
import { renderTable } from '../../bench/frame/terminal.js';
import { resultsWith } from './results.js';

const NONE = new Map();

describe('the report', () => {
  const results = resultsWith([
    { samples: [1, 2, 3], goal: atMost(1, 'at most 1') },
    { subject: 'a <peer>', samples: [4, 5, 6] },
  ]);
  const page = renderReport(results, compare(results, resultsWith([{ samples: [2] }])));

  test('needs nothing that is not in it', () => {
    expect(page).not.toMatch(/<(script|link|img)\b|https?:|url\(/);
  });

  test('states the machine, the conditions, each figure with its samples, the goal and the baseline', () => {
    expect(page).toContain('A processor, 2 cores');
    expect(page).toContain('Nothing &lt;else&gt; runs.');
    expect(page).toMatch(/<td>ours<\/td><td>2\.00<\/td><td>1\.00 to 3\.00<\/td>.*<td>3<\/td>/);
    expect(page).toContain('at most 1: missed');
    expect(page).toContain('× 1.00 ± 0.50, same');
  });

  test('escapes what it is given', () => {
    expect(page).toContain('a &lt;peer&gt;');
    expect(page).not.toContain('<peer>');
  });

  test('draws a bar for each subject, a dot for each sample, and the lines', () => {
    expect(page.match(/class="bar"/g)).toHaveLength(2);
    expect(page.match(/class="dot"/g)).toHaveLength(6);
    expect(page.match(/class="line /g)).toHaveLength(1);
    expect(page).not.toContain('NaN');
  });
});

test('a run on a busy machine says so, on the page and on the terminal', () => {
  const busy = resultsWith([{}], true);
  expect(renderReport(busy, NONE)).toContain('class="warning"');
  expect(renderTable(busy, NONE)).toContain('TOO BUSY');
  expect(renderReport(resultsWith([{}]), NONE)).not.toContain('class="warning"');
  expect(isTooBusy(0.3, 0, 2)).toBe(true);
  expect(isTooBusy(0, 0.3, 2)).toBe(true);
  expect(isTooBusy(0.1, 0.1, 2)).toBe(false);
});

test('the table on the terminal has a line for each figure under its group', () => {
  const table = renderTable(resultsWith([{ samples: [1, 2, 3], goal: atMost(2, 'at most 2') }]), NONE);
  expect(table).toMatch(/Time, ms\n +ours +2\.00 +\(1\.00 to 3\.00, 3 samples\) +at most 2: reached/);
});

test.each([
  [0, '0.000'],
  [0.01234, '0.012'],
  [1.2345, '1.23'],
  [98.76, '98.8'],
  [1234.5, '1235'],
])('%d is written with three digits: %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('an axis ends at 1, 2 or 5 times a power of ten', () => {
  expect([0.3, 1, 1.1, 3, 7, 120].map(niceTop)).toEqual([0.5, 1, 2, 5, 10, 200]);
});
