import { holdLimit } from '../follow/playlist-follower.js';
import type { Probe } from '../observation.js';
import { textOf } from '../playlist/attribute-list.js';
import type { SegmentEntry } from '../playlist/media-playlist.js';
import type { Exchange } from '../transport.js';
import { succeeded } from '../transport.js';
import { bis, inExchange, inProbe, inVersion, s, type Finding, type Rule, type RuleGroup } from './rule.js';
import { inRenditions, inVersions, probesOf } from './views.js';

/** An answer that nothing holds comes within this, whatever the network. */
const AT_ONCE_MS = 1000;

const elapsed = ({ startedAt, firstByteAt }: Exchange): number => firstByteAt - startedAt;

/** The newest closed segment that a playlist lists. */
const lastClosed = (segments: readonly SegmentEntry[]): number =>
  segments.filter(({ uri }) => uri !== undefined).at(-1)?.msn ?? -1;

type Found = 'listed' | 'parent-closed' | 'absent';

/** Whether a playlist has part `part` of segment `msn`, or anything later. */
function findPart(segments: readonly SegmentEntry[], msn: number, part: number): Found {
  const last = segments.at(-1);
  if (last === undefined || last.msn < msn) return 'absent';
  if (last.msn > msn) return 'listed';
  if (last.uri === undefined) return last.parts.length > part ? 'listed' : 'absent';
  return last.parts.length > part || last.parts.length === 0 ? 'listed' : 'parent-closed';
}

const statusOf = ({ status, fault }: Exchange): string =>
  fault === undefined ? `status ${status}` : `no answer (${fault})`;

/** Probes that were not answered with 400. */
const mustBeRefused = (probes: readonly Probe[]): Finding[] =>
  probes
    .filter(({ exchange }) => exchange.status !== 400)
    .map((probe) => inProbe(probe, `"${probe.about}" got ${statusOf(probe.exchange)}, not 400`));

/** Probes that were not answered with a playlist at once. */
const mustBeAnswered = (probes: readonly Probe[]): Finding[] =>
  probes.flatMap((probe) => {
    const { exchange, playlist, about } = probe;
    if (!succeeded(exchange) || playlist === undefined)
      return [inProbe(probe, `"${about}" got ${statusOf(exchange)}`)];
    return elapsed(exchange) > AT_ONCE_MS
      ? [inProbe(probe, `"${about}" was held for ${s(elapsed(exchange) / 1000)}`)]
      : [];
  });

const rules: readonly Rule[] = [
  {
    id: 'D1',
    level: 'M',
    section: bis('4.4.3.8'),
    title: 'CAN-BLOCK-RELOAD is YES or left out.',
    check: (seen) =>
      inRenditions(seen, ({ versions }) => {
        const wrong = versions.find(({ playlist }) => {
          const value = textOf(playlist.serverControl, 'CAN-BLOCK-RELOAD');
          return value !== undefined && value !== 'YES';
        });
        return wrong === undefined
          ? []
          : [inVersion(wrong, 'players take the mere presence of CAN-BLOCK-RELOAD for a yes')];
      }),
  },
  {
    id: 'D2',
    level: 'M',
    section: bis('6.2.5.2'),
    title: 'A reload with _HLS_msn alone is answered when that whole segment is listed, not before.',
    needs: ['blocking'],
    check: (seen) => [
      ...probesOf(seen, 'msn-alone').flatMap((probe) =>
        probe.playlist !== undefined &&
        !probe.playlist.ended &&
        lastClosed(probe.playlist.segments) < (probe.asked.msn ?? 0)
          ? [
              inProbe(
                probe,
                `"${probe.about}" was answered with segment ${lastClosed(probe.playlist.segments)} as the newest whole one`,
              ),
            ]
          : [],
      ),
      ...inVersions(seen, (version) => {
        const { msn, part } = version.asked;
        const early =
          msn !== undefined &&
          part === undefined &&
          lastClosed(version.segments) < msn &&
          !version.playlist.ended;
        return early ? [inVersion(version, `_HLS_msn=${msn} was answered without segment ${msn}`)] : [];
      }),
    ],
  },
  {
    id: 'D3',
    level: 'M',
    section: bis('6.2.5.2'),
    title:
      'A reload with _HLS_msn and _HLS_part is answered when that part or a later one is listed, not before.',
    needs: ['blocking'],
    check: (seen) =>
      inVersions(seen, (version) => {
        const { msn, part } = version.asked;
        if (msn === undefined || part === undefined || version.playlist.ended) return [];
        return findPart(version.segments, msn, part) === 'absent'
          ? [inVersion(version, `_HLS_msn=${msn}&_HLS_part=${part} was answered without that part`)]
          : [];
      }),
  },
  {
    id: 'D4',
    level: 'M',
    section: bis('6.2.5.2'),
    title: 'A part beyond the last of a closed segment means the first part of the next segment.',
    needs: ['blocking'],
    check: (seen) => [
      ...inVersions(seen, (version) => {
        const { msn, part } = version.asked;
        if (msn === undefined || part === undefined || version.playlist.ended) return [];
        return findPart(version.segments, msn, part) === 'parent-closed'
          ? [
              inVersion(
                version,
                `_HLS_msn=${msn}&_HLS_part=${part} was answered without a part of segment ${msn + 1}`,
              ),
            ]
          : [];
      }),
      ...probesOf(seen, 'part-beyond').flatMap((probe) => {
        const { exchange, playlist, asked, about } = probe;
        if (playlist === undefined)
          return exchange.fault === 'timeout' ? [] : [inProbe(probe, `"${about}" got ${statusOf(exchange)}`)];
        const last = playlist.segments.at(-1)?.msn ?? 0;
        return playlist.ended || last > (asked.msn ?? 0)
          ? []
          : [inProbe(probe, `"${about}" was answered without a part of segment ${(asked.msn ?? 0) + 1}`)];
      }),
    ],
  },
  {
    id: 'D5',
    level: 'M',
    section: bis('6.2.5.2'),
    title: '_HLS_part without _HLS_msn gets 400.',
    needs: ['active', 'blocking'],
    check: (seen) => mustBeRefused(probesOf(seen, 'part-alone')),
  },
  {
    id: 'D6',
    level: 'S',
    section: bis('6.2.5.2'),
    title: 'A segment more than two ahead gets 400 at once.',
    needs: ['active', 'blocking'],
    check: (seen) => mustBeRefused(probesOf(seen, 'msn-too-far')),
  },
  {
    id: 'D6b',
    level: 'S',
    section: bis('6.2.5.2'),
    title: 'A part further ahead than the advance part limit gets 400 at once.',
    needs: ['active', 'blocking'],
    // Where the segment was closed in the meantime, any part beyond its last is the first of the next one.
    check: (seen) =>
      mustBeRefused(
        probesOf(seen, 'part-too-far').filter(
          ({ playlist, asked }) => lastClosed(playlist?.segments ?? []) < (asked.msn ?? 0),
        ),
      ),
  },
  {
    id: 'D7',
    level: 'S',
    section: bis('6.2.5.2'),
    title:
      'A reload that cannot be satisfied gets 503 after three target durations: no request is left hanging.',
    needs: ['blocking'],
    check: (seen) =>
      inRenditions(seen, ({ name, failures, versions }) =>
        failures.flatMap(({ exchange, asked }) => {
          const waited = exchange.endedAt - exchange.startedAt;
          return exchange.fault === 'timeout' &&
            asked.msn !== undefined &&
            waited >= holdLimit(versions[0]) - 1
            ? [inExchange(exchange, name, `there was no answer for ${s(waited / 1000)}`)]
            : [];
        }),
      ),
  },
  {
    id: 'D8',
    level: 'M',
    section: bis('6.2.5.2'),
    title: 'A reload for a segment that is listed already gets the current playlist at once.',
    needs: ['active', 'blocking'],
    check: (seen) => mustBeAnswered(probesOf(seen, 'stale-msn')),
  },
  {
    id: 'D9',
    level: 'M',
    section: bis('6.2.5.2'),
    title: 'A playlist that has ended is answered at once whatever directives ask.',
    needs: ['active'],
    check: (seen) => mustBeAnswered(probesOf(seen, 'ended-directive')),
  },
  {
    id: 'D15',
    level: 'M',
    section: bis('6.2.5, B.1'),
    title: 'Directives are understood in any order and beside parameters of others.',
    needs: ['active', 'blocking'],
    check: (seen) => mustBeAnswered(probesOf(seen, 'extra-parameters')),
  },
  {
    id: 'D16',
    level: 'P',
    section: bis('6.2.5'),
    title: 'Directives that are no numbers, negative, given twice or out of all range get 400.',
    needs: ['active', 'blocking'],
    check: (seen) => mustBeRefused(probesOf(seen, 'malformed')),
  },
  {
    id: 'D17',
    level: 'P',
    section: bis('6.2.5.2'),
    title: 'A request for the very next part is never refused as too far ahead.',
    needs: ['blocking'],
    check: (seen) =>
      inRenditions(seen, ({ name, failures }) =>
        failures
          .filter(({ exchange, asked }) => exchange.status === 400 && asked.msn !== undefined)
          .map(({ exchange, asked }) =>
            inExchange(exchange, name, `_HLS_msn=${asked.msn ?? 0} was next and got 400`),
          ),
      ),
  },
];

export const delivery: RuleGroup = { name: 'Blocking reload', rules };
