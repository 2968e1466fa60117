import type {
  MediaObservation,
  MultivariantVersion,
  Observation,
  PlaylistVersion,
  Probe,
} from '../observation.js';
import { linesOf } from '../playlist/lines.js';
import type { Exchange } from '../transport.js';

/** M: must, of RFC 8216bis or of Apple's authoring rules. S: should. P: good practice that players rely on. */
export type Level = 'M' | 'S' | 'P';

/** A line of a playlist with its number, from 1; the number is 0 where the text was not kept. */
export interface EvidenceLine {
  readonly number: number;
  readonly text: string;
}

/** One place where a rule is broken. */
export interface Finding {
  /** What is wrong there, with the values seen. */
  readonly message: string;
  /** ms since the Unix epoch. */
  readonly at: number;
  /** Undefined for the multivariant playlist. */
  readonly rendition: string | undefined;
  readonly url: string;
  readonly lines: readonly EvidenceLine[];
  /** Of the resource, where it is media. */
  readonly bytes: number | undefined;
}

/** What an observation must have for a rule to say anything. */
export type Feature =
  'active' | 'blocking' | 'delta' | 'cmaf' | 'live' | 'multivariant' | 'parts' | 'several' | 'tls';

/** A rule of the specifications: a pure function of what was seen. */
export interface Rule {
  readonly id: string;
  readonly level: Level;
  /** Specification and section. */
  readonly section: string;
  /** The rule in one sentence. */
  readonly title: string;
  readonly needs?: readonly Feature[];
  readonly check: (seen: Observation) => readonly Finding[];
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** RFC 8216bis with a section. */
export const bis = (section: string): string => `RFC 8216bis ${section}`;

/** Apple's HLS authoring specification with a rule number. */
export const apple = (rule: string): string => `Apple authoring ${rule}`;

/** A fault in a playlist; `sources` are lines as they stand in it. */
export function inVersion(version: PlaylistVersion, message: string, ...sources: readonly string[]): Finding {
  return {
    message,
    at: version.exchange.firstByteAt,
    rendition: version.rendition,
    url: version.exchange.url,
    // Looked up only for the few findings that are shown: a bad playlist has one for each of its lines.
    get lines() {
      return sources.map((source) => locate(version.text, source));
    },
    bytes: undefined,
  };
}

/** The line of a text by its content; of several lines the last one, a segment's URI, is looked for. */
function locate(text: string, source: string): EvidenceLine {
  const line = source.slice(source.lastIndexOf('\n') + 1);
  return { number: linesOf(text).indexOf(line) + 1, text: line };
}

export function inMultivariant(
  { exchange, text }: MultivariantVersion,
  message: string,
  ...numbers: readonly number[]
): Finding {
  return {
    message,
    at: exchange.firstByteAt,
    rendition: undefined,
    url: exchange.url,
    get lines() {
      const lines = linesOf(text);
      return numbers.map((number) => ({ number, text: lines[number - 1] ?? '' }));
    },
    bytes: undefined,
  };
}

export function inMedia(media: MediaObservation, message: string): Finding {
  const { rendition, url, exchange } = media;
  return { message, at: exchange.endedAt, rendition, url, lines: [], bytes: exchange.bytes };
}

export function inExchange(exchange: Exchange, rendition: string | undefined, message: string): Finding {
  return { message, at: exchange.endedAt, rendition, url: exchange.url, lines: [], bytes: undefined };
}

export const inProbe = ({ exchange, rendition }: Probe, message: string): Finding =>
  inExchange(exchange, rendition, message);

/** Seconds with as many digits as tell. */
export const s = (seconds: number): string => `${Number(seconds.toFixed(5))} s`;

/** The lines of a tag of the whole playlist, for evidence. */
export const tagLine = (version: PlaylistVersion, name: string): string[] =>
  version.playlist.tags
    .filter((tag) => tag.name === name)
    .map((tag) => (tag.value === '' ? `#${name}` : `#${name}:${tag.value}`));
