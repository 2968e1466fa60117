import type { Verdict } from '../judge.js';
import type { Observation, RenditionObservation } from '../observation.js';
import type { Finding } from '../rules/rule.js';
import { latencies } from './latency.js';
import { spread, type Spread } from './statistics.js';

/** Findings of one rule that are written out; the count tells of the rest. */
export const MAX_FINDINGS = 20;

/** The shape of `--json`. Fields are added in later versions, never changed or removed while `format` is 1. */
export interface JsonReport {
  readonly format: 1;
  readonly url: string;
  readonly startedAt: string;
  readonly seconds: number;
  /** 0, 1: as the exit code of the command. */
  readonly exitCode: 0 | 1;
  readonly renditions: readonly JsonRendition[];
  readonly broken: readonly JsonBroken[];
  /** Identifiers of rules that were kept. */
  readonly kept: readonly string[];
  readonly notJudged: readonly { readonly id: string; readonly lacks: readonly string[] }[];
  readonly limits: readonly string[];
}

export interface JsonRendition {
  readonly name: string;
  readonly url: string;
  readonly kind: string;
  readonly playlists: number;
  readonly deltaUpdates: number;
  readonly segments: number;
  readonly parts: number;
  readonly bytes: number;
  /** ms from the end of a part on the wall clock, by its date, until it was there whole. */
  readonly latency: Spread | undefined;
  /** ms until the first byte of media that nothing held. */
  readonly firstByte: Spread | undefined;
}

export interface JsonBroken {
  readonly id: string;
  readonly level: string;
  readonly section: string;
  readonly title: string;
  readonly count: number;
  readonly findings: readonly JsonFinding[];
}

export interface JsonFinding {
  readonly at: string;
  readonly rendition: string | null;
  readonly url: string;
  readonly message: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
  readonly bytes: number | null;
}

export function jsonReport(seen: Observation, verdict: Verdict, exitCode: 0 | 1): JsonReport {
  return {
    format: 1,
    url: seen.url,
    startedAt: new Date(seen.startedAt).toISOString(),
    seconds: Math.round(seen.endedAt - seen.startedAt) / 1000,
    exitCode,
    renditions: seen.renditions.map(jsonRendition),
    broken: verdict.broken.map(({ rule: { id, level, section, title }, findings }) => ({
      id,
      level,
      section,
      title,
      count: findings.length,
      findings: findings.slice(0, MAX_FINDINGS).map(jsonFinding),
    })),
    kept: verdict.kept.map(({ id }) => id),
    notJudged: verdict.unjudged.map(({ rule, lacks }) => ({ id: rule.id, lacks })),
    limits: seen.limits,
  };
}

export function jsonRendition(rendition: RenditionObservation): JsonRendition {
  const media = [...rendition.media.values()];
  const { name, url, kind, versions } = rendition;
  return {
    name,
    url,
    kind,
    playlists: versions.length,
    deltaUpdates: versions.filter(({ playlist }) => playlist.skipped !== undefined).length,
    segments: media.filter((each) => each.kind === 'segment').length,
    parts: media.filter((each) => each.kind === 'part').length,
    bytes: media.reduce((sum, { exchange }) => sum + exchange.bytes, 0),
    latency: spread(latencies(rendition).map(({ ms }) => ms)),
    firstByte: spread(
      media.filter(({ hinted }) => !hinted).map(({ exchange }) => exchange.firstByteAt - exchange.startedAt),
    ),
  };
}

const jsonFinding = ({ at, rendition, url, message, lines, bytes }: Finding): JsonFinding => ({
  at: new Date(at).toISOString(),
  rendition: rendition ?? null,
  url,
  message,
  lines,
  bytes: bytes ?? null,
});
