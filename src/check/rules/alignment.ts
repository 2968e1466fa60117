import { mainSamples } from '../boxes/fragments.js';
import type { RenditionObservation } from '../observation.js';
import { apple, bis, inMedia, inVersion, s, type Rule, type RuleGroup } from './rule.js';
import { fetchedSegments, isVideo, listedSeconds, playable, targetOf } from './views.js';

/** Times at which a player may begin, in seconds of media: of all sync samples. */
function syncTimes(rendition: RenditionObservation): number[] {
  return fetchedSegments(rendition).flatMap(({ media, span }) =>
    media.fragments === undefined
      ? []
      : mainSamples(media.fragments)
          .filter(({ sync }) => sync)
          .map(({ dts }) => dts / span.timescale),
  );
}

const starts = (rendition: RenditionObservation): number[] =>
  fetchedSegments(rendition).map(({ span }) => span.start);

/** Shortest time between two pictures, in seconds. */
export function shortestFrame(rendition: RenditionObservation): number {
  return Math.min(
    ...fetchedSegments(rendition).flatMap(({ media, span }) =>
      media.fragments === undefined
        ? []
        : mainSamples(media.fragments).map(({ duration }) => duration / span.timescale),
    ),
  );
}

const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

/** Instants within what was fetched of another rendition that are not among that one's own. */
function unmatched(
  times: readonly number[],
  other: RenditionObservation,
  expected: readonly number[],
  tolerance: number,
): number[] {
  const spans = fetchedSegments(other).map(({ span }) => span);
  return times.filter(
    (time) =>
      spans.some(({ start, end }) => time >= start - tolerance && time < end - tolerance) &&
      !expected.some((each) => near(each, time, tolerance)),
  );
}

const rules: readonly Rule[] = [
  {
    id: 'V13',
    level: 'S',
    section: `${bis('6.2.4')}; ${apple('8.22')}`,
    title: 'Segments begin at the same instants in all renditions with pictures.',
    needs: ['several', 'cmaf'],
    check: (seen) => {
      const [reference, ...others] = playable(seen).filter(isVideo);
      if (reference === undefined) return [];
      const tolerance = shortestFrame(reference) / 2;
      return others.flatMap((rendition) => {
        const off = unmatched(starts(rendition), reference, starts(reference), tolerance);
        const wrong = fetchedSegments(rendition).find(({ span }) => off.includes(span.start));
        return wrong === undefined
          ? []
          : [
              inMedia(
                wrong.media,
                `segment ${wrong.segment.msn} begins at ${s(wrong.span.start)}, where none begins in ${reference.name}`,
              ),
            ];
      });
    },
  },
  {
    id: 'V13b',
    level: 'S',
    section: `${bis('6.2.4')}; ${apple('8.22')}`,
    title: 'Keyframes stand at the same instants in all renditions with pictures.',
    needs: ['several', 'cmaf'],
    check: (seen) => {
      const [reference, ...others] = playable(seen).filter(
        (rendition) => isVideo(rendition) && rendition.kind !== 'i-frames',
      );
      if (reference === undefined) return [];
      const tolerance = shortestFrame(reference) / 2;
      return others.flatMap((rendition) => {
        const first = rendition.versions[0];
        // Segments that begin elsewhere are told by the rule on segments.
        if (
          first === undefined ||
          unmatched(starts(rendition), reference, starts(reference), tolerance).length > 0
        )
          return [];
        const own = syncTimes(rendition);
        const expected = syncTimes(reference);
        const off = [
          ...unmatched(own, reference, expected, tolerance),
          ...unmatched(expected, rendition, own, tolerance),
        ];
        return off.length === 0
          ? []
          : [
              inVersion(
                first,
                `${off.length} keyframes are not where ${reference.name} has its own, the first at ${s(off[0] ?? 0)}`,
              ),
            ];
      });
    },
  },
  {
    id: 'V14',
    level: 'M',
    section: `${bis('6.2.4')}; ${apple('8.3')}`,
    title: 'All renditions cover the same time, to within one target duration.',
    needs: ['several'],
    check: (seen) => {
      const renditions = playable(seen);
      const reference = renditions[0]?.versions[0];
      if (reference === undefined) return [];
      const range = (version: typeof reference) => {
        const start = version.segments[0]?.start;
        return start === undefined ? undefined : { start, length: listedSeconds(version.segments) };
      };
      const own = range(reference);
      const limit = Math.min(...renditions.map(targetOf)) + 0.5;
      return renditions.slice(1).flatMap(({ versions }) => {
        const version = versions[0];
        const other = version === undefined ? undefined : range(version);
        if (version === undefined || own === undefined || other === undefined) return [];
        const before = Math.abs(other.start - own.start) / 1000;
        const after = Math.abs(other.start + other.length * 1000 - own.start - own.length * 1000) / 1000;
        return before > limit || after > limit
          ? [
              inVersion(
                version,
                `it begins ${s(before)} and ends ${s(after)} from where ${reference.rendition} does`,
              ),
            ]
          : [];
      });
    },
  },
];

export const alignment: RuleGroup = { name: 'Renditions against each other', rules };
