import { mediaOf, type Observation, type RenditionObservation } from '../observation.js';
import { closedSegments, partsSeen } from '../rules/views.js';
import type { Verdict } from '../judge.js';
import { escaped } from './escape.js';
import { latencies } from './latency.js';

const LEFT = 120;
const WIDTH = 1000;
const LANE = 150;
const TOP = 30;
/** Marks drawn in one lane: a longer time is thinned out. */
const MAX_MARKS = 2000;

const COLOURS = {
  segment: '#90a4ae',
  part: '#1976d2',
  hold: '#b39ddb',
  latency: '#2e7d32',
  M: '#c62828',
  S: '#ef6c00',
  P: '#546e7a',
};

/** Every n-th of a list, so that no more than the maximum is left. */
function thinned<T>(list: readonly T[]): readonly T[] {
  const step = Math.ceil(list.length / MAX_MARKS);
  return step <= 1 ? list : list.filter((_, index) => index % step === 0);
}

/**
 * A picture of the wall clock from left to right. Each rendition has a lane: held reloads, parts and segments from the
 * request to the last byte, latency as dots, and faults as lines.
 */
export function timelineSvg(seen: Observation, verdict: Verdict): string {
  const span = Math.max(1, seen.endedAt - seen.startedAt);
  const x = (at: number): number => LEFT + (WIDTH * Math.min(span, Math.max(0, at - seen.startedAt))) / span;
  const height = TOP + LANE * seen.renditions.length + 30;
  const lanes = seen.renditions.map((rendition, index) => lane(rendition, TOP + index * LANE, x));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="Parts and segments over time">
${legend()}
${axis(seen, height, x)}
${lanes.join('\n')}
${faults(seen, verdict, height, x)}
</svg>`;
}

function lane(rendition: RenditionObservation, top: number, x: (at: number) => number): string {
  const bar = (from: number, to: number, y: number, tall: number, colour: string, title: string): string =>
    `<rect x="${x(from).toFixed(1)}" y="${y}" width="${Math.max(1, x(to) - x(from)).toFixed(1)}" height="${tall}" fill="${colour}"><title>${escaped(title)}</title></rect>`;
  const holds = thinned(rendition.versions).map(({ exchange, number }) =>
    bar(
      exchange.startedAt,
      exchange.firstByteAt,
      top + 8,
      10,
      COLOURS.hold,
      `playlist ${number}, ${Math.round(exchange.firstByteAt - exchange.startedAt)} ms`,
    ),
  );
  const parts = thinned(partsSeen(rendition)).flatMap(({ part }) => {
    const media = mediaOf(rendition, part);
    if (media === undefined) return [];
    const { firstByteAt, endedAt, bytes } = media.exchange;
    return [
      bar(firstByteAt, endedAt, top + 24, 14, COLOURS.part, `part ${part.msn}.${part.index}, ${bytes} bytes`),
    ];
  });
  const segments = thinned([...closedSegments(rendition).values()]).flatMap((segment) => {
    const media = mediaOf(rendition, segment);
    if (media === undefined) return [];
    const { startedAt, endedAt, bytes } = media.exchange;
    return [bar(startedAt, endedAt, top + 44, 14, COLOURS.segment, `segment ${segment.msn}, ${bytes} bytes`)];
  });
  return `<g><line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${top + LANE - 6}" y2="${top + LANE - 6}" stroke="#cfd8dc"/>
<text x="${LEFT - 8}" y="${top + 36}" text-anchor="end">${escaped(rendition.name.slice(-18))}</text>
${holds.join('')}${parts.join('')}${segments.join('')}${latencyDots(rendition, top, x)}</g>`;
}

/** Latency of each part, 0 at the foot of the lane. */
function latencyDots(rendition: RenditionObservation, top: number, x: (at: number) => number): string {
  const all = latencies(rendition);
  const most = Math.max(1, ...thinned(all).map(({ ms }) => ms));
  const foot = top + LANE - 10;
  const dots = thinned(all).map(
    ({ at, ms }) =>
      `<circle cx="${x(at).toFixed(1)}" cy="${(foot - (60 * Math.max(0, ms)) / most).toFixed(1)}" r="1.5" fill="${COLOURS.latency}"><title>${Math.round(ms)} ms</title></circle>`,
  );
  const scale =
    all.length === 0
      ? ''
      : `<text x="${LEFT - 8}" y="${foot - 54}" text-anchor="end" fill="${COLOURS.latency}">${Math.round(most)} ms</text>`;
  return `${dots.join('')}${scale}`;
}

function faults(seen: Observation, { broken }: Verdict, height: number, x: (at: number) => number): string {
  const all = broken.flatMap(({ rule, findings }) => findings.map((finding) => ({ rule, finding })));
  return thinned(all)
    .map(({ rule, finding }) => {
      const index = seen.renditions.findIndex(({ name }) => name === finding.rendition);
      const top = index < 0 ? TOP : TOP + index * LANE;
      const bottom = index < 0 ? height - 30 : top + LANE - 8;
      const at = x(finding.at).toFixed(1);
      return `<line x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" stroke="${COLOURS[rule.level]}" stroke-dasharray="3 2"><title>${escaped(`${rule.id}: ${finding.message}`)}</title></line>`;
    })
    .join('');
}

function axis(seen: Observation, height: number, x: (at: number) => number): string {
  const seconds = (seen.endedAt - seen.startedAt) / 1000;
  const step = [1, 2, 5, 10, 30, 60, 300, 600].find((each) => seconds / each <= 16) ?? 1200;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => {
    const at = x(seen.startedAt + index * step * 1000).toFixed(1);
    return `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${height - 30}" stroke="#eceff1"/><text x="${at}" y="${height - 14}" text-anchor="middle">${index * step} s</text>`;
  }).join('');
}

function legend(): string {
  const entries: [string, string][] = [
    [COLOURS.hold, 'held reload'],
    [COLOURS.part, 'part'],
    [COLOURS.segment, 'segment'],
    [COLOURS.latency, 'latency'],
    [COLOURS.M, 'must broken'],
    [COLOURS.S, 'should broken'],
  ];
  return entries
    .map(([colour, text], index) => {
      const left = LEFT + index * 110;
      return `<rect x="${left}" y="8" width="10" height="10" fill="${colour}"/><text x="${left + 14}" y="17">${text}</text>`;
    })
    .join('');
}
