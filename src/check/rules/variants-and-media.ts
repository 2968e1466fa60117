import type { InitSegment, InitTrack } from '../boxes/init-segment.js';
import type { Observation, RenditionObservation } from '../observation.js';
import { numberOf, textOf } from '../playlist/attribute-list.js';
import { bandwidthOf, codecsOf, membersOf, type Variant } from '../playlist/multivariant-playlist.js';
import { shortestFrame } from './alignment.js';
import { renditionOf } from './multivariant.js';
import { apple, bis, inMedia, inMultivariant, type Finding, type Rule, type RuleGroup } from './rule.js';
import { closedSegments, inRenditions, targetOf } from './views.js';
import { mediaOf } from '../observation.js';

/** What Apple lets a live stream's measured rates pass the stated ones by. */
const PEAK_EXCESS = 1.25;
const AVERAGE_EXCESS = 1.1;

/** Seconds of media from which on an average says something. */
const LONG_ENOUGH = 60;

const firstInit = (rendition: RenditionObservation): InitSegment | undefined =>
  [...rendition.media.values()].find(({ init }) => init !== undefined)?.init;

interface Weight {
  readonly seconds: number;
  readonly bits: number;
}

/** Fetched segments in runs without holes. */
function weights(rendition: RenditionObservation): Weight[][] {
  const runs: Weight[][] = [];
  let last = Number.NaN;
  for (const segment of [...closedSegments(rendition).values()].sort((a, b) => a.msn - b.msn)) {
    const bytes = mediaOf(rendition, segment)?.exchange.bytes ?? 0;
    if (bytes === 0 || segment.gap) continue;
    const weight = { seconds: segment.duration, bits: bytes * 8 };
    if (segment.msn === last + 1) runs.at(-1)?.push(weight);
    else runs.push([weight]);
    last = segment.msn;
  }
  return runs;
}

/** Peak segment bit rate (RFC 8216bis 4.1): the largest of any run of half to one and a half target durations. */
export function peakRate(rendition: RenditionObservation): number {
  const target = targetOf(rendition);
  let peak = 0;
  for (const run of weights(rendition)) {
    for (let from = 0; from < run.length; from++) {
      let seconds = 0;
      let bits = 0;
      for (const weight of run.slice(from)) {
        seconds += weight.seconds;
        bits += weight.bits;
        if (seconds > 1.5 * target + 0.5) break;
        if (seconds >= 0.5 * target) peak = Math.max(peak, bits / seconds);
      }
    }
  }
  return peak;
}

function averageRate(rendition: RenditionObservation): { rate: number; seconds: number } {
  const all = weights(rendition).flat();
  const seconds = all.reduce((sum, weight) => sum + weight.seconds, 0);
  return { seconds, rate: seconds === 0 ? 0 : all.reduce((sum, weight) => sum + weight.bits, 0) / seconds };
}

/** A variant's own rendition with the dearest of each group that goes with it. */
function together(
  seen: Observation,
  variant: Variant,
  rateOf: (rendition: RenditionObservation) => number,
): number {
  const playlist = seen.multivariant?.playlist;
  const own = renditionOf(seen, variant);
  if (playlist === undefined || own === undefined) return 0;
  const dearest = (type: string): number =>
    Math.max(
      0,
      ...membersOf(playlist, variant, type).flatMap((listed) => {
        const rendition = renditionOf(seen, listed);
        return rendition === undefined || rendition === own ? [] : [rateOf(rendition)];
      }),
    );
  return rateOf(own) + dearest('AUDIO') + dearest('SUBTITLES');
}

/** Tracks of everything that is played with a variant: its own and those of its groups. */
function tracksOf(seen: Observation, variant: Variant): { tracks: InitTrack[]; complete: boolean } {
  const playlist = seen.multivariant?.playlist;
  const renditions = [renditionOf(seen, variant)];
  if (playlist !== undefined)
    renditions.push(
      ...membersOf(playlist, variant, 'AUDIO')
        .filter(({ uri }) => uri !== undefined)
        .map((listed) => renditionOf(seen, listed)),
    );
  const inits = renditions.map((rendition) => (rendition === undefined ? undefined : firstInit(rendition)));
  return {
    tracks: inits.flatMap((init) => init?.tracks ?? []),
    complete: inits.every((init) => init !== undefined),
  };
}

const familyOf = (codec: string): string => (codec.split('.')[0] ?? '').toLowerCase();

const inVariants = (seen: Observation, check: (variant: Variant) => readonly string[]): Finding[] => {
  const { multivariant } = seen;
  return multivariant === undefined
    ? []
    : multivariant.playlist.variants.flatMap((variant) =>
        check(variant).map((message) => inMultivariant(multivariant, message, variant.line)),
      );
};

const videoTrack = (seen: Observation, variant: Variant): InitTrack | undefined =>
  tracksOf(seen, variant).tracks.find(({ handler }) => handler === 'vide');

/** VIDEO-RANGE by transfer characteristics (RFC 8216bis 4.4.6.2). */
const RANGES: ReadonlyMap<number, string> = new Map([
  [1, 'SDR'],
  [6, 'SDR'],
  [13, 'SDR'],
  [14, 'SDR'],
  [15, 'SDR'],
  [16, 'PQ'],
  [18, 'HLG'],
]);

const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

const rules: readonly Rule[] = [
  {
    id: 'V2',
    level: 'M',
    section: `${bis('4.1, 4.4.6.2')}; ${apple('1.26-1.30')}`,
    title: 'The peak rate measured is not more than a quarter above BANDWIDTH.',
    needs: ['multivariant'],
    check: (seen) =>
      inVariants(seen, (variant) => {
        const peak = together(seen, variant, peakRate);
        const stated = bandwidthOf(variant);
        return stated !== undefined && peak > PEAK_EXCESS * stated
          ? [`the peak is ${Math.round(peak)} bit/s, BANDWIDTH=${stated}`]
          : [];
      }),
  },
  {
    id: 'V2b',
    level: 'M',
    section: apple('9.13'),
    title: 'The average rate measured is not more than a tenth above AVERAGE-BANDWIDTH.',
    needs: ['multivariant'],
    check: (seen) =>
      inVariants(seen, (variant) => {
        const own = renditionOf(seen, variant);
        const stated = numberOf(variant.attributes, 'AVERAGE-BANDWIDTH');
        if (own === undefined || stated === undefined || averageRate(own).seconds < LONG_ENOUGH) return [];
        const average = together(seen, variant, (rendition) => averageRate(rendition).rate);
        return average > AVERAGE_EXCESS * stated
          ? [`the average is ${Math.round(average)} bit/s, AVERAGE-BANDWIDTH=${stated}`]
          : [];
      }),
  },
  {
    id: 'V4',
    level: 'M',
    section: bis('6.2.4, 4.4.6.1.1'),
    title: 'CODECS names every coding of the variant and of its sound, and no other.',
    needs: ['multivariant', 'cmaf'],
    check: (seen) =>
      inVariants(seen, (variant) => {
        const { tracks, complete } = tracksOf(seen, variant);
        const stated = new Set(codecsOf(variant).map(familyOf));
        const real = new Set(
          tracks.flatMap(({ entry }) => (entry === undefined ? [] : [entry.format.trim().toLowerCase()])),
        );
        if (!complete || stated.size === 0) return [];
        return [
          ...[...real]
            .filter((format) => !stated.has(format))
            .map((format) => `the media has ${format}, CODECS has not`),
          ...[...stated]
            .filter((format) => !real.has(format) && !/^(?:stpp|wvtt)$/.test(format))
            .map((format) => `CODECS has ${format}, the media has not`),
        ];
      }),
  },
  {
    id: 'V5',
    level: 'M',
    section: `${bis('4.4.6.2')}; ${apple('1.10')}`,
    title: 'CODECS states profile and level as the media itself does.',
    needs: ['multivariant', 'cmaf'],
    check: (seen) =>
      inVariants(seen, (variant) =>
        tracksOf(seen, variant).tracks.flatMap(({ entry }) => {
          const codec = entry?.codec;
          const stated = codecsOf(variant).filter((each) => familyOf(each) === entry?.format.toLowerCase());
          if (codec === undefined || stated.length === 0 || codec.startsWith('mp4a')) return [];
          return stated.some((each) => each.toLowerCase().startsWith(codec.toLowerCase()))
            ? []
            : [`CODECS has ${stated.join()}, the media is ${codec}`];
        }),
      ),
  },
  {
    id: 'V6b',
    level: 'S',
    section: bis('4.4.6.2'),
    title: 'RESOLUTION and FRAME-RATE are those of the media.',
    needs: ['multivariant', 'cmaf'],
    check: (seen) =>
      inVariants(seen, (variant) => {
        const track = videoTrack(seen, variant);
        const own = renditionOf(seen, variant);
        const stated = textOf(variant.attributes, 'RESOLUTION');
        const real = `${Math.round(track?.displayWidth ?? 0)}x${Math.round(track?.displayHeight ?? 0)}`;
        const rate = numberOf(variant.attributes, 'FRAME-RATE');
        const shortest = own === undefined ? Number.POSITIVE_INFINITY : shortestFrame(own);
        return [
          ...(track !== undefined && stated !== undefined && stated !== real
            ? [`RESOLUTION=${stated}, the media is ${real}`]
            : []),
          // Frames whose times are rounded look a little faster than they are.
          ...(track !== undefined &&
          rate !== undefined &&
          Number.isFinite(shortest) &&
          !near(rate * shortest, 1, 0.05)
            ? [`FRAME-RATE=${rate}, the media has up to ${(1 / shortest).toFixed(3)}`]
            : []),
        ];
      }),
  },
  {
    id: 'V7',
    level: 'M',
    section: `${bis('4.4.6.2')}; ${apple('9.16')}`,
    title: 'VIDEO-RANGE is that of the media, and stands on all variants unless all are SDR.',
    needs: ['multivariant', 'cmaf'],
    check: (seen) => {
      const wide = seen.multivariant?.playlist.variants.some((variant) => {
        const range = textOf(variant.attributes, 'VIDEO-RANGE');
        return range !== undefined && range !== 'SDR';
      });
      return inVariants(seen, (variant) => {
        const track = videoTrack(seen, variant);
        const real = RANGES.get(track?.entry?.transfer ?? -1);
        const stated = textOf(variant.attributes, 'VIDEO-RANGE');
        if (wide === true && stated === undefined && track !== undefined)
          return ['other variants are not SDR and this one does not say what it is'];
        return real !== undefined && real !== (stated ?? 'SDR')
          ? [`VIDEO-RANGE is ${stated ?? 'absent'}, the media is ${real}`]
          : [];
      });
    },
  },
  {
    id: 'V12',
    level: 'M',
    section: `${apple('8.9')}; ${bis('6.2.4')}`,
    title: 'No segment has two tracks of sound.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const init = [...rendition.media.values()].find((media) => media.init !== undefined);
        const sounds = init?.init?.tracks.filter(({ handler }) => handler === 'soun').length ?? 0;
        return init !== undefined && sounds > 1 ? [inMedia(init, `there are ${sounds} tracks of sound`)] : [];
      }),
  },
  {
    id: 'V12b',
    level: 'S',
    section: apple('9.5, 2.17'),
    title: 'Pictures and sound are delivered apart, the sound once for all variants.',
    needs: ['cmaf'],
    check: (seen) =>
      inRenditions(seen, (rendition) => {
        const init = [...rendition.media.values()].find((media) => media.init !== undefined);
        const handlers = new Set(init?.init?.tracks.map(({ handler }) => handler));
        return init !== undefined && handlers.has('vide') && handlers.has('soun')
          ? [inMedia(init, 'pictures and sound are in one file')]
          : [];
      }),
  },
  {
    id: 'V19',
    level: 'M',
    section: apple('2.24'),
    title: 'HE-AAC is signalled as such in the init segment.',
    needs: ['multivariant', 'cmaf'],
    check: (seen) =>
      inVariants(seen, (variant) => {
        const stated = codecsOf(variant).filter((codec) => familyOf(codec) === 'mp4a');
        const real = tracksOf(seen, variant).tracks.flatMap(({ entry }) =>
          entry?.codec?.startsWith('mp4a') === true ? [entry.codec] : [],
        );
        return real
          .filter((codec) => stated.length > 0 && !stated.includes(codec))
          .map((codec) => `CODECS has ${stated.join()}, the init segment says ${codec}`);
      }),
  },
];

export const variantsAndMedia: RuleGroup = { name: 'Variants against their media', rules };
