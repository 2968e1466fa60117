import { mediaOf, urlOf, type PlaylistVersion, type RenditionObservation } from '../observation.js';
import { mainSamples } from '../boxes/fragments.js';
import { succeeded } from '../transport.js';
import { firstOf } from './first-fault.js';
import { apple, bis, inMedia, inVersion, s, type Finding, type Rule, type RuleGroup } from './rule.js';
import { inRenditions, inSteps, inVersions, partsSeen, segmentsSeen } from './views.js';

const SHORTEST_SHARE = 0.85;
/** Durations are written with five digits or so. */
const ROUNDING = 2e-5;
const SUM_TOLERANCE = 0.002;
const PARTS_TARGET_DURATIONS = 3;

const hasParts = ({ segments }: PlaylistVersion): boolean => segments.some(({ parts }) => parts.length > 0);

const rules: readonly Rule[] = [
  {
    id: 'L1',
    level: 'M',
    section: bis('4.4.3.7'),
    title: 'A playlist with parts states PART-TARGET.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(
          rendition,
          (version) =>
            hasParts(version) && version.playlist.partTarget === undefined
              ? 'there are parts and no EXT-X-PART-INF:PART-TARGET'
              : undefined,
          '#EXT-X-PART:',
        ),
      ),
  },
  {
    id: 'L2',
    level: 'M',
    section: bis('4.4.4.9'),
    title: 'No part is longer than PART-TARGET.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        partsSeen(rendition).flatMap(({ version, part }) => {
          const target = version.playlist.partTarget;
          return target !== undefined && part.duration > target
            ? [
                inVersion(
                  version,
                  `part ${part.msn}.${part.index} lasts ${s(part.duration)}, PART-TARGET is ${s(target)}`,
                  part.source,
                ),
              ]
            : [];
        }),
      ),
  },
  {
    id: 'L3',
    level: 'M',
    section: bis('4.4.4.9'),
    title:
      'Every part is at least 85 % of PART-TARGET, but the last of a segment, independent parts and gaps.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        partsSeen(rendition).flatMap(({ version, segment, part }) => {
          const target = version.playlist.partTarget;
          const next = segment.parts[part.index + 1];
          // Nobody knows yet whether the newest part is the last of its segment.
          if (target === undefined || next === undefined || next.gap || part.gap || part.independent)
            return [];
          return part.duration < SHORTEST_SHARE * target - ROUNDING
            ? [
                inVersion(
                  version,
                  `part ${part.msn}.${part.index} lasts ${s(part.duration)} of ${s(target)}`,
                  part.source,
                ),
              ]
            : [];
        }),
      ),
  },
  {
    id: 'L4',
    level: 'M',
    section: bis('3.2'),
    title: 'The parts of a segment add up to its EXTINF.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const told = new Set<number>();
        return segmentsSeen(rendition).flatMap(({ version, segment }) => {
          if (segment.uri === undefined || segment.parts.length === 0 || told.has(segment.msn)) return [];
          const sum = segment.parts.reduce((total, part) => total + part.duration, 0);
          const tolerance = SUM_TOLERANCE + ROUNDING * segment.parts.length;
          if (Math.abs(sum - segment.duration) <= tolerance) return [];
          told.add(segment.msn);
          return [
            inVersion(
              version,
              `the parts of segment ${segment.msn} are ${s(sum)}, EXTINF is ${s(segment.duration)}`,
              segment.source,
            ),
          ];
        });
      }),
  },
  {
    id: 'L5',
    level: 'S',
    section: bis('4.4.4.9'),
    title: 'A part that has an independent frame says INDEPENDENT=YES.',
    needs: ['parts', 'cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        partsSeen(rendition).flatMap(({ version, part }) => {
          const fragments = mediaOf(rendition, part)?.fragments;
          return !part.independent &&
            fragments !== undefined &&
            mainSamples(fragments).some(({ sync }) => sync)
            ? [
                inVersion(
                  version,
                  `part ${part.msn}.${part.index} has a sync sample and does not say so`,
                  part.source,
                ),
              ]
            : [];
        }),
      ),
  },
  {
    id: 'L5b',
    level: 'M',
    section: bis('4.4.4.9'),
    title: 'A part that says INDEPENDENT=YES has an independent frame.',
    needs: ['parts', 'cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        partsSeen(rendition).flatMap(({ version, part }) => {
          const fragments = mediaOf(rendition, part)?.fragments;
          const samples = fragments === undefined ? [] : mainSamples(fragments);
          return part.independent && samples.length > 0 && !samples.some(({ sync }) => sync)
            ? [inVersion(version, `part ${part.msn}.${part.index} has no sync sample`, part.source)]
            : [];
        }),
      ),
  },
  {
    id: 'L8',
    level: 'S',
    section: bis('6.2.2'),
    title: 'Parts further than three target durations from the end are not listed any more.',
    needs: ['parts', 'live'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        for (const version of rendition.versions) {
          const limit =
            PARTS_TARGET_DURATIONS * (version.playlist.targetDuration ?? Number.POSITIVE_INFINITY);
          let fromEnd = 0;
          for (const segment of [...version.segments].reverse()) {
            // In a delta update what is skipped stands as it was.
            if (
              segment.parts.length > 0 &&
              fromEnd > limit + ROUNDING &&
              !version.playlist.ended &&
              !skips(version, segment.msn)
            )
              return [
                inVersion(
                  version,
                  `segment ${segment.msn} ends ${s(fromEnd)} from the end and has its parts listed`,
                  segment.source,
                ),
              ];
            fromEnd += segment.duration;
          }
        }
        return [];
      }),
  },
  {
    id: 'L9',
    level: 'M',
    section: bis('6.2.2'),
    title: 'Parts leave the playlist in its order.',
    needs: ['parts'],
    check: (seen) =>
      inSteps(seen, (after, before) => {
        const first = before.segments[0]?.msn ?? 0;
        let older: number | undefined;
        // Of what an update skips, a client goes on holding the parts.
        for (const segment of after.playlist.segments) {
          const had = before.segments[segment.msn - first]?.parts.length ?? 0;
          if (segment.parts.length === 0 && had > 0 && older !== undefined)
            return [
              inVersion(
                after,
                `the parts of segment ${segment.msn} were removed before those of ${older}`,
                segment.source,
              ),
            ];
          if (segment.parts.length > 0) older ??= segment.msn;
        }
        return [];
      }),
  },
  {
    id: 'L10',
    level: 'M',
    section: `${bis('B.1')}; ${apple('7.4')}`,
    title: 'Every segment has an independent frame.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        [...rendition.media.values()].flatMap((media) => {
          if (media.kind !== 'segment' || media.fragments === undefined) return [];
          const samples = mainSamples(media.fragments);
          return samples.length > 0 && !samples.some(({ sync }) => sync)
            ? [inMedia(media, 'no sample of it is a sync sample')]
            : [];
        }),
      ),
  },
  {
    id: 'L16',
    level: 'M',
    section: bis('B.1, 6.2.6'),
    title: 'A live playlist with parts hints the next one.',
    needs: ['parts', 'live'],
    check: (seen) =>
      inVersions(seen, (version) =>
        hasParts(version) &&
        !version.playlist.ended &&
        !version.playlist.hints.some(({ type }) => type === 'PART')
          ? [inVersion(version, 'there is no EXT-X-PRELOAD-HINT:TYPE=PART')]
          : [],
      ),
  },
  {
    id: 'L16b',
    level: 'S',
    section: bis('4.4.5.3'),
    title: 'A playlist has no more than one hint of each type.',
    needs: ['parts'],
    check: (seen) =>
      inVersions(seen, (version) => {
        const types = version.playlist.hints.map(({ type }) => type);
        return new Set(types).size < types.length
          ? [inVersion(version, `there are ${types.length} hints: ${types.join(', ')}`)]
          : [];
      }),
  },
  {
    id: 'L17',
    level: 'M',
    section: bis('4.4.5.3'),
    title: 'A hinted part is listed later under the very same URI.',
    needs: ['parts', 'live'],
    check: (seen) => inRenditions(seen, misspelledHints),
  },
  {
    id: 'L20',
    level: 'M',
    section: bis('4.4.5.3'),
    title: 'A hint of a part that is a byte range of a resource says where it starts.',
    needs: ['parts'],
    check: (seen) =>
      inVersions(seen, (version) => {
        const ranged = new Set(
          version.segments.flatMap(({ parts }) =>
            parts.filter(({ byteRange }) => (byteRange?.start ?? 0) > 0).map(({ uri }) => uri),
          ),
        );
        return version.playlist.hints.flatMap(({ type, uri, byteRange }) =>
          type === 'PART' && ranged.has(uri) && byteRange === undefined
            ? [inVersion(version, `"${uri}" is listed in byte ranges and hinted without BYTERANGE-START`)]
            : [],
        );
      }),
  },
  {
    id: 'L23',
    level: 'S',
    section: bis('4.4.4.9'),
    title: 'An I-frame playlist lists no parts.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(
          rendition,
          (version) =>
            version.playlist.iFramesOnly && hasParts(version)
              ? 'there are parts and EXT-X-I-FRAMES-ONLY'
              : undefined,
          '#EXT-X-PART:',
        ),
      ),
  },
];

const skips = ({ playlist }: PlaylistVersion, msn: number): boolean =>
  msn < playlist.mediaSequence + (playlist.skipped ?? 0);

/** Later parts that must have come before a hint is said to have come to nothing. */
const PARTS_AFTER = 3;

/** Hints that were fetched, so the part exists, and that no playlist ever listed. */
function misspelledHints(rendition: RenditionObservation): Finding[] {
  const listed = new Set(partsSeen(rendition).map(({ part }) => urlOf(rendition, part)));
  const known = new Set<string>();
  return rendition.versions.flatMap((version, index) =>
    version.playlist.hints.flatMap((hint) => {
      const url = urlOf(rendition, hint);
      if (hint.type !== 'PART' || listed.has(url) || known.has(url)) return [];
      known.add(url);
      const media = mediaOf(rendition, hint);
      const later = rendition.versions.length - index - 1;
      if (media === undefined || !succeeded(media.exchange) || later < PARTS_AFTER) return [];
      return [inVersion(version, `"${hint.uri}" was hinted and could be fetched, but no playlist lists it`)];
    }),
  );
}

export const lowLatency: RuleGroup = { name: 'Low latency: parts and hints', rules };
