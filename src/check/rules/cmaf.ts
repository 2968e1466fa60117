import { mainSamples, type Fragments } from '../boxes/fragments.js';
import {
  mediaOf,
  type MediaObservation,
  type Observation,
  type RenditionObservation,
} from '../observation.js';
import { apple, bis, inMedia, s, type Finding, type Rule, type RuleGroup } from './rule.js';
import { allMedia, closedSegments, inRenditions, isVideo, playable } from './views.js';

/** Brands that say iso6 or a later structure (ISO/IEC 14496-12 annex E, ISO/IEC 23000-19 7.2). */
const ENOUGH = /^(?:iso[6-9]|isoa|isob|isoc|cmf[0-9a-z]|cmfc|dash)$/;

const SECTION = bis('3.1.2');

const inits = (seen: Observation): MediaObservation[] =>
  allMedia(seen).filter(({ init }) => init !== undefined);

interface Piece {
  readonly media: MediaObservation;
  readonly fragments: Fragments;
}

const fragmented = (seen: Observation): Piece[] =>
  allMedia(seen).flatMap((media) =>
    media.fragments === undefined ? [] : [{ media, fragments: media.fragments }],
  );

/** The range of an I-frame ends with its picture, which may be in the middle of a fragment: only the picture must be whole. */
const isIFrame = ({ renditions }: Observation, { media, fragments }: Piece): boolean =>
  media.byteRange !== undefined &&
  renditions.some(({ name, kind }) => kind === 'i-frames' && name === media.rendition) &&
  mainSamples(fragments).length > 0;

function initFaults({ init }: MediaObservation): string[] {
  if (init === undefined) return [];
  const { brands, boxes, hasMovieExtends, movieDuration, tracks, faults } = init;
  const moov = boxes.indexOf('moov');
  return [
    ...faults,
    ...(boxes[0] === 'ftyp' && moov > 0 ? [] : [`it has ${boxes.join(', ')}, not ftyp and moov`]),
    ...(boxes[0] !== 'ftyp' || brands.some((brand) => ENOUGH.test(brand))
      ? []
      : [`no brand of ${brands.join(', ')} is iso6 or later`]),
    ...(moov < 0 || hasMovieExtends ? [] : ['there is no mvex']),
    ...(movieDuration === 0 && tracks.every(({ duration }) => duration === 0)
      ? []
      : ['its duration is not 0']),
    ...(tracks.every(({ samples }) => samples === 0) ? [] : ['it has samples']),
  ];
}

function fragmentFaults({ tracks, hasInit }: Fragments): string[] {
  const found = tracks.flatMap(({ trackId, track, baseIsMoof, baseDecodeTime }) => [
    ...(baseDecodeTime === undefined ? [`track ${trackId} has no tfdt`] : []),
    ...(baseIsMoof ? [] : [`offsets of track ${trackId} do not count from the moof`]),
    ...(hasInit && track === undefined ? [`track ${trackId} is not in the init segment`] : []),
    ...(track?.selfContained === false ? [`media of track ${trackId} is in another file`] : []),
  ]);
  return [...new Set(found)];
}

/** What is wrong with a segment's parts against the segment itself. */
function partFaults(rendition: RenditionObservation): Finding[] {
  return [...closedSegments(rendition).values()].flatMap((segment) => {
    const media = mediaOf(rendition, segment);
    const parts = segment.parts.map((part) => mediaOf(rendition, part)?.fragments);
    if (media?.fragments === undefined || parts.length === 0) return [];
    const known = parts.filter((part) => part !== undefined);
    if (known.length < parts.length || known.some(({ faults }) => faults.length > 0)) return [];
    const ofParts = known.flatMap(mainSamples);
    const ofSegment = mainSamples(media.fragments);
    const differs = ofSegment.findIndex((sample, index) => {
      const other = ofParts[index];
      return (
        other?.digest !== sample.digest ||
        other.dts !== sample.dts ||
        other.compositionOffset !== sample.compositionOffset
      );
    });
    if (ofParts.length !== ofSegment.length)
      return [
        inMedia(
          media,
          `segment ${segment.msn} has ${ofSegment.length} samples, its parts have ${ofParts.length}`,
        ),
      ];
    return differs < 0
      ? []
      : [inMedia(media, `sample ${differs} of segment ${segment.msn} is not the one in its parts`)];
  });
}

/** How much later than its first decode time a segment is shown first, after the edit list, in seconds. */
function presentationDelay({ tracks }: Fragments): number | undefined {
  const track = tracks[0]?.track;
  const samples = tracks.filter(({ trackId }) => trackId === track?.id).flatMap((each) => each.samples);
  const first = samples[0];
  if (track === undefined || first === undefined || track.timescale === 0) return undefined;
  const shown = Math.min(...samples.map(({ dts, compositionOffset }) => dts + compositionOffset));
  return (shown - track.editStart - first.dts) / track.timescale;
}

const rules: readonly Rule[] = [
  {
    id: 'C1',
    level: 'M',
    section: SECTION,
    title:
      'An init segment is ftyp and moov with mvex, of brand iso6 or later, without samples and with duration 0.',
    needs: ['cmaf'],
    check: (seen) => inits(seen).flatMap((media) => initFaults(media).map((fault) => inMedia(media, fault))),
  },
  {
    id: 'C2',
    level: 'M',
    section: SECTION,
    title:
      'Every track fragment has tfdt, counts offsets from its moof and belongs to a track of the init segment.',
    needs: ['cmaf'],
    check: (seen) =>
      fragmented(seen)
        .flatMap(({ media, fragments }) => fragmentFaults(fragments).map((fault) => inMedia(media, fault)))
        .slice(0, 50),
  },
  {
    id: 'C3',
    level: 'M',
    section: apple('7.4'),
    title: 'A segment of pictures begins with an IDR picture.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        [...rendition.media.values()].flatMap((media) => {
          if (media.kind !== 'segment' || media.fragments === undefined || !isVideo(rendition)) return [];
          const samples = mainSamples(media.fragments);
          const first = samples[0];
          // One without any sync sample is told by another rule.
          if (first === undefined || !samples.some(({ sync }) => sync)) return [];
          if (!first.sync) return [inMedia(media, 'its first sample is not a sync sample')];
          return first.randomAccess === false
            ? [inMedia(media, 'its first sample is called a sync sample and has no IDR picture')]
            : [];
        }),
      ),
  },
  {
    id: 'C4',
    level: 'M',
    section: bis('3.2'),
    title: 'Parts are whole fragments, and a segment is its parts, sample for sample.',
    needs: ['cmaf'],
    check: (seen) => [
      ...fragmented(seen)
        .filter((piece) => !isIFrame(seen, piece))
        .filter(({ fragments }) => fragments.faults.length > 0 || !fragments.boxes.includes('moof'))
        .map(({ media, fragments }) => inMedia(media, fragments.faults[0] ?? 'there is no moof'))
        .slice(0, 50),
      ...inRenditions(seen, partFaults),
    ],
  },
  {
    id: 'C5',
    level: 'S',
    section: 'ISO/IEC 23000-19 7.5.16',
    title: 'Decode times are written with 64 bits, and a track keeps its timescale.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const media = [...rendition.media.values()];
        const short = media.find(({ fragments }) =>
          fragments?.tracks.some(
            ({ baseDecodeTimeBits, baseDecodeTime }) =>
              baseDecodeTimeBits === 32 && baseDecodeTime !== undefined,
          ),
        );
        const scales = new Set(
          media.flatMap(({ init }) =>
            init === undefined ? [] : [init.tracks.map(({ timescale }) => timescale).join()],
          ),
        );
        const last = media.findLast(({ init }) => init !== undefined);
        return [
          ...(short === undefined ? [] : [inMedia(short, 'tfdt has 32 bits')]),
          ...(scales.size > 1 && last !== undefined
            ? [inMedia(last, `timescales are ${[...scales].join(' and ')}`)]
            : []),
        ];
      }),
  },
  {
    id: 'C6',
    level: 'P',
    section: 'ISO/IEC 23000-19 7.5.13',
    title: 'The first picture of a segment is shown at the time that the segment begins, in every rendition.',
    needs: ['cmaf'],
    check: (seen) =>
      playable(seen)
        .filter(isVideo)
        .flatMap((rendition) => {
          for (const media of rendition.media.values()) {
            if (media.kind !== 'segment' || media.fragments === undefined) continue;
            const delay = presentationDelay(media.fragments);
            const first = media.fragments.tracks[0];
            const frame = (first?.samples[0]?.duration ?? 0) / (first?.track?.timescale ?? 1);
            if (delay !== undefined && Math.abs(delay) > frame / 2)
              return [inMedia(media, `it is shown ${s(delay)} after its first decode time`)];
          }
          return [];
        }),
  },
];

export const cmaf: RuleGroup = { name: 'Media: fragmented MP4', rules };
