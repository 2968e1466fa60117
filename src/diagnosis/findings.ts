import { adviseOn } from './advice.js';
import type { EncoderFamily } from './encoder.js';
import type { Finding, Severity } from './finding.js';
import type { Observation, Rule, StreamFacts } from './rule.js';

/** A finding that has appeared or is gone. */
export type Change =
  | { readonly type: 'found'; readonly finding: Finding }
  | { readonly type: 'gone'; readonly finding: Finding };

interface Watch {
  readonly rule: Rule;
  /** Looks in a row that said the opposite of what is shown. */
  against: number;
  finding: Finding | undefined;
}

const WEIGHT: Readonly<Record<Severity, number>> = { problem: 0, warning: 1, info: 2 };

/** What is wrong now. Findings come and go with hysteresis, so that a value near a threshold does not flap. */
export class Findings {
  readonly #watches: readonly Watch[];

  constructor(rules: readonly Rule[]) {
    this.#watches = rules.map((rule) => ({ rule, against: 0, finding: undefined }));
  }

  /** Worst first. */
  get current(): readonly Finding[] {
    return this.#watches
      .flatMap(({ finding }) => finding ?? [])
      .sort((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity]);
  }

  /** Looks at the stream once. `now` in ms since the Unix epoch. */
  look(facts: StreamFacts, family: EncoderFamily, now: number): readonly Change[] {
    return this.#watches.flatMap((watch) => {
      const { rule, finding } = watch;
      const seen = rule.look(facts, finding !== undefined);
      const opposes = (seen !== undefined) !== (finding !== undefined);
      watch.against = opposes ? watch.against + 1 : 0;
      if (seen !== undefined && (finding !== undefined || watch.against >= rule.appearsAfter)) {
        watch.against = 0;
        watch.finding = describe(rule, seen, family, finding?.since ?? now);
        return finding === undefined ? ({ type: 'found', finding: watch.finding } as const) : [];
      }
      if (finding !== undefined && watch.against >= rule.goesAfter) {
        watch.against = 0;
        watch.finding = undefined;
        return { type: 'gone', finding } as const;
      }
      return [];
    });
  }
}

function describe(rule: Rule, seen: Observation, family: EncoderFamily, since: number): Finding {
  const { severity, unit, message, remedy } = seen;
  const value = seen.value === undefined ? undefined : Number(seen.value.toFixed(3));
  return { code: rule.code, severity, value, unit, message, advice: adviseOn(remedy, family), since };
}
