import type { Observation } from './observation.js';
import { RULE_GROUPS } from './rules/all-rules.js';
import type { Feature, Finding, Level, Rule } from './rules/rule.js';

/** A rule with every place where it is broken. */
export interface Broken {
  readonly rule: Rule;
  readonly findings: readonly Finding[];
}

/** A rule about which nothing can be said, and what was missing for it. */
export interface Unjudged {
  readonly rule: Rule;
  readonly lacks: readonly Feature[];
}

export interface Verdict {
  readonly kept: readonly Rule[];
  readonly broken: readonly Broken[];
  readonly unjudged: readonly Unjudged[];
}

/** What an observation has that rules can be judged by. */
export function featuresOf(seen: Observation): ReadonlySet<Feature> {
  const versions = seen.renditions.flatMap((rendition) => rendition.versions);
  const has: Record<Feature, boolean> = {
    active: seen.active,
    blocking: versions.some(({ asked }) => asked.msn !== undefined),
    delta: versions.some(({ playlist }) => playlist.serverControl.values.has('CAN-SKIP-UNTIL')),
    cmaf: seen.renditions.some(({ media }) => [...media.values()].some(({ init }) => init !== undefined)),
    live: versions.some(({ playlist }) => !playlist.ended),
    multivariant: seen.multivariant !== undefined,
    parts: versions.some(({ segments }) => segments.some(({ parts }) => parts.length > 0)),
    several: seen.renditions.length > 1,
    tls: seen.url.startsWith('https:'),
  };
  return new Set((Object.keys(has) as Feature[]).filter((feature) => has[feature]));
}

/** Which rules are judged: by identifier; all where nothing is chosen. */
export interface Choice {
  readonly only?: ReadonlySet<string> | undefined;
  readonly without?: ReadonlySet<string> | undefined;
}

/** Judges what was seen by every chosen rule. */
export function judge(seen: Observation, choice: Choice = {}): Verdict {
  const features = featuresOf(seen);
  const kept: Rule[] = [];
  const broken: Broken[] = [];
  const unjudged: Unjudged[] = [];
  for (const rule of RULE_GROUPS.flatMap(({ rules }) => rules)) {
    if (choice.only?.has(rule.id) === false || choice.without?.has(rule.id) === true) continue;
    const lacks = (rule.needs ?? []).filter((feature) => !features.has(feature));
    if (lacks.length > 0) {
      unjudged.push({ rule, lacks });
      continue;
    }
    const findings = rule.check(seen);
    if (findings.length === 0) kept.push(rule);
    else broken.push({ rule, findings });
  }
  return { kept, broken, unjudged };
}

export const brokenAt = (verdict: Verdict, level: Level): readonly Broken[] =>
  verdict.broken.filter(({ rule }) => rule.level === level);

/** 0 when nothing is broken that counts, 1 when something is. A rule of level P never counts. */
export const exitCodeOf = (verdict: Verdict, lenient: boolean): 0 | 1 =>
  brokenAt(verdict, 'M').length > 0 || (!lenient && brokenAt(verdict, 'S').length > 0) ? 1 : 0;
