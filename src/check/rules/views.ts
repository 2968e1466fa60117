import type {
  MediaObservation,
  Observation,
  PlaylistVersion,
  Probe,
  ProbeKind,
  RenditionObservation,
} from '../observation.js';
import { mediaOf } from '../observation.js';
import { linesOf } from '../playlist/lines.js';
import type { PartEntry, SegmentEntry } from '../playlist/media-playlist.js';
import { spanOf } from '../boxes/fragments.js';
import type { Finding } from './rule.js';

/** Ways to look at an observation that many rules share. */

export interface SegmentSeen {
  readonly version: PlaylistVersion;
  readonly segment: SegmentEntry;
}

export interface PartSeen {
  readonly version: PlaylistVersion;
  readonly segment: SegmentEntry;
  readonly part: PartEntry;
}

export interface LineSeen {
  readonly version: PlaylistVersion;
  readonly text: string;
  readonly number: number;
}

export interface FetchedSegment {
  readonly segment: SegmentEntry;
  readonly media: MediaObservation;
  /** Seconds of decode time. */
  readonly span: { readonly start: number; readonly end: number; readonly timescale: number };
}

/** Remembers what a function gave for an object. */
export function once<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make(key)));
    return value;
  };
}

export const inRenditions = (
  seen: Observation,
  check: (rendition: RenditionObservation) => readonly Finding[],
): Finding[] => seen.renditions.flatMap(check);

export const inVersions = (
  seen: Observation,
  check: (version: PlaylistVersion, rendition: RenditionObservation) => readonly Finding[],
): Finding[] =>
  seen.renditions.flatMap((rendition) => rendition.versions.flatMap((version) => check(version, rendition)));

/** Each version with the one before it. */
export const inSteps = (
  seen: Observation,
  check: (
    after: PlaylistVersion,
    before: PlaylistVersion,
    rendition: RenditionObservation,
  ) => readonly Finding[],
): Finding[] =>
  seen.renditions.flatMap((rendition) =>
    rendition.versions.flatMap((after, index) => {
      const before = rendition.versions[index - 1];
      return before === undefined ? [] : check(after, before, rendition);
    }),
  );

/** Each version that is no delta update with the one before it that is none either. */
export const inFullSteps = (
  seen: Observation,
  check: (after: PlaylistVersion, before: PlaylistVersion) => readonly Finding[],
): Finding[] =>
  seen.renditions.flatMap((rendition) => {
    const full = fullVersions(rendition);
    return full.slice(1).flatMap((after, index) => check(after, full[index]!));
  });

export const fullVersions = once((rendition: RenditionObservation): readonly PlaylistVersion[] =>
  rendition.versions.filter(({ playlist }) => playlist.skipped === undefined),
);

/** Every form of every segment, with the version that showed it first. */
export const segmentsSeen = once((rendition: RenditionObservation): readonly SegmentSeen[] =>
  rendition.versions.flatMap((version) => version.fresh.map((segment) => ({ version, segment }))),
);

/** Closed segments in their last form, by media sequence number. */
export const closedSegments = once(
  (rendition: RenditionObservation): ReadonlyMap<number, SegmentEntry> =>
    new Map(
      segmentsSeen(rendition)
        .filter(({ segment }) => segment.uri !== undefined)
        .map(({ segment }) => [segment.msn, segment]),
    ),
);

/** Every part in the first form that was seen of it, with its segment in its fullest form. */
export const partsSeen = once((rendition: RenditionObservation): readonly PartSeen[] => {
  const parts = new Map<string, PartSeen>();
  for (const { version, segment } of segmentsSeen(rendition)) {
    for (const part of segment.parts) {
      const key = `${part.msn}.${part.index}`;
      const known = parts.get(key);
      parts.set(key, { version: known?.version ?? version, segment, part: known?.part ?? part });
    }
  }
  return [...parts.values()];
});

/** Every line the first time that it stands in the rendition's playlist. */
export const newLines = once((rendition: RenditionObservation): readonly LineSeen[] => {
  const known = new Set<string>();
  const lines: LineSeen[] = [];
  for (const version of rendition.versions) {
    linesOf(version.text).forEach((text, index) => {
      if (known.has(text)) return;
      known.add(text);
      lines.push({ version, text, number: index + 1 });
    });
  }
  return lines;
});

/** Segments that were fetched and whose times could be read, in order. */
export const fetchedSegments = once((rendition: RenditionObservation): readonly FetchedSegment[] =>
  [...closedSegments(rendition).values()]
    .sort((a, b) => a.msn - b.msn)
    .flatMap((segment) => {
      const media = mediaOf(rendition, segment);
      const span = spanOf(media?.fragments);
      return media === undefined || span === undefined ? [] : [{ segment, media, span }];
    }),
);

/** Each fetched segment with the one before it, where both were fetched. */
export function neighbours(
  rendition: RenditionObservation,
): readonly { readonly before: FetchedSegment; readonly after: FetchedSegment }[] {
  const fetched = fetchedSegments(rendition);
  return fetched.flatMap((after, index) => {
    const before = fetched[index - 1];
    return before?.segment.msn === after.segment.msn - 1 ? [{ before, after }] : [];
  });
}

export const allMedia = (seen: Observation): MediaObservation[] =>
  seen.renditions.flatMap(({ media }) => [...media.values()]);

export const probesOf = (seen: Observation, ...kinds: readonly ProbeKind[]): Probe[] =>
  seen.probes.filter(({ kind }) => kinds.includes(kind));

/** Whether a rendition's segments show pictures: by its init segments, else by its kind. */
export const isVideo = once((rendition: RenditionObservation): boolean => {
  const init = [...rendition.media.values()].find((media) => media.init !== undefined)?.init;
  if (init === undefined) return rendition.kind === 'video' || rendition.kind === 'i-frames';
  return init.tracks.some(({ handler }) => handler === 'vide');
});

/** Renditions that are played: without I-frame playlists and subtitles. */
export const playable = (seen: Observation): RenditionObservation[] =>
  seen.renditions.filter(
    ({ kind, versions }) => kind !== 'i-frames' && kind !== 'subtitles' && versions.length > 0,
  );

/** Seconds of all closed segments. */
export const listedSeconds = (segments: readonly SegmentEntry[]): number =>
  segments.reduce((sum, segment) => sum + (segment.uri === undefined ? 0 : segment.duration), 0);

/** Where the newest listed part or segment ends, in ms since the Unix epoch; undefined without dates. */
export function liveEdge({ segments }: PlaylistVersion): number | undefined {
  const last = segments.at(-1);
  return last?.start === undefined ? undefined : last.start + last.duration * 1000;
}

export const targetOf = (rendition: RenditionObservation): number =>
  rendition.versions[0]?.playlist.targetDuration ?? 0;
