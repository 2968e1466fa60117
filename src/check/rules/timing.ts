import type { MediaObservation, Observation, PlaylistVersion, RenditionObservation } from '../observation.js';
import type { ReportEntry } from '../playlist/media-playlist.js';
import { succeeded, type Exchange } from '../transport.js';
import {
  bis,
  inExchange,
  inMedia,
  inProbe,
  inVersion,
  s,
  type Finding,
  type Rule,
  type RuleGroup,
} from './rule.js';
import { allMedia, inRenditions, liveEdge, playable, probesOf } from './views.js';

/** The network, and clocks of two machines, make a part come later than it was made. */
const PART_TOLERANCE = 0.5;
const NETWORK_MS = 100;

const SEGMENT_TARGET_DURATIONS = 1.5;

/** A reload that took longer than this was held: its answer tells when the news came. */
const HELD_MS = 20;

/** A body is trickled when it takes this share of its own duration, and much longer than others of its size. */
const TRICKLE_SHARE = 0.5;
const TRICKLE_LEAST_MS = 250;
const TRICKLE_TIMES = 4;

/** The latest time at which what a version brings can have been added before it was asked for. */
const addedAfter = (version: PlaylistVersion, before: PlaylistVersion): number => {
  const { startedAt, firstByteAt } = version.exchange;
  return version.asked.msn !== undefined && firstByteAt - startedAt > HELD_MS
    ? firstByteAt
    : before.exchange.firstByteAt;
};

interface Addition {
  readonly version: PlaylistVersion;
  /** ms between the addition before and this one, at the least. */
  readonly gap: number;
}

/** Versions that move a rendition's place forward, each with the time since the last that did. */
function additions(
  versions: readonly PlaylistVersion[],
  placeOf: (version: PlaylistVersion) => number,
): Addition[] {
  const found: Addition[] = [];
  let last = versions[0];
  for (const [index, version] of versions.entries()) {
    const before = versions[index - 1];
    if (last === undefined || before === undefined || placeOf(version) <= placeOf(last)) continue;
    if (!version.afterFailure)
      found.push({ version, gap: addedAfter(version, before) - last.exchange.firstByteAt });
    last = version;
  }
  return found;
}

const segmentPlace = ({ segments }: PlaylistVersion): number =>
  segments.filter(({ uri }) => uri !== undefined).at(-1)?.msn ?? -1;

const PARTS_PER_SEGMENT = 100_000;

/** Rises with each part and each segment. */
const partPlace = ({ segments }: PlaylistVersion): number => {
  const last = segments.at(-1);
  if (last === undefined) return -1;
  return last.uri === undefined
    ? last.msn * PARTS_PER_SEGMENT + last.parts.length
    : (last.msn + 1) * PARTS_PER_SEGMENT;
};

/** When a rendition was last looked at in vain; undefined where it went on to the end. */
function silence(
  rendition: RenditionObservation,
  placeOf: (version: PlaylistVersion) => number,
): Addition | undefined {
  const { versions, failures } = rendition;
  const newest = versions.at(-1);
  if (newest === undefined || newest.playlist.ended) return undefined;
  const since = versions.find((version) => placeOf(version) === placeOf(newest)) ?? newest;
  const late = failures.filter(({ exchange }) => exchange.startedAt >= newest.exchange.endedAt);
  if (late.some(({ exchange }) => exchange.fault !== 'timeout' && exchange.status !== 503)) return undefined;
  const until = Math.max(newest.exchange.endedAt, ...late.map(({ exchange }) => exchange.endedAt));
  return { version: newest, gap: until - since.exchange.firstByteAt };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const bodyMs = ({ firstByteAt, endedAt }: Exchange): number => endedAt - firstByteAt;

/** What was fetched of a kind whose body came much slower than the link allows. */
function trickled(seen: Observation, kind: 'segment' | 'part', hinted: boolean): Finding[] {
  const all = allMedia(seen).filter((media) => media.kind === kind && succeeded(media.exchange));
  const msPerByte = median(all.map(({ exchange }) => bodyMs(exchange) / Math.max(1, exchange.bytes)));
  return all.flatMap((media) => {
    if (media.hinted !== hinted) return [];
    const took = bodyMs(media.exchange);
    const lasts = (media.duration ?? partTarget(seen, media)) * 1000;
    const expected = msPerByte * media.exchange.bytes;
    return took > TRICKLE_SHARE * lasts && took > TRICKLE_LEAST_MS && took > TRICKLE_TIMES * expected
      ? [inMedia(media, `its ${media.exchange.bytes} bytes took ${s(took / 1000)} to come`)]
      : [];
  });
}

const partTarget = (seen: Observation, media: MediaObservation): number =>
  seen.renditions.find(({ name }) => name === media.rendition)?.versions[0]?.playlist.partTarget ?? 0;

/** Listed media that could not be fetched in full. */
const absent = (seen: Observation, kind: 'segment' | 'part' | 'init'): Finding[] =>
  allMedia(seen)
    .filter((media) => media.kind === kind && !media.hinted && !succeeded(media.exchange))
    .filter(({ exchange }) => exchange.fault !== 'timeout' || exchange.endedAt < seen.endedAt - 1)
    .map((media) => {
      const { status, fault } = media.exchange;
      return inMedia(media, `it is listed and could not be fetched: ${fault ?? `status ${status}`}`);
    });

const rules: readonly Rule[] = [
  {
    id: 'M10',
    level: 'M',
    section: bis('6.2.1'),
    title: 'A new segment is listed within one and a half target durations of the one before.',
    needs: ['live'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const limit =
          SEGMENT_TARGET_DURATIONS *
          1000 *
          (rendition.versions[0]?.playlist.targetDuration ?? Number.POSITIVE_INFINITY);
        const last = silence(rendition, segmentPlace);
        return [...additions(rendition.versions, segmentPlace), ...(last === undefined ? [] : [last])]
          .filter(({ gap }) => gap > limit + NETWORK_MS)
          .map(({ version, gap }) =>
            inVersion(
              version,
              `there was no new segment for ${s(gap / 1000)}, ${s(limit / 1000)} are allowed`,
            ),
          );
      }),
  },
  {
    id: 'L6',
    level: 'M',
    section: bis('6.2.1'),
    title: 'A new part is listed within one part target of the one before.',
    needs: ['parts', 'blocking'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const target = 1000 * (rendition.versions[0]?.playlist.partTarget ?? Number.POSITIVE_INFINITY);
        const allowed = target * (1 + PART_TOLERANCE) + NETWORK_MS;
        // A segment that never comes is told by another rule.
        const segments =
          SEGMENT_TARGET_DURATIONS * 1000 * (rendition.versions[0]?.playlist.targetDuration ?? 0) +
          NETWORK_MS;
        return additions(rendition.versions, partPlace)
          .filter(({ gap }) => gap > allowed && gap <= segments)
          .map(({ version, gap }) =>
            inVersion(
              version,
              `there was no new part for ${s(gap / 1000)}, PART-TARGET is ${s(target / 1000)}`,
            ),
          );
      }),
  },
  {
    id: 'M11',
    level: 'M',
    section: bis('6.2.2'),
    title: 'A segment that has just left the playlist can still be fetched.',
    needs: ['active', 'live'],
    check: (seen) => gone(seen, 'kept-segment'),
  },
  {
    id: 'M12',
    level: 'M',
    section: bis('6.2.1'),
    title: 'A listed segment can be fetched in full and as fast as the network goes.',
    check: (seen) => [
      ...absent(seen, 'segment'),
      ...absent(seen, 'init'),
      ...trickled(seen, 'segment', false),
    ],
  },
  {
    id: 'L7',
    level: 'M',
    section: bis('6.2.1'),
    title: 'A listed part can be fetched in full and as fast as the network goes.',
    needs: ['parts'],
    check: (seen) => [...absent(seen, 'part'), ...trickled(seen, 'part', false)],
  },
  {
    id: 'L8b',
    level: 'M',
    section: bis('6.2.2'),
    title: 'A part that has just left the playlist can still be fetched.',
    needs: ['active', 'parts', 'live'],
    check: (seen) => gone(seen, 'kept-part'),
  },
  {
    id: 'L18',
    level: 'M',
    section: bis('6.2.6'),
    title: 'A hinted part comes all at once when it is there: the first byte waits for the last.',
    needs: ['parts'],
    check: (seen) => trickled(seen, 'part', true),
  },
  {
    id: 'L22',
    level: 'M',
    section: bis('B.1'),
    title: 'All renditions are updated within one part target of each other.',
    needs: ['parts', 'several', 'live'],
    check: (seen) => {
      const [reference, ...others] = playable(seen);
      return reference === undefined
        ? []
        : others.flatMap((rendition) =>
            [...behind(reference, rendition), ...behind(rendition, reference)].slice(0, 5),
          );
    },
  },
  {
    id: 'L21',
    level: 'M',
    section: bis('4.4.5.4, B.1'),
    title: 'Every playlist reports on every other one: its URI, its last segment and its last part.',
    needs: ['parts', 'several', 'live'],
    check: (seen) => missingReports(seen),
  },
  {
    id: 'L21b',
    level: 'M',
    section: bis('4.4.5.4'),
    title: 'Rendition reports are as fresh as the playlist that carries them.',
    needs: ['parts', 'several', 'live'],
    check: (seen) => staleReports(seen),
  },
  {
    id: 'V18',
    level: 'M',
    section: bis('6.2.1'),
    title: 'Every listed media playlist can be fetched, and has something to play.',
    check: (seen) =>
      inRenditions(seen, ({ name, kind, versions, failures }) => {
        const wrong = failures
          .filter(
            ({ exchange: { status, fault } }) => status !== 400 && status !== 503 && fault !== 'timeout',
          )
          .map(({ exchange }) =>
            inExchange(exchange, name, `it got ${exchange.fault ?? `status ${exchange.status}`}`),
          );
        const first = versions[0];
        const empty = first?.segments.length === 0 && kind !== 'i-frames' && kind !== 'subtitles';
        return [...wrong.slice(0, 5), ...(empty ? [inVersion(first, 'it lists nothing')] : [])];
      }),
  },
];

const gone = (seen: Observation, kind: 'kept-segment' | 'kept-part'): Finding[] =>
  probesOf(seen, kind)
    .filter(({ exchange }) => !succeeded(exchange))
    .map((probe) =>
      inProbe(
        probe,
        `"${probe.about}" has left the playlist and got ${probe.exchange.fault ?? `status ${probe.exchange.status}`}`,
      ),
    );

/** Instants at which `other` was more than a part target behind `leader` for more than a part target. */
function behind(leader: RenditionObservation, other: RenditionObservation): Finding[] {
  const target = 1000 * (leader.versions[0]?.playlist.partTarget ?? Number.POSITIVE_INFINITY);
  const limit = target * (1 + PART_TOLERANCE) + NETWORK_MS;
  const followers = other.versions.filter((version) => liveEdge(version) !== undefined);
  let next = 0;
  return leader.versions.flatMap((version) => {
    const edge = liveEdge(version);
    if (edge === undefined) return [];
    const reaches = (each: PlaylistVersion | undefined): boolean =>
      each === undefined ? true : (liveEdge(each) ?? 0) >= edge - target - 1;
    while (!reaches(followers[next])) next += 1;
    const reached = followers[next];
    const before = followers[next - 1];
    if (reached === undefined || before === undefined || reached.afterFailure) return [];
    const late = addedAfter(reached, before) - version.exchange.firstByteAt;
    return late > limit
      ? [inVersion(reached, `it came ${s(late / 1000)} after the same time in ${leader.name}`)]
      : [];
  });
}

const withParts = (rendition: RenditionObservation): boolean =>
  rendition.versions.some(({ playlist }) => playlist.partTarget !== undefined);

function reportOf(
  version: PlaylistVersion,
  from: RenditionObservation,
  about: RenditionObservation,
): ReportEntry | undefined {
  return version.playlist.reports.find(({ uri }) => {
    const url = uri !== undefined && URL.canParse(uri, from.url) ? new URL(uri, from.url).href : undefined;
    return url === about.url || url === about.listedUrl;
  });
}

function missingReports(seen: Observation): Finding[] {
  const renditions = playable(seen).filter(withParts);
  return renditions.flatMap((from) => {
    const told = new Set<string>();
    return from.versions.flatMap((version) => {
      if (version.playlist.ended) return [];
      return renditions.flatMap((about) => {
        if (about === from || told.has(about.name)) return [];
        const report = reportOf(version, from, about);
        const fault =
          report === undefined
            ? `there is no report on ${about.name}`
            : report.lastMsn === undefined || report.lastPart === undefined
              ? `the report on ${about.name} lacks LAST-MSN or LAST-PART`
              : undefined;
        if (fault === undefined) return [];
        told.add(about.name);
        return [inVersion(version, fault)];
      });
    });
  });
}

/** The last part of a version as a report states it. */
const lastPlace = ({ segments }: PlaylistVersion): number => {
  const last = segments.findLast(({ parts }) => parts.length > 0);
  return last === undefined ? -1 : last.msn * PARTS_PER_SEGMENT + last.parts.length - 1;
};

function staleReports(seen: Observation): Finding[] {
  const renditions = playable(seen).filter(withParts);
  return renditions.flatMap((from) =>
    renditions.flatMap((about) => (about === from ? [] : staleReportsOn(about, from).slice(0, 5))),
  );
}

function staleReportsOn(about: RenditionObservation, from: RenditionObservation): Finding[] {
  const target = 1000 * (about.versions[0]?.playlist.partTarget ?? 0);
  let known: PlaylistVersion | undefined;
  let next = 0;
  return from.versions.flatMap((version) => {
    const before = version.exchange.firstByteAt - target - NETWORK_MS;
    for (let each = about.versions[next]; each !== undefined && each.exchange.endedAt <= before;) {
      known = each;
      each = about.versions[++next];
    }
    const report = reportOf(version, from, about);
    if (known === undefined || report?.lastMsn === undefined || report.lastPart === undefined) return [];
    if (report.lastMsn * PARTS_PER_SEGMENT + report.lastPart >= lastPlace(known)) return [];
    const earlier = s((version.exchange.firstByteAt - known.exchange.endedAt) / 1000);
    const message = `the report on ${about.name} is older than a playlist that came ${earlier} before it`;
    const line = version.playlist.tags.find((tag) => tag.line === report.line)?.value ?? '';
    return [inVersion(version, message, `#EXT-X-RENDITION-REPORT:${line}`)];
  });
}

export const timing: RuleGroup = { name: 'Timing and renditions against each other', rules };
