import type { PlaylistVersion } from '../observation.js';
import { numberOf, readAttributes, textOf } from '../playlist/attribute-list.js';
import type { MediaPlaylist, SegmentEntry } from '../playlist/media-playlist.js';
import { apple, bis, inProbe, inVersion, s, type Rule, type RuleGroup } from './rule.js';
import { fullVersions, inRenditions, inVersions, listedSeconds, probesOf } from './views.js';

const LONG_WINDOW = 120;

/** How many segments lie beyond the skip boundary: at least those that end there, at most those that begin there. */
function skippable(segments: readonly SegmentEntry[], until: number): { least: number; most: number } {
  const closed = segments.filter(({ uri }) => uri !== undefined);
  let fromEnd = 0;
  let least = 0;
  let most = 0;
  for (const [index, { duration }] of [...closed].reverse().entries()) {
    const count = closed.length - index;
    if (fromEnd > until && least === 0) least = count;
    fromEnd += duration;
    if (fromEnd > until && most === 0) most = count;
  }
  return { least, most };
}

const skipUntil = ({ serverControl }: MediaPlaylist): number =>
  numberOf(serverControl, 'CAN-SKIP-UNTIL') ?? Number.POSITIVE_INFINITY;

const skipLine = (version: PlaylistVersion): string =>
  version.text.split(/\r?\n/).find((line) => line.startsWith('#EXT-X-SKIP')) ?? '#EXT-X-SKIP';

/** What a client must know of a segment after a delta update as after a full playlist. */
const stateOf = ({
  uri,
  duration,
  discontinuity,
  discontinuitySequence,
  map,
  keys,
  gap,
  start,
}: SegmentEntry): string =>
  JSON.stringify([
    uri,
    duration,
    discontinuity,
    discontinuitySequence,
    map?.uri,
    keys,
    gap,
    Math.round((start ?? 0) / 10),
  ]);

const rules: readonly Rule[] = [
  {
    id: 'D10',
    level: 'M',
    section: bis('6.2.5.1'),
    title: 'A delta update is sent when it is asked for, offered and shorter, and never else.',
    needs: ['delta'],
    check: (seen) =>
      inVersions(seen, (version) => {
        const { playlist, asked, segments } = version;
        if (playlist.skipped !== undefined && asked.skip === undefined)
          return [inVersion(version, 'nobody asked for this delta update', skipLine(version))];
        if (playlist.skipped !== undefined && playlist.ended)
          return [inVersion(version, 'a playlist that has ended is sent whole', skipLine(version))];
        const { least } = skippable(segments, skipUntil(playlist));
        return asked.skip !== undefined && playlist.skipped === undefined && !playlist.ended && least > 0
          ? [inVersion(version, `_HLS_skip was ignored with ${least} segments beyond the skip boundary`)]
          : [];
      }),
  },
  {
    id: 'D11',
    level: 'M',
    section: bis('6.2.5.1, 4.4.5.2'),
    title: 'A delta update skips the segments beyond the skip boundary, no more and no less.',
    needs: ['delta'],
    check: (seen) =>
      inVersions(seen, (version) => {
        const { playlist, segments, missing } = version;
        if (playlist.skipped === undefined || playlist.skipped === 0 || missing.length > 0) return [];
        const { least, most } = skippable(segments, skipUntil(playlist));
        return playlist.skipped < least || playlist.skipped > most
          ? [
              inVersion(
                version,
                `${playlist.skipped} segments are skipped, ${least} to ${most} lie beyond the boundary`,
                skipLine(version),
              ),
            ]
          : [];
      }),
  },
  {
    id: 'D12',
    level: 'M',
    section: bis('6.2.5.1, 6.3.7'),
    title: 'A delta update and the playlist before it make up the full playlist.',
    needs: ['delta'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const full = fullVersions(rendition);
        return rendition.versions.flatMap((version) => {
          if (version.playlist.skipped === undefined) return [];
          // Where the sequence falls, a rule of its own tells.
          const fell = (): boolean =>
            rendition.versions.some(
              ({ number, playlist }) =>
                number < version.number && playlist.mediaSequence > version.playlist.mediaSequence,
            );
          if (version.missing.length > 0 && !fell())
            return [
              inVersion(
                version,
                `it skips segment ${version.missing[0] ?? 0}, which was not in the playlist before`,
                skipLine(version),
              ),
            ];
          const before = full.findLast(({ number }) => number < version.number);
          const after = full.find(({ number }) => number > version.number);
          const wrong = version.segments.find((segment) => {
            const then = sameNumber(before, segment);
            const next = sameNumber(after, segment);
            const known = then ?? next;
            if (segment.uri === undefined || known?.uri === undefined) return false;
            // Where the full playlists disagree themselves, another rule is broken.
            if (then !== undefined && next !== undefined && stateOf(then) !== stateOf(next)) return false;
            return stateOf(segment) !== stateOf(known);
          });
          if (wrong === undefined) return [];
          const known = sameNumber(before, wrong) ?? sameNumber(after, wrong);
          return [
            inVersion(
              version,
              `segment ${wrong.msn} becomes ${stateOf(wrong)}; full playlists have ${known === undefined ? 'none' : stateOf(known)}`,
              wrong.source,
            ),
          ];
        });
      }),
  },
  {
    id: 'D13',
    level: 'P',
    section: bis('4.4.5.2'),
    title: 'Where nothing can be skipped the playlist is sent whole, without SKIPPED-SEGMENTS=0.',
    check: (seen) =>
      inVersions(seen, (version) =>
        version.playlist.skipped === 0
          ? [inVersion(version, 'what this means is not defined', skipLine(version))]
          : [],
      ),
  },
  {
    id: 'D14',
    level: 'M',
    section: bis('6.2.5.1, 4.4.5.2'),
    title:
      'RECENTLY-REMOVED-DATERANGES stands in updates of version 2, which are made only where they are offered.',
    needs: ['active', 'delta'],
    check: (seen) =>
      probesOf(seen, 'skip-v2').flatMap((probe) => {
        const { playlist, known } = probe;
        const skip = playlist?.tags.find(({ name }) => name === 'EXT-X-SKIP');
        if (playlist === undefined || skip === undefined) return [];
        const offered = textOf(known.playlist.serverControl, 'CAN-SKIP-DATERANGES') === 'YES';
        const removed = readAttributes(skip.value).values.has('RECENTLY-REMOVED-DATERANGES');
        if (offered === removed || (offered && known.playlist.dateRanges.length === 0)) return [];
        return [
          inProbe(
            probe,
            offered ? 'it does not say which date ranges were removed' : 'CAN-SKIP-DATERANGES is not offered',
          ),
        ];
      }),
  },
  {
    id: 'D20',
    level: 'S',
    section: apple('14.4'),
    title: 'Low-latency playlists longer than two minutes offer delta updates.',
    needs: ['parts', 'live'],
    check: (seen) =>
      inRenditions(seen, ({ versions, kind }) => {
        const long = versions.find(
          ({ playlist, segments }) =>
            !playlist.ended &&
            listedSeconds(segments) > LONG_WINDOW &&
            !playlist.serverControl.values.has('CAN-SKIP-UNTIL'),
        );
        return long === undefined || kind === 'i-frames'
          ? []
          : [inVersion(long, `${s(listedSeconds(long.segments))} are listed and there is no CAN-SKIP-UNTIL`)];
      }),
  },
];

const sameNumber = (version: PlaylistVersion | undefined, { msn }: SegmentEntry): SegmentEntry | undefined =>
  version?.segments[msn - (version.segments[0]?.msn ?? 0)];

export const deltas: RuleGroup = { name: 'Delta updates', rules };
