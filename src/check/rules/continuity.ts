import { initOf, type RenditionObservation } from '../observation.js';
import type { InitSegment } from '../boxes/init-segment.js';
import { apple, bis, inMedia, inVersion, s, type Rule, type RuleGroup } from './rule.js';
import {
  closedSegments,
  fetchedSegments,
  inFullSteps,
  inRenditions,
  inVersions,
  neighbours,
  playable,
  type FetchedSegment,
} from './views.js';

/** Longest frame taken for one, in seconds: sums of EXTINF may be off by a frame. */
const LONGEST_FRAME = 0.1;

/** Segments of different renditions belong together when they begin within this share of a segment. */
const SAME_INSTANT = 0.5;

const frameOf = ({ media }: FetchedSegment): number => {
  const track = media.fragments?.tracks[0];
  const duration = track?.samples[0]?.duration ?? 0;
  const timescale = track?.track?.timescale ?? 1;
  return Math.min(LONGEST_FRAME, duration / timescale);
};

/** Runs of fetched segments without a hole or a discontinuity between them. */
function runs(rendition: RenditionObservation): FetchedSegment[][] {
  const found: FetchedSegment[][] = [];
  for (const each of fetchedSegments(rendition)) {
    const run = found.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last?.segment.msn === each.segment.msn - 1 && !each.segment.discontinuity)
      run.push(each);
    else found.push([each]);
  }
  return found;
}

/** What has to stay the same while there is no discontinuity. */
const layoutOf = (init: InitSegment): string =>
  JSON.stringify(
    init.tracks.map(({ id, handler, timescale, entry }) => [
      id,
      handler,
      timescale,
      entry?.format,
      entry?.channels,
    ]),
  );

const rules: readonly Rule[] = [
  {
    id: 'M15',
    level: 'M',
    section: `${apple('8.1')}; ${bis('4.4.4.1')}`,
    title: 'The EXTINFs of any run of segments add up to the length of their media, within a frame.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        if (rendition.kind === 'i-frames') return [];
        return runs(rendition).flatMap((run) => {
          let listed = 0;
          let real = 0;
          const first = run[0];
          for (const each of run) {
            listed += each.segment.duration;
            real += each.span.end - each.span.start;
            if (Math.abs(listed - real) > frameOf(each) + 1e-4)
              return [
                inMedia(
                  each.media,
                  `from segment ${first?.segment.msn ?? 0} to ${each.segment.msn} the EXTINFs are ${s(listed)}, the media is ${s(real)}`,
                ),
              ];
          }
          return [];
        });
      }),
  },
  {
    id: 'M16',
    level: 'M',
    section: `${bis('3')}; ${apple('7.1')}`,
    title:
      'Each segment begins at the media time at which the one before ends, unless there is a discontinuity.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        rendition.kind === 'i-frames'
          ? []
          : neighbours(rendition).flatMap(({ before, after }) => {
              const jump = after.span.start - before.span.end;
              return !after.segment.discontinuity && Math.abs(jump) > frameOf(before) / 2
                ? [
                    inMedia(
                      after.media,
                      `segment ${after.segment.msn} begins ${s(jump)} from the end of the one before`,
                    ),
                  ]
                : [];
            }),
      ),
  },
  {
    id: 'M17',
    level: 'M',
    section: bis('4.4.4.3'),
    title: 'A change of the tracks, their numbers, kinds or codings comes with a discontinuity.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const segments = [...closedSegments(rendition).values()].sort((a, b) => a.msn - b.msn);
        return segments.flatMap((segment, index) => {
          const before = segments[index - 1];
          if (before === undefined || segment.discontinuity || before.msn !== segment.msn - 1) return [];
          const now = initOf(rendition, segment);
          const then = initOf(rendition, before);
          if (now === undefined || then === undefined || layoutOf(now) === layoutOf(then)) return [];
          const version = rendition.versions.find(({ fresh }) => fresh.includes(segment));
          return version === undefined
            ? []
            : [
                inVersion(
                  version,
                  `segment ${segment.msn} has another init segment with other tracks`,
                  segment.source,
                ),
              ];
        });
      }),
  },
  {
    id: 'M18',
    level: 'M',
    section: bis('4.4.3.3, 6.2.2'),
    title:
      'DISCONTINUITY-SEQUENCE rises by one with each discontinuity removed, never falls, and stands before the first segment.',
    check: (seen) => [
      ...inFullSteps(seen, (after, before) => {
        if (before.segments.length === 0) return [];
        const first = before.segments[0]?.msn ?? 0;
        // A discontinuity that stands at the new front is still listed: only those before it have gone.
        const gone = before.segments.filter(
          ({ msn, discontinuity }) => discontinuity && msn < after.playlist.mediaSequence,
        ).length;
        const rise = after.playlist.discontinuitySequence - before.playlist.discontinuitySequence;
        const known = after.playlist.mediaSequence <= first + before.segments.length;
        return rise === gone || !known
          ? []
          : [
              inVersion(
                after,
                `it rose by ${rise} while ${gone} discontinuities were removed`,
                `#EXT-X-DISCONTINUITY-SEQUENCE:${after.playlist.discontinuitySequence}`,
              ),
            ];
      }),
      ...inVersions(seen, (version) => {
        const text = version.number === 0 ? version.text : '';
        const at = text.indexOf('\n#EXT-X-DISCONTINUITY-SEQUENCE:');
        const first =
          /\n(?:#EXT-X-DISCONTINUITY\r?\n|#EXTINF:|#EXT-X-PART:)/.exec(text)?.index ?? text.length;
        return at > first
          ? [
              inVersion(
                version,
                'it stands after the first segment',
                `#EXT-X-DISCONTINUITY-SEQUENCE:${version.playlist.discontinuitySequence}`,
              ),
            ]
          : [];
      }),
    ],
  },
  {
    id: 'M19',
    level: 'M',
    section: `${bis('6.2.4')}; ${apple('8.15')}`,
    title: 'At the same instant all renditions have the same discontinuity sequence number.',
    needs: ['several'],
    check: (seen) => {
      const [reference, ...others] = playable(seen);
      if (reference === undefined) return [];
      const segments = [...closedSegments(reference).values()].filter(({ start }) => start !== undefined);
      return others.flatMap((rendition) => {
        const found = [...closedSegments(rendition).values()].flatMap((segment) => {
          const middle = segment.start === undefined ? undefined : segment.start + segment.duration * 500;
          if (middle === undefined) return [];
          const same = segments.find(
            ({ start = 0, duration }) =>
              Math.abs(start + duration * 500 - middle) < duration * 1000 * SAME_INSTANT * 0.5,
          );
          if (same === undefined || same.discontinuitySequence === segment.discontinuitySequence) return [];
          const version = rendition.versions.find(({ fresh }) => fresh.includes(segment));
          return version === undefined
            ? []
            : [
                inVersion(
                  version,
                  `segment ${segment.msn} has number ${segment.discontinuitySequence}, in ${reference.name} it is ${same.discontinuitySequence}`,
                  segment.source,
                ),
              ];
        });
        return found.slice(0, 5);
      });
    },
  },
];

export const continuity: RuleGroup = { name: 'Continuity and discontinuities', rules };
