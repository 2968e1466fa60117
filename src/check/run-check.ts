import { writeFile } from 'node:fs/promises';
import { MillraceError } from '../errors.js';
import { observe } from './follow/observe.js';
import { HttpTransport } from './http-transport.js';
import { exitCodeOf, judge, type Choice } from './judge.js';
import { jsonReport } from './report/json-report.js';
import { htmlReport } from './report/html-report.js';
import { summary } from './report/summary.js';
import { ALL_RULES } from './rules/all-rules.js';
import { systemClock } from './transport.js';

/** What the command line gives. */
export interface CheckArguments {
  readonly seconds: number;
  /** A file, or true for the standard output. */
  readonly json?: string | true;
  readonly html?: string;
  /** Identifiers between commas; a minus sign in front leaves one out. */
  readonly rules?: string;
  readonly passive?: boolean;
  readonly lenient?: boolean;
}

/** The longest that a presentation is followed: what is kept of it grows with the time. */
export const MAX_SECONDS = 3600;

/** Could not be judged: unreachable, or no HLS, or asked for what there is not. */
const NOT_JUDGED = 2;

/** Checks a presentation and writes what was found. @returns the exit code */
export async function runCheck(url: string, options: CheckArguments): Promise<0 | 1 | 2> {
  const transport = new HttpTransport();
  try {
    const choice = chosen(options.rules);
    const seconds = checkedSeconds(options.seconds);
    const seen = await observe({ url, seconds, passive: options.passive === true }, transport, systemClock);
    const verdict = judge(seen, choice);
    const exitCode = exitCodeOf(verdict, options.lenient === true);
    const json = `${JSON.stringify(jsonReport(seen, verdict, exitCode), undefined, 2)}\n`;
    if (options.json === true) process.stdout.write(json);
    else process.stdout.write(summary(seen, verdict));
    if (typeof options.json === 'string') await writeFile(options.json, json);
    if (options.html !== undefined) await writeFile(options.html, htmlReport(seen, verdict));
    return exitCode;
  } catch (fault) {
    if (!(fault instanceof MillraceError)) throw fault;
    process.stderr.write(`millrace: ${fault.code}: ${fault.message}\n`);
    return NOT_JUDGED;
  } finally {
    transport.close();
  }
}

function checkedSeconds(seconds: number): number {
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new MillraceError('CHECK_BAD_OPTION', `--seconds must be above 0 and at most ${MAX_SECONDS}`);
}

/** `T1,M6` judges by these alone, `-N1,-M3b` by all but these. */
export function chosen(rules: string | undefined): Choice {
  if (rules === undefined) return {};
  const known = new Set(ALL_RULES.map(({ id }) => id));
  const ids = rules.split(',').map((id) => id.trim());
  const unknown = ids.filter((id) => !known.has(id.replace(/^-/, '')));
  if (unknown.length > 0)
    throw new MillraceError('CHECK_BAD_OPTION', `there is no rule ${unknown.join(', ')}`);
  const without = ids.filter((id) => id.startsWith('-')).map((id) => id.slice(1));
  const only = ids.filter((id) => !id.startsWith('-'));
  return { without: new Set(without), only: only.length === 0 ? undefined : new Set(only) };
}
