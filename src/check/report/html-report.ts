import type { Verdict } from '../judge.js';
import type { Observation } from '../observation.js';
import { escaped } from './escape.js';
import { jsonRendition, MAX_FINDINGS } from './json-report.js';
import { renditionLine } from './summary.js';
import { timelineSvg } from './timeline-svg.js';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1d2733; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { background: #f2f5f8; padding: .4rem .6rem; overflow-x: auto; margin: .3rem 0 }
article { border-left: 4px solid; padding: .1rem 0 .1rem .8rem; margin: 1rem 0 }
.M { border-color: #c62828 } .S { border-color: #ef6c00 } .P { border-color: #546e7a }
.figure { overflow-x: auto } .muted { color: #5c6b7a } li { margin: .4rem 0 }`;

const LEVELS = { M: 'must', S: 'should', P: 'practice' } as const;

/** One page without anything from elsewhere: the summary, a picture of what came when, and every finding. */
export function htmlReport(seen: Observation, verdict: Verdict): string {
  const { broken, kept, unjudged } = verdict;
  const title = `Check of ${seen.url}`;
  const seconds = Math.round((seen.endedAt - seen.startedAt) / 1000);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
<p>${escaped(new Date(seen.startedAt).toISOString())}, ${seconds} s. ${kept.length} rules kept, ${broken.length} broken, ${unjudged.length} not judged.</p>
<ul>${seen.renditions.map((rendition) => `<li>${escaped(renditionLine(jsonRendition(rendition)))}`).join('')}</ul>
${seen.limits.map((limit) => `<p>${escaped(limit)}</p>`).join('')}
<h2>What came when</h2>
<div class="figure">${timelineSvg(seen, verdict)}</div>
<h2>Broken rules</h2>
${broken.length === 0 ? '<p>None.</p>' : broken.map((each) => article(each, seen)).join('\n')}
<h2>Not judged</h2>
<p class="muted">${unjudged.map(({ rule, lacks }) => escaped(`${rule.id} (needs ${lacks.join(', ')})`)).join('; ') || 'Nothing.'}</p>
<h2>Kept</h2>
<p class="muted">${kept.map(({ id }) => id).join(' ')}</p>
</html>
`;
}

function article({ rule, findings }: Verdict['broken'][number], seen: Observation): string {
  const items = findings.slice(0, MAX_FINDINGS).map(({ at, rendition, message, url, lines, bytes }) => {
    const when = `${((at - seen.startedAt) / 1000).toFixed(2)} s`;
    const quote = lines.map(({ number, text }) => `${number > 0 ? `${number}: ` : ''}${text}`).join('\n');
    return `<li>${when}, ${escaped(rendition ?? 'multivariant')}: ${escaped(message)}<br><code>${escaped(url)}</code>${
      bytes === undefined ? '' : ` ${bytes} bytes`
    }${quote === '' ? '' : `<pre>${escaped(quote)}</pre>`}`;
  });
  const rest = findings.length - items.length;
  return `<article class="${rule.level}"><strong>${rule.id}</strong> (${LEVELS[rule.level]}) ${escaped(rule.title)}
<div class="muted">${escaped(rule.section)}; ${findings.length} found</div>
<ul>${items.join('')}${rest > 0 ? `<li>and ${rest} more` : ''}</ul></article>`;
}
