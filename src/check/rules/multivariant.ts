import type { MultivariantVersion, Observation, RenditionObservation } from '../observation.js';
import { numberOf, textOf } from '../playlist/attribute-list.js';
import {
  bandwidthOf,
  codecsOf,
  GROUP_ATTRIBUTES,
  membersOf,
  type Listed,
  type Variant,
} from '../playlist/multivariant-playlist.js';
import { apple, bis, inMultivariant, type Finding, type Rule, type RuleGroup } from './rule.js';

const needs = ['multivariant'] as const;

type Check = (version: MultivariantVersion, seen: Observation) => readonly Finding[];

/** A rule of the multivariant playlist. */
const rule = (id: string, level: Rule['level'], section: string, title: string, check: Check): Rule => ({
  id,
  level,
  section,
  title,
  needs,
  check: (seen) => (seen.multivariant === undefined ? [] : check(seen.multivariant, seen)),
});

/** Findings in each variant: messages made into findings on its line. */
const inVariants = (
  version: MultivariantVersion,
  check: (variant: Variant) => readonly string[],
): Finding[] =>
  version.playlist.variants.flatMap((variant) =>
    check(variant).map((message) => inMultivariant(version, message, variant.line)),
  );

/** The rendition that a variant or an EXT-X-MEDIA names. */
export function renditionOf(
  seen: Observation,
  listed: { readonly uri: string | undefined },
): RenditionObservation | undefined {
  const base = seen.multivariant?.exchange.finalUrl ?? seen.url;
  if (listed.uri === undefined || !URL.canParse(listed.uri, base)) return undefined;
  const url = new URL(listed.uri, base).href;
  return seen.renditions.find(({ listedUrl }) => listedUrl === url);
}

/** A variant has pictures where it says so, or where its media has. */
const hasVideo = (variant: Variant): boolean => {
  const codecs = codecsOf(variant);
  return codecs.length === 0
    ? textOf(variant.attributes, 'RESOLUTION') !== undefined
    : codecs.some((codec) => /^(?:avc|hvc|hev|av01|vp0|dvh)/.test(codec));
};

const STABLE_ID = /^[a-zA-Z0-9+/=.\-_]+$/;

/** Attributes that may differ between members of groups of one type that stand for each other (4.4.6.1.1). */
const OWN_ATTRIBUTES = new Set([
  'GROUP-ID',
  'URI',
  'CHANNELS',
  'BIT-DEPTH',
  'SAMPLE-RATE',
  'STABLE-RENDITION-ID',
  'INSTREAM-ID',
]);

const describe = ({ attributes }: Listed): string =>
  [...attributes.values]
    .filter(([name]) => !OWN_ATTRIBUTES.has(name))
    .map(([name, { text }]) => `${name}=${text}`)
    .sort()
    .join(',');

function mediaFaults(media: readonly Listed[], version: MultivariantVersion): Finding[] {
  const found: Finding[] = [];
  const groups = new Map<string, Listed[]>();
  for (const listed of media) {
    const { attributes, line } = listed;
    const fault = (message: string): number => found.push(inMultivariant(version, message, line));
    for (const name of ['TYPE', 'GROUP-ID', 'NAME'])
      if (!attributes.values.has(name)) fault(`there is no ${name}`);
    if (textOf(attributes, 'DEFAULT') === 'YES' && textOf(attributes, 'AUTOSELECT') === 'NO')
      fault('DEFAULT=YES and AUTOSELECT=NO contradict each other');
    const key = `${textOf(attributes, 'TYPE') ?? ''} ${textOf(attributes, 'GROUP-ID') ?? ''}`;
    const members = groups.get(key) ?? [];
    groups.set(key, members);
    if (members.some((other) => textOf(other.attributes, 'NAME') === textOf(attributes, 'NAME')))
      fault(`NAME "${textOf(attributes, 'NAME') ?? ''}" stands in the group twice`);
    if (
      textOf(attributes, 'DEFAULT') === 'YES' &&
      members.some((other) => textOf(other.attributes, 'DEFAULT') === 'YES')
    )
      fault('another member of the group is the default');
    members.push(listed);
  }
  const byType = new Map<string, string>();
  for (const [key, members] of groups) {
    const type = key.split(' ')[0] ?? '';
    const description = members.map(describe).sort().join(' ');
    const first = byType.get(type);
    if (first === undefined) byType.set(type, description);
    else if (first !== description && members[0] !== undefined)
      found.push(inMultivariant(version, `groups of type ${type} have different members`, members[0].line));
  }
  return found;
}

const rules: readonly Rule[] = [
  rule(
    'V1',
    'M',
    bis('4.4.6.2'),
    'Every EXT-X-STREAM-INF has BANDWIDTH and is followed by a URI.',
    (version) =>
      inVariants(version, (variant) => [
        ...(variant.uri === undefined ? ['no URI follows'] : []),
        ...(bandwidthOf(variant) === undefined ? ['there is no BANDWIDTH'] : []),
      ]),
  ),
  rule(
    'V1b',
    'M',
    apple('9.1, 9.2, 9.9, 9.14'),
    'Variants state CODECS and AVERAGE-BANDWIDTH, and those with pictures RESOLUTION and FRAME-RATE.',
    (version) =>
      inVariants(version, (variant) => {
        const names = [
          'CODECS',
          'AVERAGE-BANDWIDTH',
          ...(hasVideo(variant) ? ['RESOLUTION', 'FRAME-RATE'] : []),
        ];
        return names
          .filter((name) => !variant.attributes.values.has(name))
          .map((name) => `there is no ${name}`);
      }),
  ),
  rule('V1c', 'M', apple('9.15'), 'Pictures are offered at several bit rates.', (version) => {
    const rates = new Set(version.playlist.variants.filter(hasVideo).map(bandwidthOf));
    return rates.size === 1
      ? [inMultivariant(version, 'there is one bit rate only', version.playlist.variants[0]?.line ?? 1)]
      : [];
  }),
  rule(
    'V6',
    'S',
    bis('4.4.6.2'),
    'FRAME-RATE is written with three decimals at most and RESOLUTION as WIDTHxHEIGHT.',
    (version) =>
      inVariants(version, (variant) => {
        const rate = textOf(variant.attributes, 'FRAME-RATE');
        return rate !== undefined && /^\d+\.\d{4,}$/.test(rate)
          ? [`FRAME-RATE=${rate} has more than three decimals`]
          : [];
      }),
  ),
  rule('V8', 'S', bis('4.4.6.2'), 'SCORE stands on all variants or on none.', (version) => {
    const scored = version.playlist.variants.filter(({ attributes }) => attributes.values.has('SCORE'));
    const without = version.playlist.variants.find(({ attributes }) => !attributes.values.has('SCORE'));
    return scored.length > 0 && without !== undefined
      ? [inMultivariant(version, 'other variants have a SCORE', without.line)]
      : [];
  }),
  rule(
    'V9',
    'M',
    bis('4.4.6.1, 4.4.6.2'),
    'Stable identifiers have only letters, digits and + / = . - _.',
    (version) =>
      [...version.playlist.variants, ...version.playlist.media].flatMap(({ attributes, line }) =>
        ['STABLE-VARIANT-ID', 'STABLE-RENDITION-ID'].flatMap((name) => {
          const id = textOf(attributes, name);
          return id !== undefined && !STABLE_ID.test(id)
            ? [inMultivariant(version, `${name}="${id}"`, line)]
            : [];
        }),
      ),
  ),
  rule(
    'V10',
    'M',
    bis('4.4.6.2'),
    'AUDIO, VIDEO, SUBTITLES and CLOSED-CAPTIONS name a group that is there.',
    (version) =>
      inVariants(version, (variant) =>
        GROUP_ATTRIBUTES.flatMap((type) => {
          const value = variant.attributes.values.get(type);
          if (value === undefined || (type === 'CLOSED-CAPTIONS' && !value.quoted)) return [];
          return membersOf(version.playlist, variant, type).length === 0
            ? [`there is no group "${value.text}" of type ${type}`]
            : [];
        }),
      ),
  ),
  rule('V10b', 'M', bis('4.4.6.2'), 'CLOSED-CAPTIONS=NONE stands on all variants or on none.', (version) => {
    const none = version.playlist.variants.filter(({ attributes }) => {
      const value = attributes.values.get('CLOSED-CAPTIONS');
      return value?.text === 'NONE' && !value.quoted;
    });
    const other = version.playlist.variants.find((variant) => !none.includes(variant));
    return none.length > 0 && other !== undefined
      ? [inMultivariant(version, 'other variants have CLOSED-CAPTIONS=NONE', other.line)]
      : [];
  }),
  rule(
    'V11',
    'M',
    bis('4.4.6.1, 4.4.6.1.1'),
    'EXT-X-MEDIA has TYPE, GROUP-ID and a NAME of its own in the group, one default, and groups of a type are alike.',
    (version) => mediaFaults(version.playlist.media, version),
  ),
  rule('V11b', 'M', apple('8.10'), 'EXT-X-MEDIA states LANGUAGE, "und" where it is not known.', (version) =>
    version.playlist.media
      .filter(
        ({ attributes }) => textOf(attributes, 'TYPE') !== 'VIDEO' && !attributes.values.has('LANGUAGE'),
      )
      .map(({ line }) => inMultivariant(version, 'there is no LANGUAGE', line)),
  ),
  rule('V11c', 'S', bis('4.4.6.1'), 'EXT-X-MEDIA of sound states CHANNELS.', (version) =>
    version.playlist.media
      .filter(
        ({ attributes }) => textOf(attributes, 'TYPE') === 'AUDIO' && !attributes.values.has('CHANNELS'),
      )
      .map(({ line }) => inMultivariant(version, 'there is no CHANNELS', line)),
  ),
  rule(
    'V15',
    'S',
    `${bis('4.4.2.1')}; ${apple('9.11, 9.12')}`,
    'EXT-X-INDEPENDENT-SEGMENTS stands in the multivariant playlist, not in the others too.',
    (version, seen) => {
      const stated = version.playlist.tags.some(({ name }) => name === 'EXT-X-INDEPENDENT-SEGMENTS');
      const twice = seen.renditions.find(({ versions }) =>
        versions[0]?.playlist.tags.some(({ name }) => name === 'EXT-X-INDEPENDENT-SEGMENTS'),
      );
      if (!stated) return [inMultivariant(version, 'it is not there')];
      return twice === undefined ? [] : [inMultivariant(version, `it stands here and in ${twice.name}`)];
    },
  ),
  rule(
    'V16',
    'M',
    `${bis('4.4.6.3')}; ${apple('6.1-6.11')}`,
    'I-frame playlists state CODECS, RESOLUTION and BANDWIDTH and are EXT-X-I-FRAMES-ONLY.',
    (version, seen) =>
      version.playlist.iFrames.flatMap((listed) => {
        const { attributes, line } = listed;
        const lacking = ['BANDWIDTH', 'CODECS', 'RESOLUTION', 'URI'].filter(
          (name) => !attributes.values.has(name),
        );
        const playlist = renditionOf(seen, listed)?.versions[0]?.playlist;
        return [
          ...lacking.map((name) => inMultivariant(version, `there is no ${name}`, line)),
          ...(playlist?.iFramesOnly === false
            ? [inMultivariant(version, 'its playlist is not EXT-X-I-FRAMES-ONLY', line)]
            : []),
        ];
      }),
  ),
  rule(
    'V17',
    'M',
    apple('1.3, 1.19'),
    'Pictures are at most 60 a second, and H.264 is High profile level 5.2 at most.',
    (version) =>
      inVariants(version, (variant) => {
        const rate = numberOf(variant.attributes, 'FRAME-RATE') ?? 0;
        const level = codecsOf(variant).flatMap((codec) => {
          const [, profile = '0', number = '0'] =
            /^avc[13]\.([0-9a-f]{2})[0-9a-f]{2}([0-9a-f]{2})$/i.exec(codec) ?? [];
          return parseInt(profile, 16) > HIGH_PROFILE || parseInt(number, 16) > LEVEL_5_2
            ? [`${codec} is beyond High 5.2`]
            : [];
        });
        return [...(rate > MOST_FRAMES ? [`FRAME-RATE=${rate}`] : []), ...level];
      }),
  ),
  rule('V17b', 'S', apple('1.32'), 'All variants have one aspect ratio.', (version) => {
    const [first, ...others] = version.playlist.variants.filter(({ attributes }) =>
      attributes.values.has('RESOLUTION'),
    );
    const ratio = aspectOf(first);
    const other = others.find((variant) => Math.abs(aspectOf(variant) / ratio - 1) > ASPECT_TOLERANCE);
    return other === undefined
      ? []
      : [
          inMultivariant(
            version,
            `${textOf(other.attributes, 'RESOLUTION') ?? ''} has another shape`,
            other.line,
          ),
        ];
  }),
  rule('N2', 'M', bis('B.1'), 'All variants come from one server.', (version, seen) => {
    const origins = new Map(seen.renditions.map(({ url }) => [new URL(url).origin, url]));
    return origins.size > 1
      ? [inMultivariant(version, `they come from ${[...origins.keys()].join(' and ')}`)]
      : [];
  }),
];

const HIGH_PROFILE = 100;
const LEVEL_5_2 = 52;
const MOST_FRAMES = 60.001;
/** Small sizes cannot have a ratio exactly. */
const ASPECT_TOLERANCE = 0.02;

function aspectOf(variant: Variant | undefined): number {
  const [width = 1, height = 1] = (
    variant === undefined ? '' : (textOf(variant.attributes, 'RESOLUTION') ?? '')
  )
    .split('x')
    .map(Number);
  return width / height;
}

export const multivariant: RuleGroup = { name: 'Multivariant playlist', rules };
