import type { PlaylistVersion } from '../observation.js';
import { numberOf, textOf } from '../playlist/attribute-list.js';
import { firstOf } from './first-fault.js';
import { apple, bis, inVersion, s, type Rule, type RuleGroup } from './rule.js';
import { inRenditions, inSteps, playable } from './views.js';

/** Durations are written with five digits or so. */
const ROUNDING = 2e-5;

const control = (version: PlaylistVersion, name: string): number | undefined =>
  numberOf(version.playlist.serverControl, name);

const steady = ({ playlist }: PlaylistVersion): string =>
  playlist.tags
    .filter(({ name }) => name === 'EXT-X-SERVER-CONTROL' || name === 'EXT-X-PART-INF')
    .map(({ name, value }) => `${name}:${value.split(',').sort().join(',')}`)
    .sort()
    .join(' ');

const rules: readonly Rule[] = [
  {
    id: 'L11',
    level: 'M',
    section: bis('4.4.3.8'),
    title: 'PART-HOLD-BACK is there and at least twice PART-TARGET.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(rendition, (version) => {
          const { partTarget } = version.playlist;
          const holdBack = control(version, 'PART-HOLD-BACK');
          if (partTarget === undefined) return undefined;
          if (holdBack === undefined) return 'there is EXT-X-PART-INF and no PART-HOLD-BACK';
          return holdBack < 2 * partTarget - ROUNDING
            ? `${s(holdBack)} is less than twice ${s(partTarget)}`
            : undefined;
        }),
      ),
  },
  {
    id: 'L11b',
    level: 'M',
    section: apple('14.3'),
    title: 'PART-HOLD-BACK is at least three times PART-TARGET.',
    needs: ['parts'],
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(rendition, (version) => {
          const { partTarget } = version.playlist;
          const holdBack = control(version, 'PART-HOLD-BACK');
          if (partTarget === undefined || holdBack === undefined || holdBack < 2 * partTarget - ROUNDING)
            return undefined;
          return holdBack < 3 * partTarget - ROUNDING
            ? `${s(holdBack)} is less than three times ${s(partTarget)}`
            : undefined;
        }),
      ),
  },
  {
    id: 'L12',
    level: 'M',
    section: bis('4.4.3.8'),
    title: 'HOLD-BACK is at least three target durations.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(rendition, (version) => {
          const holdBack = control(version, 'HOLD-BACK');
          const least = 3 * (version.playlist.targetDuration ?? 0);
          return holdBack !== undefined && holdBack < least - ROUNDING
            ? `${s(holdBack)} is less than ${s(least)}`
            : undefined;
        }),
      ),
  },
  {
    id: 'L13',
    level: 'M',
    section: bis('4.4.3.8'),
    title: 'CAN-SKIP-UNTIL is at least six target durations, and CAN-SKIP-DATERANGES comes only with it.',
    check: (seen) =>
      inRenditions(seen, (rendition) =>
        firstOf(rendition, (version) => {
          const until = control(version, 'CAN-SKIP-UNTIL');
          const least = 6 * (version.playlist.targetDuration ?? 0);
          if (until !== undefined && until < least - ROUNDING) return `${s(until)} is less than ${s(least)}`;
          return until === undefined &&
            textOf(version.playlist.serverControl, 'CAN-SKIP-DATERANGES') !== undefined
            ? 'CAN-SKIP-DATERANGES stands there without CAN-SKIP-UNTIL'
            : undefined;
        }),
      ),
  },
  {
    id: 'L14',
    level: 'M',
    section: bis('6.2.4'),
    title: 'SERVER-CONTROL and PART-TARGET are the same in all playlists and never change.',
    check: (seen) => {
      const first = playable(seen)[0]?.versions[0];
      return [
        ...inSteps(seen, (after, before) =>
          steady(after) === steady(before)
            ? []
            : [inVersion(after, `it was "${steady(before)}" and is "${steady(after)}"`)],
        ),
        ...playable(seen).flatMap(({ versions }) => {
          const version = versions[0];
          return first === undefined || version === undefined || steady(version) === steady(first)
            ? []
            : [
                inVersion(
                  version,
                  `it is "${steady(version)}" here and "${steady(first)}" in ${first.rendition}`,
                ),
              ];
        }),
      ];
    },
  },
];

export const serverControl: RuleGroup = { name: 'Server control', rules };
