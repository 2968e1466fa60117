import type { Observation, PlaylistVersion } from '../observation.js';
import { formFault, readAttributes, textOf } from '../playlist/attribute-list.js';
import {
  ATTRIBUTE_TAGS,
  linesOf,
  MEDIA_PLAYLIST_TAGS,
  MULTIVARIANT_TAGS,
  SEGMENT_TAGS,
  tagOf,
  type Tag,
} from '../playlist/lines.js';
import type { Exchange } from '../transport.js';
import {
  bis,
  inExchange,
  inMultivariant,
  inVersion,
  type Finding,
  type Rule,
  type RuleGroup,
} from './rule.js';
import { inRenditions, newLines } from './views.js';

const PLAYLIST_TYPES = new Set([
  'application/vnd.apple.mpegurl',
  'audio/mpegurl',
  'application/x-mpegurl',
  'audio/x-mpegurl',
]);
const REGISTERED_TYPES = new Set(['application/vnd.apple.mpegurl', 'audio/mpegurl']);

/** The media type of an answer without its parameters. */
export const mediaTypeOf = ({ headers }: Exchange): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** Whether an answer is known for a playlist by its path or by its type. */
export const isKnownPlaylist = (exchange: Exchange): boolean =>
  REGISTERED_TYPES.has(mediaTypeOf(exchange)) || /\.m3u8?$/.test(new URL(exchange.finalUrl).pathname);

export const isPlaylistType = (type: string): boolean => PLAYLIST_TYPES.has(type);

interface LineOf {
  readonly text: string;
  readonly number: number;
  readonly found: (message: string) => Finding;
}

/** Lines of all playlists, each the first time that it is seen. */
function everyLine(seen: Observation, check: (line: LineOf) => readonly string[]): Finding[] {
  const multivariant = seen.multivariant;
  const inMaster = (multivariant === undefined ? [] : linesOf(multivariant.text)).map((text, index) => ({
    text,
    number: index + 1,
    found: (message: string) => inMultivariant(multivariant!, message, index + 1),
  }));
  const inMediaPlaylists = seen.renditions.flatMap((rendition) =>
    newLines(rendition).map(({ version, text, number }) => ({
      text,
      number,
      found: (message: string) => inVersion(version, message, text),
    })),
  );
  return [...inMaster, ...inMediaPlaylists].flatMap((line) => check(line).map(line.found));
}

/** Findings in tags, each line the first time that it is seen. */
const everyTag = (seen: Observation, check: (tag: Tag) => readonly string[]): Finding[] =>
  everyLine(seen, ({ text, number }) => {
    const tag = tagOf(text, number);
    return tag === undefined || hasStraySpace(text) ? [] : check(tag);
  });

const hasStraySpace = (line: string): boolean => line !== '' && line !== line.trim();

/** What is wrong with a playlist, and the line that shows it. */
interface TextFault {
  readonly message: string;
  readonly line: number;
}

/** The first fault that a check finds in each playlist: later versions would only repeat it. */
function firstInEach(
  seen: Observation,
  check: (text: string, tags: readonly Tag[]) => TextFault | undefined,
): Finding[] {
  const faultOf = (text: string): TextFault | undefined =>
    check(
      text,
      linesOf(text).flatMap((line, index) => tagOf(line, index + 1) ?? []),
    );
  const found: Finding[] = [];
  const { multivariant } = seen;
  const fault = multivariant === undefined ? undefined : faultOf(multivariant.text);
  if (multivariant !== undefined && fault !== undefined)
    found.push(inMultivariant(multivariant, fault.message, fault.line));
  for (const { versions } of seen.renditions) {
    for (const version of versions) {
      const own = version.text === '' ? undefined : faultOf(version.text);
      if (own === undefined) continue;
      const text = linesOf(version.text)[own.line - 1] ?? '';
      found.push({ ...inVersion(version, own.message), lines: [{ number: own.line, text }] });
      break;
    }
  }
  return found;
}

const UNIQUE_TAGS = new Set([
  ...MEDIA_PLAYLIST_TAGS,
  'EXT-X-VERSION',
  'EXT-X-INDEPENDENT-SEGMENTS',
  'EXT-X-START',
  'EXT-X-SKIP',
]);

function repeated(tags: readonly Tag[]): TextFault | undefined {
  const known = new Set<string>();
  for (const { name, line } of tags) {
    if (known.has(name) && UNIQUE_TAGS.has(name)) return { message: `${name} stands there again`, line };
    known.add(name);
  }
  return undefined;
}

function textFault(text: string): TextFault | undefined {
  if (text.startsWith('\uFEFF')) return { message: 'the file begins with a byte order mark', line: 1 };
  if (!/^#EXTM3U(\r?\n|$)/.test(text)) return { message: 'the first line is not #EXTM3U', line: 1 };
  const lineOf = (wrong: (line: string) => boolean): number => linesOf(text).findIndex(wrong) + 1;
  const replaced = lineOf((line) => line.includes('\uFFFD'));
  if (replaced > 0) return { message: 'the text is not UTF-8', line: replaced };
  if (text.normalize('NFC') === text) return undefined;
  const line = lineOf((each) => each.normalize('NFC') !== each);
  return { message: 'the text is not in Unicode normalization form C', line };
}

const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

const DECIMAL_EXTINF = /^\d+(\.\d+)?,/;

const INTEGER_TAGS = new Set([
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-VERSION',
  'EXT-X-BITRATE',
]);

function valueFaults({ name, value }: Tag): string[] {
  if (ATTRIBUTE_TAGS.has(name)) {
    const { values, faults } = readAttributes(value);
    const forms = [...values].flatMap(([attribute, text]) => formFault(attribute, text) ?? []);
    return [...faults, ...forms].map((fault) => `${name}: ${fault}`);
  }
  if (name === 'EXTINF' && !DECIMAL_EXTINF.test(value))
    return [`EXTINF "${value}" must be a decimal number and a comma`];
  if (INTEGER_TAGS.has(name) && !/^\d{1,20}$/.test(value))
    return [`${name} "${value}" must be a whole number`];
  return [];
}

/** The least EXT-X-VERSION for what a playlist uses (RFC 8216bis 8), and what needs it. */
export function neededVersion(text: string): { version: number; because: string } {
  let needed = { version: 1, because: 'nothing' };
  const need = (version: number, because: string): void => {
    if (version > needed.version) needed = { version, because };
  };
  const tags = linesOf(text).flatMap((line, index) => tagOf(line, index + 1) ?? []);
  const iFramesOnly = tags.some(({ name }) => name === 'EXT-X-I-FRAMES-ONLY');
  for (const { name, value } of tags) {
    if (name === 'EXTINF' && value.includes('.')) need(3, 'EXTINF with a fraction');
    else if (name === 'EXT-X-BYTERANGE' || name === 'EXT-X-I-FRAMES-ONLY') need(4, name);
    else if (name === 'EXT-X-MAP') need(iFramesOnly ? 5 : 6, name);
    else if (name === 'EXT-X-DEFINE') need(value.startsWith('QUERYPARAM') ? 11 : 8, name);
    else if (name === 'EXT-X-SKIP') {
      const removed = readAttributes(value).values.has('RECENTLY-REMOVED-DATERANGES');
      need(removed ? 10 : 9, name);
    } else if (name === 'EXT-X-KEY' && /METHOD=SAMPLE-AES\b/.test(value)) need(5, 'METHOD=SAMPLE-AES');
    else if (name === 'EXT-X-MEDIA') {
      const attributes = readAttributes(value);
      const id = textOf(attributes, 'INSTREAM-ID');
      if (id?.startsWith('SERVICE') === true) need(7, 'INSTREAM-ID="SERVICE..."');
      if (id !== undefined && textOf(attributes, 'TYPE') !== 'CLOSED-CAPTIONS') need(13, 'INSTREAM-ID');
    } else if (/(?:^|,)REQ-[A-Z-]+=/.test(value)) need(12, 'a REQ- attribute');
  }
  return needed;
}

function versionOf(tags: readonly Tag[]): { readonly stated: number; readonly line: number } {
  const tag = tags.find(({ name }) => name === 'EXT-X-VERSION');
  return { stated: Number(tag?.value ?? 1), line: tag?.line ?? 1 };
}

/** Characters that no URI reference has (RFC 3986 2). */
const NOT_IN_URIS = /[\s<>"{}|\\^`]/;

const isUriLine = (text: string): boolean => text !== '' && !text.startsWith('#');

const allExchanges = (seen: Observation): { exchange: Exchange; rendition: string | undefined }[] => [
  ...(seen.multivariant === undefined
    ? []
    : [{ exchange: seen.multivariant.exchange, rendition: undefined }]),
  ...seen.renditions.flatMap(({ name, versions }) =>
    versions.slice(0, 1).map(({ exchange }: PlaylistVersion) => ({ exchange, rendition: name })),
  ),
];

const rules: readonly Rule[] = [
  {
    id: 'T1',
    level: 'M',
    section: bis('4'),
    title: 'A playlist is known by a path that ends in .m3u8 or by its media type.',
    check: (seen) =>
      allExchanges(seen)
        .filter(({ exchange }) => !isKnownPlaylist(exchange))
        .map(({ exchange, rendition }) =>
          inExchange(
            exchange,
            rendition,
            `the type is "${mediaTypeOf(exchange)}" and the path does not end in .m3u8`,
          ),
        ),
  },
  {
    id: 'T2',
    level: 'M',
    section: bis('4.1'),
    title:
      'A playlist is UTF-8 text without byte order mark, control characters or stray spaces, and begins with #EXTM3U.',
    check: (seen) => [
      ...firstInEach(seen, textFault),
      ...everyLine(seen, ({ text }) => {
        if (CONTROL.test(text)) return ['the line has a control character'];
        return hasStraySpace(text) ? ['the line has space at its begin or end'] : [];
      }),
    ],
  },
  {
    id: 'T3',
    level: 'M',
    section: bis('4.1'),
    title: 'Multivariant and media playlist tags are never mixed in one file.',
    check: (seen) => [
      ...(seen.multivariant === undefined
        ? []
        : seen.multivariant.playlist.tags
            .filter(({ name }) => MEDIA_PLAYLIST_TAGS.has(name) || SEGMENT_TAGS.has(name))
            .map(({ name, line }) =>
              inMultivariant(seen.multivariant!, `${name} in a multivariant playlist`, line),
            )),
      ...inRenditions(seen, (rendition) =>
        newLines(rendition).flatMap(({ version, text, number }) => {
          const name = tagOf(text, number)?.name ?? '';
          return MULTIVARIANT_TAGS.has(name) ? [inVersion(version, `${name} in a media playlist`, text)] : [];
        }),
      ),
    ],
  },
  {
    id: 'T4',
    level: 'M',
    section: bis('4.4.1.2, 4.4.2, 4.4.3'),
    title: 'Tags that speak of the whole playlist stand in it once.',
    check: (seen) => firstInEach(seen, (_, tags) => repeated(tags)),
  },
  {
    id: 'T5',
    level: 'M',
    section: bis('4.2'),
    title: 'Attribute lists and numbers are written as the syntax has them.',
    check: (seen) => everyTag(seen, valueFaults),
  },
  {
    id: 'T6',
    level: 'M',
    section: bis('8'),
    title: 'EXT-X-VERSION is high enough for what the playlist uses.',
    check: (seen) =>
      firstInEach(seen, (text, tags) => {
        const { version, because } = neededVersion(text);
        const { stated, line } = versionOf(tags);
        return stated < version
          ? { message: `EXT-X-VERSION is ${stated}, but ${because} needs ${version}`, line }
          : undefined;
      }),
  },
  {
    id: 'T7',
    level: 'S',
    section: bis('6.2.1'),
    title: 'EXT-X-VERSION is no higher than what the playlist uses needs.',
    check: (seen) =>
      firstInEach(seen, (text, tags) => {
        const { version, because } = neededVersion(text);
        const { stated, line } = versionOf(tags);
        return stated > version
          ? { message: `EXT-X-VERSION is ${stated}, and ${version} is enough (${because})`, line }
          : undefined;
      }),
  },
  {
    id: 'T8',
    level: 'S',
    section: bis('4.1'),
    title: 'Every URI in a playlist is a valid reference.',
    check: (seen) =>
      everyLine(seen, ({ text, number }) => {
        const tag = tagOf(text, number);
        const uri = tag === undefined ? text : textOf(readAttributes(tag.value), 'URI');
        if (uri === undefined || (tag === undefined && !isUriLine(text)) || hasStraySpace(text)) return [];
        return NOT_IN_URIS.test(uri) ? [`"${uri}" has characters that no URI has`] : [];
      }),
  },
];

export const playlistSyntax: RuleGroup = { name: 'Playlist text', rules };
