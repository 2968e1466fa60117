import { mediaOf, type PlaylistVersion, type RenditionObservation } from '../observation.js';
import { numberOf, readAttributes } from '../playlist/attribute-list.js';
import {
  apple,
  bis,
  inMedia,
  inVersion,
  s,
  tagLine,
  type Finding,
  type Rule,
  type RuleGroup,
} from './rule.js';
import {
  closedSegments,
  inRenditions,
  inSteps,
  inVersions,
  listedSeconds,
  playable,
  segmentsSeen,
} from './views.js';

const MIN_SEGMENTS = 6;
const MIN_TARGET_DURATIONS = 3;
const NOMINAL_TARGET = 6;
const RECOMMENDED_WINDOW = 15 * 60;

/** EXT-X-BITRATE may be off by a tenth. */
const BITRATE_TOLERANCE = 0.1;

const removed = (after: PlaylistVersion, before: PlaylistVersion): number =>
  after.playlist.mediaSequence - before.playlist.mediaSequence;

/** The first version of each rendition that a check finds fault with. */
function firstFault(
  rendition: RenditionObservation,
  check: (version: PlaylistVersion) => string | undefined,
): Finding[] {
  for (const version of rendition.versions) {
    const message = check(version);
    if (message !== undefined) return [inVersion(version, message)];
  }
  return [];
}

const rules: readonly Rule[] = [
  {
    id: 'M1',
    level: 'M',
    section: bis('4.4.3.1'),
    title: 'TARGETDURATION is there, and no EXTINF rounded to whole seconds is above it.',
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const without = firstFault(rendition, ({ playlist }) =>
          (playlist.targetDuration ?? 0) >= 1 ? undefined : 'there is no EXT-X-TARGETDURATION of at least 1',
        );
        if (without.length > 0) return without;
        return segmentsSeen(rendition).flatMap(({ version, segment }) => {
          const target = version.playlist.targetDuration ?? 0;
          return segment.uri !== undefined && Math.round(segment.duration) > target
            ? [
                inVersion(
                  version,
                  `segment ${segment.msn} lasts ${s(segment.duration)}, TARGETDURATION is ${target}`,
                  segment.source,
                ),
              ]
            : [];
        });
      }),
  },
  {
    id: 'M2',
    level: 'M',
    section: bis('6.2.1'),
    title: 'TARGETDURATION never changes.',
    check: (seen) =>
      inSteps(seen, (after, before) =>
        after.playlist.targetDuration === before.playlist.targetDuration
          ? []
          : [
              inVersion(
                after,
                `it was ${before.playlist.targetDuration ?? 'absent'} and is ${after.playlist.targetDuration ?? 'absent'}`,
                ...tagLine(after, 'EXT-X-TARGETDURATION'),
              ),
            ],
      ),
  },
  {
    id: 'M3',
    level: 'S',
    section: apple('7.6'),
    title: 'TARGETDURATION is 6 seconds.',
    check: (seen) => {
      // Where others have another one, a rule of its own tells.
      const version = playable(seen)[0]?.versions[0];
      const target = version?.playlist.targetDuration;
      return version === undefined || target === undefined || target === NOMINAL_TARGET
        ? []
        : [inVersion(version, `it is ${target}`, ...tagLine(version, 'EXT-X-TARGETDURATION'))];
    },
  },
  {
    id: 'M4',
    level: 'M',
    section: bis('6.2.4'),
    title: 'All playlists of a live presentation have the same TARGETDURATION.',
    needs: ['several', 'live'],
    check: (seen) => {
      const target = seen.renditions[0]?.versions[0]?.playlist.targetDuration;
      return seen.renditions
        .slice(1)
        .flatMap((rendition) =>
          firstFault(rendition, ({ playlist, number }) =>
            number > 0 || playlist.targetDuration === target
              ? undefined
              : `it is ${playlist.targetDuration ?? 'absent'} here and ${target ?? 'absent'} in ${seen.renditions[0]?.name ?? ''}`,
          ),
        );
    },
  },
  {
    id: 'M8',
    level: 'M',
    section: bis('6.2.2'),
    title: 'No segment is removed when less than three target durations would be left.',
    check: (seen) =>
      inSteps(seen, (after, before) => {
        const left = listedSeconds(after.segments);
        const least = MIN_TARGET_DURATIONS * (after.playlist.targetDuration ?? 0);
        return removed(after, before) > 0 && !after.playlist.ended && left < least - 1e-6
          ? [
              inVersion(
                after,
                `${s(left)} are left of at least ${s(least)}`,
                ...tagLine(after, 'EXT-X-MEDIA-SEQUENCE'),
              ),
            ]
          : [];
      }).slice(0, MAX_REPEATS),
  },
  {
    id: 'M9',
    level: 'M',
    section: apple('8.11'),
    title: 'A live playlist that has run for a while lists six segments or more.',
    check: (seen) =>
      inSteps(seen, (after, before) => {
        const count = after.segments.filter(({ uri }) => uri !== undefined).length;
        const least = MIN_TARGET_DURATIONS * (after.playlist.targetDuration ?? 0);
        return removed(after, before) > 0 &&
          !after.playlist.ended &&
          count < MIN_SEGMENTS &&
          listedSeconds(after.segments) >= least - 1e-6
          ? [inVersion(after, `${count} segments are listed`, ...tagLine(after, 'EXT-X-MEDIA-SEQUENCE'))]
          : [];
      }).slice(0, MAX_REPEATS),
  },
  {
    id: 'M9b',
    level: 'S',
    section: apple('8.12'),
    title: 'A live playlist reaches back 15 minutes.',
    check: (seen) =>
      inRenditions(seen, ({ versions }) => {
        const sliding = versions.find((version, index) => {
          const before = versions[index - 1];
          return before !== undefined && removed(version, before) > 0 && !version.playlist.ended;
        });
        if (sliding === undefined) return [];
        const seconds = listedSeconds(sliding.segments);
        const short = sliding.segments.filter(({ uri }) => uri !== undefined).length < MIN_SEGMENTS;
        const tooShort = seconds < MIN_TARGET_DURATIONS * (sliding.playlist.targetDuration ?? 0) - 1e-6;
        return seconds >= RECOMMENDED_WINDOW - 1e-6 || short || tooShort
          ? []
          : [inVersion(sliding, `segments are removed with ${s(seconds)} listed`)];
      }),
  },
  {
    id: 'M13',
    level: 'M',
    section: bis('6.2.1, 6.2.4'),
    title: 'A sliding playlist has no EXT-X-PLAYLIST-TYPE, and all playlists carry the tag or none.',
    check: (seen) => [
      ...inSteps(seen, (after, before) =>
        removed(after, before) > 0 && after.playlist.playlistType !== undefined
          ? [
              inVersion(
                after,
                `segments are removed from a playlist of type ${after.playlist.playlistType}`,
                ...tagLine(after, 'EXT-X-PLAYLIST-TYPE'),
              ),
            ]
          : [],
      ).slice(0, MAX_REPEATS),
      ...typedByHalf(playable(seen)),
    ],
  },
  {
    id: 'M14',
    level: 'M',
    section: bis('4.4.3.4, 4.4.5.3'),
    title: 'A playlist that has ended hints nothing more.',
    check: (seen) =>
      inVersions(seen, (version) =>
        version.playlist.ended && version.playlist.hints.length > 0
          ? [inVersion(version, 'EXT-X-PRELOAD-HINT and EXT-X-ENDLIST stand together', '#EXT-X-ENDLIST')]
          : [],
      ),
  },
  {
    id: 'M20',
    level: 'M',
    section: bis('4.4.4.7, 4.4.4.9'),
    title: 'The parts of a segment tagged GAP are GAP=YES too.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        segmentsSeen(rendition).flatMap(({ version, segment }) =>
          segment.gap && segment.uri !== undefined && segment.parts.some((part) => !part.gap)
            ? [
                inVersion(
                  version,
                  `segment ${segment.msn} is a gap and has parts that are none`,
                  segment.source,
                ),
              ]
            : [],
        ),
      ),
  },
  {
    id: 'M21',
    level: 'M',
    section: bis('3.1.2, 4.4.4.5'),
    title: 'EXT-X-MAP applies to every segment of fragmented MP4.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        [...closedSegments(rendition).values()].flatMap((segment) => {
          const media = mediaOf(rendition, segment);
          return media?.container === 'mp4' &&
            segment.map === undefined &&
            !media.fragments?.boxes.includes('moov')
            ? [inMedia(media, `segment ${segment.msn} is fragmented MP4 and no EXT-X-MAP applies to it`)]
            : [];
        }),
      ),
  },
  {
    id: 'M23',
    level: 'S',
    section: bis('4.4.2.2'),
    title: 'EXT-X-START of a live playlist is not within three target durations of its end.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstFault(rendition, ({ playlist, segments }) => {
          const start = playlist.tags.find(({ name }) => name === 'EXT-X-START');
          if (start === undefined || playlist.ended) return undefined;
          const offset = numberOf(readAttributes(start.value), 'TIME-OFFSET') ?? 0;
          const fromEnd = offset < 0 ? -offset : listedSeconds(segments) - offset;
          return fromEnd < MIN_TARGET_DURATIONS * (playlist.targetDuration ?? 0)
            ? `TIME-OFFSET=${offset} is ${s(fromEnd)} from the end`
            : undefined;
        }),
      ),
  },
  {
    id: 'M24',
    level: 'M',
    section: bis('4.4.4.8'),
    title: 'EXT-X-BITRATE is within a tenth of the real rate of each segment it covers.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        [...closedSegments(rendition).values()].flatMap((segment) => {
          const media = mediaOf(rendition, segment);
          if (media === undefined || media.exchange.bytes === 0) return [];
          if (segment.bitrate === undefined || segment.byteRange !== undefined) return [];
          const real = (media.exchange.bytes * 8) / segment.duration / 1000;
          return Math.abs(segment.bitrate - real) > BITRATE_TOLERANCE * real + 1
            ? [
                inMedia(
                  media,
                  `it says ${segment.bitrate} kbit/s and segment ${segment.msn} has ${Math.round(real)}`,
                ),
              ]
            : [];
        }),
      ),
  },
];

/** The same fault in every version is told so often. */
const MAX_REPEATS = 20;

function typedByHalf(renditions: readonly RenditionObservation[]): Finding[] {
  const first = renditions[0]?.versions[0];
  if (first === undefined) return [];
  return renditions.slice(1).flatMap(({ versions }) => {
    const version = versions[0];
    return version === undefined || version.playlist.playlistType === first.playlist.playlistType
      ? []
      : [
          inVersion(
            version,
            `the type is ${version.playlist.playlistType ?? 'absent'} here and ${first.playlist.playlistType ?? 'absent'} in ${first.rendition}`,
          ),
        ];
  });
}

export const mediaPlaylist: RuleGroup = { name: 'Media playlist', rules };
