import type { Broken, Verdict } from '../judge.js';
import type { Observation } from '../observation.js';
import type { Finding, Level } from '../rules/rule.js';
import { jsonRendition, type JsonRendition } from './json-report.js';

/** Findings of one rule that the terminal shows. */
const SHOWN = 3;

const LEVELS: Readonly<Record<Level, string>> = { M: 'must', S: 'should', P: 'practice' };

/** The findings for people, as lines for a terminal. */
export function summary(seen: Observation, verdict: Verdict): string {
  const seconds = Math.round((seen.endedAt - seen.startedAt) / 1000);
  const lines = [`Millrace check of ${seen.url}, ${seconds} s`, '', 'Renditions'];
  for (const rendition of seen.renditions) lines.push(`  ${renditionLine(jsonRendition(rendition))}`);
  for (const limit of seen.limits) lines.push(`  note: ${limit}`);
  for (const level of ['M', 'S', 'P'] as const) {
    const broken = verdict.broken.filter(({ rule }) => rule.level === level);
    if (broken.length > 0)
      lines.push('', `Broken (${LEVELS[level]})`, ...broken.flatMap((each) => brokenLines(each, seen)));
  }
  lines.push('', total(verdict));
  return `${lines.join('\n')}\n`;
}

export function renditionLine({
  name,
  kind,
  playlists,
  deltaUpdates,
  segments,
  parts,
  bytes,
  latency,
}: JsonRendition): string {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  const late =
    latency === undefined
      ? ''
      : `, latency ${Math.round(latency.median)} ms (p95 ${Math.round(latency.p95)})`;
  return `${name} (${kind}): ${playlists} playlists, ${deltaUpdates} of them deltas; ${segments} segments, ${parts} parts, ${size}${late}`;
}

function brokenLines({ rule, findings }: Broken, seen: Observation): string[] {
  const times = findings.length === 1 ? 'once' : `${findings.length} times`;
  const lines = [`  ${rule.id}  ${rule.title}`, `      ${rule.section}; broken ${times}`];
  for (const finding of findings.slice(0, SHOWN)) lines.push(...findingLines(finding, seen));
  if (findings.length > SHOWN) lines.push(`      and ${findings.length - SHOWN} more`);
  return lines;
}

function findingLines({ at, rendition, message, url, lines, bytes }: Finding, seen: Observation): string[] {
  const when = `${((at - seen.startedAt) / 1000).toFixed(2)} s`;
  const size = bytes === undefined ? '' : ` (${bytes} bytes)`;
  return [
    `      - ${when}, ${rendition ?? 'multivariant'}: ${printable(message)}`,
    `        ${printable(url)}${size}`,
    ...lines.map(
      ({ number, text }) => `        ${number > 0 ? `line ${number}: ` : ''}${printable(text).slice(0, 160)}`,
    ),
  ];
}

/** What a server sends reaches the terminal without control characters. */

const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

function total({ kept, broken, unjudged }: Verdict): string {
  const count = (level: Level): number => broken.filter(({ rule }) => rule.level === level).length;
  return (
    `${kept.length} rules kept, ${broken.length} broken (${count('M')} must, ${count('S')} should, ` +
    `${count('P')} practice), ${unjudged.length} not judged`
  );
}
