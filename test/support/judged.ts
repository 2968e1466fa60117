import { observe } from '../../src/check/follow/observe.js';
import { HttpTransport } from '../../src/check/http-transport.js';
import { judge, type Verdict } from '../../src/check/judge.js';
import type { Observation } from '../../src/check/observation.js';
import { systemClock } from '../../src/check/transport.js';

/** What `millrace check` saw, and what it says of it. */
export interface Judged {
  readonly seen: Observation;
  readonly verdict: Verdict;
}

/** Rules of time: a machine that runs encoders, server and checker at once breaks them by itself. */
export const OF_TIME: ReadonlySet<string> = new Set(
  'L6 L7 L8b L18 L21b L22 M10 M11 M12 P6 D7 D8 D9 D15'.split(' '),
);

/** What the server leaves to its operator, by rule. */
export const CHOSEN: ReadonlyMap<string, string> = new Map([
  ['M3', 'segments of two seconds join and switch faster than Apple’s nominal six: hls.segmentTarget'],
  ['M9b', 'a minute is kept in memory and not a quarter of an hour: hls.window'],
  ['V1c', 'one bit rate where the ladder is off'],
]);

/** Follows a presentation with the checker, until it ends or the time is over. */
export async function check(url: string, seconds: number): Promise<Judged> {
  const transport = new HttpTransport();
  const seen = await observe({ url, seconds, passive: false }, transport, systemClock);
  transport.close();
  return { seen, verdict: judge(seen) };
}

/** Each rule that is broken, with the first place, but for those of time and of choice. */
export const faults = ({ verdict }: Judged): Record<string, string> =>
  Object.fromEntries(
    verdict.broken
      .filter(({ rule: { id } }) => !OF_TIME.has(id) && !CHOSEN.has(id))
      .map(({ rule, findings }) => [rule.id, JSON.stringify(findings[0])]),
  );

/** What was lacking so that rules could not be judged. */
export const lacking = ({ verdict }: Judged): string[] => [
  ...new Set(verdict.unjudged.flatMap(({ lacks }) => lacks)),
];
