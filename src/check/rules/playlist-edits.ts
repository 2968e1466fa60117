import type { PlaylistVersion } from '../observation.js';
import type { SegmentEntry } from '../playlist/media-playlist.js';
import { bis, inVersion, s, tagLine, type Finding, type Rule, type RuleGroup } from './rule.js';
import { inFullSteps } from './views.js';

const uriKey = ({ uri, byteRange, duration }: SegmentEntry): string =>
  JSON.stringify([uri, byteRange, duration]);

/** Tags of a segment besides what `uriKey` has, parts and keys; the same for ever. */
const tagKey = (segment: SegmentEntry): string =>
  segment.source
    .split('\n')
    .filter(
      (line) => !/^#(?:EXTINF|EXT-X-(?:PART|BYTERANGE|KEY|MAP|BITRATE)):/.test(line) && line.startsWith('#'),
    )
    .join('\n');

/** The same closed segment in two versions, where anything about it is different. */
function changed(
  after: PlaylistVersion,
  before: PlaylistVersion,
  differs: (now: SegmentEntry, then: SegmentEntry) => boolean,
): readonly { now: SegmentEntry; then: SegmentEntry }[] {
  const first = before.segments[0]?.msn ?? 0;
  return after.segments.flatMap((now) => {
    const then = before.segments[now.msn - first];
    if (then === now || then?.uri === undefined || now.uri === undefined) return [];
    return differs(now, then) ? [{ now, then }] : [];
  });
}

/** Header tags of which none may change: what the sequence numbers, updates and hints say is not among them. */
const steadyHeader = ({ playlist }: PlaylistVersion): string =>
  playlist.tags
    .filter(({ name }) => STEADY_TAGS.has(name))
    .map(({ name, value }) => `${name}:${value}`)
    .sort()
    .join('\n');

const STEADY_TAGS = new Set([
  'EXT-X-INDEPENDENT-SEGMENTS',
  'EXT-X-START',
  'EXT-X-I-FRAMES-ONLY',
  'EXT-X-PLAYLIST-TYPE',
  'EXT-X-DEFINE',
]);

/** Parts that were listed in an open segment and are different or gone while it is still open. */
function changedParts(after: PlaylistVersion, before: PlaylistVersion): Finding[] {
  const open = before.segments.at(-1);
  if (open === undefined || open.uri !== undefined) return [];
  const now = after.segments[open.msn - (after.segments[0]?.msn ?? 0)];
  if (now === undefined || now.parts.length === 0) return [];
  return open.parts.flatMap((part, index) => {
    const same = now.parts[index];
    if (same?.source === part.source) return [];
    const became = same === undefined ? 'is gone' : `is now "${same.source}"`;
    return [inVersion(after, `part ${part.msn}.${part.index} was "${part.source}" and ${became}`)];
  });
}

const removed = (after: PlaylistVersion, before: PlaylistVersion): number =>
  after.playlist.mediaSequence - before.playlist.mediaSequence;

const rules: readonly Rule[] = [
  {
    id: 'M5',
    level: 'M',
    section: bis('4.4.3.2, 6.2.2'),
    title:
      'MEDIA-SEQUENCE stands before the first segment, rises by one for each segment removed and never falls.',
    check: (seen) =>
      inFullSteps(seen, (after, before) => {
        if (removed(after, before) < 0)
          return [
            inVersion(
              after,
              `it fell from ${before.playlist.mediaSequence} to ${after.playlist.mediaSequence}`,
              ...tagLine(after, 'EXT-X-MEDIA-SEQUENCE'),
            ),
          ];
        // Uris that moved to other numbers: removed without counting, or counted without removing.
        const uris = new Map(
          before.segments.flatMap(({ uri, msn }) => (uri === undefined ? [] : [[uri, msn] as const])),
        );
        const moved = after.segments.find(({ uri, byteRange, msn }) => {
          const old = uri === undefined || byteRange !== undefined ? undefined : uris.get(uri);
          return old !== undefined && old !== msn;
        });
        return moved === undefined
          ? []
          : [
              inVersion(
                after,
                `a segment that had number ${uris.get(moved.uri ?? '') ?? 0} has number ${moved.msn}`,
                moved.source,
              ),
            ];
      }),
  },
  {
    id: 'M6',
    level: 'M',
    section: bis('6.2.1, 6.3.4'),
    title: 'A media sequence number keeps its URI, byte range and duration for ever.',
    check: (seen) =>
      inFullSteps(seen, (after, before) => {
        const moved = new Set(before.segments.map(({ uri }) => uri));
        return changed(after, before, (now, then) => uriKey(now) !== uriKey(then))
          .filter(({ now, then }) => now.uri === then.uri || !moved.has(now.uri))
          .map(({ now, then }) =>
            inVersion(
              after,
              `segment ${now.msn} was ${then.uri ?? ''} of ${s(then.duration)} and is ${now.uri ?? ''} of ${s(now.duration)}`,
              now.source,
            ),
          );
      }),
  },
  {
    id: 'M7',
    level: 'M',
    section: bis('6.2.1'),
    title: 'A playlist only grows at its end and shrinks at its front: nothing else in it is edited.',
    check: (seen) =>
      inFullSteps(seen, (after, before) => {
        const shifted = new Set(before.segments.map(({ uri }) => uri));
        const found = changed(
          after,
          before,
          (now, then) => tagKey(now) !== tagKey(then) && uriKey(now) === uriKey(then),
        )
          .filter(({ now }) => shifted.has(now.uri))
          .map(({ now, then }) =>
            inVersion(
              after,
              `the tags of segment ${now.msn} were "${tagKey(then)}" and are "${tagKey(now)}"`,
              now.source,
            ),
          );
        if (steadyHeader(after) !== steadyHeader(before))
          found.push(
            inVersion(
              after,
              `tags of the whole playlist were "${steadyHeader(before)}" and are "${steadyHeader(after)}"`,
            ),
          );
        const last = before.segments.at(-1);
        const newest = after.segments.at(-1);
        if (
          last?.uri !== undefined &&
          (newest === undefined || newest.msn < last.msn) &&
          removed(after, before) >= 0
        )
          found.push(inVersion(after, `segment ${last.msn} was taken away from the end`));
        return [...found, ...changedParts(after, before)];
      }),
  },
  {
    id: 'M25',
    level: 'M',
    section: bis('6.2.3'),
    title: 'The EXT-X-KEY of a listed segment is never dropped or changed.',
    check: (seen) =>
      inFullSteps(seen, (after, before) =>
        changed(after, before, (now, then) => now.keys !== then.keys).map(({ now, then }) =>
          inVersion(
            after,
            `the key of segment ${now.msn} was "${then.keys}" and is "${now.keys}"`,
            now.source,
          ),
        ),
      ),
  },
];

export const playlistEdits: RuleGroup = { name: 'Edits of a media playlist', rules };
