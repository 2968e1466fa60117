import { observe } from '../../../src/check/follow/observe.js';
import { judge, type Verdict } from '../../../src/check/judge.js';
import type { Observation } from '../../../src/check/observation.js';
import { BASE, FakeOrigin, START, type Fault } from './fake-origin.js';
import { VirtualClock } from './virtual-clock.js';

export interface Checked {
  readonly seen: Observation;
  readonly verdict: Verdict;
}

/** Follows a fake origin for some virtual seconds and judges it. */
export async function check(
  fault: Fault = {},
  seconds = 30,
  passive = false,
  path = 'index.m3u8',
): Promise<Checked> {
  const clock = new VirtualClock(START);
  const origin = new FakeOrigin(clock, fault);
  const seen = await clock.run(observe({ url: `${BASE}${path}`, seconds, passive }, origin, clock));
  return { seen, verdict: judge(seen) };
}

/** Which rules are broken, with the first thing said of each: what a test shows when it fails. */
export const brokenIn = ({ verdict }: Checked): Record<string, string> =>
  Object.fromEntries(
    verdict.broken.map(({ rule, findings }) => [
      rule.id,
      `${findings[0]?.rendition ?? '-'}: ${findings[0]?.message ?? ''}`,
    ]),
  );
