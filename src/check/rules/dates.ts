import type { PlaylistVersion } from '../observation.js';
import { numberOf, readAttributes, textOf, type AttributeList } from '../playlist/attribute-list.js';
import { dateOf } from '../playlist/media-playlist.js';
import { tagOf } from '../playlist/lines.js';
import { apple, bis, inMedia, inVersion, s, type Finding, type Rule, type RuleGroup } from './rule.js';
import {
  fetchedSegments,
  inRenditions,
  inVersions,
  newLines,
  once,
  playable,
  segmentsSeen,
} from './views.js';

/** PDT and EXTINF are written with few digits, and clocks are read with jitter. */
const DATE_TOLERANCE_MS = 100;

/** An overlap up to this corrects the drift of a clock. */
const CORRECTION_MS = 1000;

/** Dates are written in whole milliseconds, and sound begins at the frame nearest to the picture. */
const MAPPING_TOLERANCE_MS = 25;

const EXTENDED_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(?:Z|[+-]\d\d:\d\d)$/;

/** Tags that a parent's first part must come after. */
const BEFORE_PARTS = /^#EXT-X-(?:PROGRAM-DATE-TIME|MAP|KEY|DISCONTINUITY)(?::|$)/;

const SCTE35 = ['SCTE35-CMD', 'SCTE35-OUT', 'SCTE35-IN'];

/** A splice_info_section begins with this table number. */
const SPLICE_INFO = /^0[xX][fF][cC][0-9A-Fa-f]*$/;

const idOf = (attributes: AttributeList): string | undefined => textOf(attributes, 'ID');

const dateAttribute = (attributes: AttributeList, name: string): number | undefined => {
  const text = textOf(attributes, name);
  return text === undefined ? undefined : dateOf(text);
};

function dateRangeFaults(attributes: AttributeList): string[] {
  const faults: string[] = [];
  if (idOf(attributes) === undefined) faults.push('EXT-X-DATERANGE has no ID');
  const start = dateAttribute(attributes, 'START-DATE');
  const end = dateAttribute(attributes, 'END-DATE');
  const duration = numberOf(attributes, 'DURATION');
  if (end !== undefined && start !== undefined && end < start) faults.push('END-DATE is before START-DATE');
  if (
    start !== undefined &&
    end !== undefined &&
    duration !== undefined &&
    Math.abs(start + duration * 1000 - end) > 1
  )
    faults.push('END-DATE is not START-DATE and DURATION');
  return faults;
}

/** Attributes of one ID that were changed from one version to a later one. */
function changedRanges(versions: readonly PlaylistVersion[]): Finding[] {
  const known = new Map<string, Map<string, string>>();
  return versions.flatMap((version) =>
    version.playlist.dateRanges.flatMap(({ attributes }) => {
      const id = idOf(attributes);
      if (id === undefined) return [];
      const values = known.get(id) ?? new Map<string, string>();
      known.set(id, values);
      return [...attributes.values].flatMap(([name, { text }]) => {
        const before = values.get(name);
        values.set(name, text);
        return before === undefined || before === text
          ? []
          : [inVersion(version, `${name} of date range "${id}" was "${before}" and is "${text}"`)];
      });
    }),
  );
}

/** The first finding of each kind of fault, that every version repeats. */
function firstOfEach(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>();
  return findings.filter(({ rendition, message }) => {
    const key = `${rendition ?? ''} ${message}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

type Mapping = ReturnType<typeof mappings>[number];

/** The mapping of the segment that is on at the same time, as far as one is known. */
function nearest(
  mappings: readonly Mapping[],
  { discontinuitySequence, segment }: Mapping,
): Mapping | undefined {
  const distance = (other: Mapping): number =>
    Math.abs((other.segment.programDateTime ?? 0) - (segment.programDateTime ?? 0));
  let found: Mapping | undefined;
  for (const each of mappings) {
    if (each.discontinuitySequence !== discontinuitySequence) continue;
    if (found === undefined || distance(each) < distance(found)) found = each;
  }
  return found;
}

/** Where a segment stands on the wall clock for each second of its media: ms of date minus ms of media time. */
function mappings(rendition: Parameters<typeof fetchedSegments>[0]) {
  return fetchedSegments(rendition).flatMap(({ segment, media, span }) => {
    if (segment.programDateTime === undefined) return [];
    const track = media.fragments?.tracks[0]?.track;
    const first = media.fragments?.tracks[0]?.samples[0];
    if (track === undefined || first === undefined) return [];
    const shift = (first.compositionOffset - track.editStart) / track.timescale;
    const offset = segment.programDateTime - (span.start + shift) * 1000;
    return [{ discontinuitySequence: segment.discontinuitySequence, offset, media, segment }];
  });
}

/** Where no segment has a date, a rule of its own tells. */
const isDated = once(({ segments }: PlaylistVersion): boolean =>
  segments.some(({ programDateTime }) => programDateTime !== undefined),
);

const rules: readonly Rule[] = [
  {
    id: 'P1',
    level: 'M',
    section: `${bis('B.1')}; ${apple('8.4')}`,
    title: 'Every live media playlist has EXT-X-PROGRAM-DATE-TIME.',
    needs: ['live'],
    check: (seen) =>
      inRenditions(seen, ({ versions }) => {
        const dated = versions.some(({ segments }) =>
          segments.some(({ programDateTime }) => programDateTime !== undefined),
        );
        const first = versions.find(({ segments }) => segments.length > 0);
        return dated || first === undefined || first.playlist.ended
          ? []
          : [inVersion(first, 'no segment has a date')];
      }),
  },
  {
    id: 'P2',
    level: 'M',
    section: bis('6.2.4'),
    title: 'In all playlists the same date stands for the same media time.',
    needs: ['several', 'cmaf'],
    check: (seen) => {
      const [reference, ...others] = playable(seen);
      const expected = reference === undefined ? [] : mappings(reference);
      return others.flatMap((rendition) =>
        mappings(rendition)
          .flatMap((own) => {
            const known = nearest(expected, own);
            const by = own.offset - (known?.offset ?? own.offset);
            return Math.abs(by) > MAPPING_TOLERANCE_MS
              ? [
                  inMedia(
                    own.media,
                    `the date of segment ${own.segment.msn} is ${Math.round(by)} ms off against ${reference?.name ?? ''}`,
                  ),
                ]
              : [];
          })
          .slice(0, 5),
      );
    },
  },
  {
    id: 'P3',
    level: 'S',
    section: bis('4.4.4.6'),
    title: 'Dates have a zone and milliseconds, in the extended form of ISO 8601.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        newLines(rendition)
          .flatMap(({ version, text, number }) => {
            const tag = tagOf(text, number);
            return tag?.name === 'EXT-X-PROGRAM-DATE-TIME' && !EXTENDED_DATE.test(tag.value)
              ? [inVersion(version, `"${tag.value}" is not of the form 2026-01-02T03:04:05.678Z`, text)]
              : [];
          })
          .slice(0, 5),
      ),
  },
  {
    id: 'P4',
    level: 'S',
    section: bis('6.2.1'),
    title: 'Every segment after a discontinuity has a date.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        segmentsSeen(rendition).flatMap(({ version, segment }) =>
          isDated(version) &&
          segment.discontinuity &&
          segment.programDateTime === undefined &&
          segment.uri !== undefined
            ? [
                inVersion(
                  version,
                  `segment ${segment.msn} follows a discontinuity and has no date`,
                  segment.source,
                ),
              ]
            : [],
        ),
      ),
  },
  {
    id: 'P5',
    level: 'M',
    section: bis('6.2.1'),
    title: 'Dates go on with the durations of the segments, but for small corrections.',
    check: (seen) =>
      inVersions(seen, (version) =>
        version.fresh.flatMap((segment) => {
          const before = version.segments[segment.msn - (version.segments[0]?.msn ?? 0) - 1];
          if (before?.start === undefined || segment.programDateTime === undefined || segment.discontinuity)
            return [];
          const jump = segment.programDateTime - (before.start + before.duration * 1000);
          return jump > DATE_TOLERANCE_MS || jump < -CORRECTION_MS
            ? [
                inVersion(
                  version,
                  `the date of segment ${segment.msn} is ${Math.round(jump)} ms from the end of the one before`,
                  segment.source,
                ),
              ]
            : [];
        }),
      ),
  },
  {
    id: 'P7',
    level: 'M',
    section: bis('4.4.4.9'),
    title: 'Date, map, key and discontinuity of a segment stand before its first part.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        segmentsSeen(rendition).flatMap(({ version, segment }) => {
          const lines = segment.source.split('\n');
          const part = lines.findIndex((line) => line.startsWith('#EXT-X-PART:'));
          const late = part < 0 ? undefined : lines.slice(part).find((line) => BEFORE_PARTS.test(line));
          return late === undefined
            ? []
            : [inVersion(version, `a tag of segment ${segment.msn} stands after its first part`, late)];
        }),
      ),
  },
  {
    id: 'P8',
    level: 'M',
    section: bis('4.4.5.1, 6.2.1'),
    title:
      'Date ranges have an ID, dates that agree, a date in the playlist to count from, and never change.',
    check: (seen) =>
      firstOfEach([
        ...inVersions(seen, (version) => {
          const { dateRanges } = version.playlist;
          const undated =
            dateRanges.length > 0 &&
            version.segments.every(({ programDateTime }) => programDateTime === undefined);
          return [
            ...(undated
              ? [inVersion(version, 'there is EXT-X-DATERANGE and no EXT-X-PROGRAM-DATE-TIME')]
              : []),
            ...dateRanges.flatMap(({ attributes }) =>
              dateRangeFaults(attributes).map((fault) => inVersion(version, fault)),
            ),
          ];
        }),
        ...inRenditions(seen, ({ versions }) => changedRanges(versions)),
      ]),
  },
  {
    id: 'P9',
    level: 'M',
    section: bis('4.4.5.1'),
    title: 'END-ON-NEXT=YES comes with CLASS and without DURATION and END-DATE.',
    check: (seen) =>
      firstOfEach(
        inVersions(seen, (version) =>
          version.playlist.dateRanges.flatMap(({ attributes }) => {
            if (textOf(attributes, 'END-ON-NEXT') !== 'YES') return [];
            const wrong =
              textOf(attributes, 'CLASS') === undefined ||
              textOf(attributes, 'DURATION') !== undefined ||
              textOf(attributes, 'END-DATE') !== undefined;
            return wrong
              ? [inVersion(version, `date range "${idOf(attributes) ?? ''}" cannot end on the next one`)]
              : [];
          }),
        ),
      ),
  },
  {
    id: 'P10',
    level: 'S',
    section: bis('4.4.5.1.1'),
    title: 'SCTE-35 messages are whole splice information sections in hexadecimal.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        newLines(rendition).flatMap(({ version, text, number }) => {
          const tag = tagOf(text, number);
          if (tag?.name !== 'EXT-X-DATERANGE') return [];
          const attributes = readAttributes(tag.value);
          return SCTE35.flatMap((name) => {
            const value = attributes.values.get(name);
            return value !== undefined && !value.quoted && !SPLICE_INFO.test(value.text)
              ? [inVersion(version, `${name} is no splice information section`, text)]
              : [];
          });
        }),
      ),
  },
  {
    id: 'P6',
    level: 'S',
    section: `${bis('6.2.1')}; ${apple('8.5')}`,
    title:
      'Dates are those of capture: the end of a live playlist is neither in the future nor far in the past.',
    needs: ['live'],
    check: (seen) =>
      inRenditions(seen, ({ versions, kind }) => {
        if (kind === 'i-frames') return [];
        for (const version of versions) {
          const edge = version.playlist.ended ? undefined : version.segments.at(-1);
          if (edge?.start === undefined) continue;
          const behind = version.exchange.firstByteAt - (edge.start + edge.duration * 1000);
          const most = Math.max(MOST_BEHIND_MS, 3000 * (version.playlist.targetDuration ?? 0));
          if (behind < -CLOCKS_MS)
            return [
              inVersion(
                version,
                `the playlist ends ${s(-behind / 1000)} in the future of this machine's clock`,
              ),
            ];
          if (behind > most)
            return [inVersion(version, `the playlist ends ${s(behind / 1000)} behind this machine's clock`)];
        }
        return [];
      }),
  },
];

/** Two machines' clocks are rarely nearer than this. */
const CLOCKS_MS = 1000;

/** Encoders and packagers take their time. */
const MOST_BEHIND_MS = 30_000;

export const dates: RuleGroup = { name: 'Dates and date ranges', rules };
