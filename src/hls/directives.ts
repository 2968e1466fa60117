import { MillraceError } from '../errors.js';
import type { PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';

/** Delivery directives of one playlist request (RFC 8216bis 6.2.5). */
export interface Directives {
  readonly msn: number | undefined;
  readonly part: number | undefined;
  readonly skip: Skip;
}

/** What a delta update may leave out: nothing, segments (`YES`), or date ranges as well (`v2`). */
export type Skip = 'none' | 'segments' | 'date-ranges';

export type Readiness = 'ready' | 'wait' | 'too-far';

/** A request further ahead of the newest segment than this is a mistake (RFC 8216bis 6.2.5.2). */
const ADVANCE_SEGMENT_LIMIT = 2;

/** Parts a request may be ahead when a part lasts a second or more; shorter parts allow three seconds' worth. */
const ADVANCE_PARTS = 3;

/**
 * @param query the request's query string, without "?"
 * @throws MillraceError BAD_DIRECTIVE
 */
export function parseDirectives(query: string): Directives {
  const parameters = new URLSearchParams(query);
  const msn = wholeNumber(parameters, '_HLS_msn');
  const part = wholeNumber(parameters, '_HLS_part');
  if (part !== undefined && msn === undefined) {
    throw new MillraceError('BAD_DIRECTIVE', '_HLS_part needs _HLS_msn');
  }
  return { msn, part, skip: skipOf(parameters.getAll('_HLS_skip')) };
}

function skipOf(values: readonly string[]): Skip {
  if (values.includes('v2')) return 'date-ranges';
  return values.includes('YES') ? 'segments' : 'none';
}

function wholeNumber(parameters: URLSearchParams, name: string): number | undefined {
  const values = parameters.getAll(name);
  const [value] = values;
  if (value === undefined) return undefined;
  const number = Number(value);
  if (values.length > 1 || !/^\d{1,15}$/.test(value) || !Number.isSafeInteger(number)) {
    throw new MillraceError('BAD_DIRECTIVE', `${name} must be given once and be a whole number`);
  }
  return number;
}

/**
 * Whether a request for the I-frame playlist can be answered. It has no parts, so none can be waited for; and it is never
 * empty: any request for it waits until it has its first entry.
 */
export function iFrameReadiness(
  { ended }: PresentationSnapshot,
  { iFrames }: RenditionSnapshot,
  { msn }: Directives,
): Readiness {
  if (ended || iFrames === undefined) return 'ready';
  const { first, next } = iFrames;
  if (msn !== undefined && msn >= next + ADVANCE_SEGMENT_LIMIT) return 'too-far';
  return next === first || (msn ?? first) >= next ? 'wait' : 'ready';
}

/** Whether a blocking reload can be answered with this snapshot (RFC 8216bis 6.2.5.2). */
export function readiness(
  presentation: PresentationSnapshot,
  rendition: RenditionSnapshot,
  { msn, part }: Directives,
): Readiness {
  if (msn === undefined || presentation.ended) return 'ready';
  const last = rendition.segments.at(-1);
  const lastMsn = last?.msn ?? rendition.mediaSequence - 1;
  const lastComplete = last === undefined || last.complete ? lastMsn : lastMsn - 1;
  const { partTarget } = presentation;
  const limit = partTarget < 1 ? Math.ceil(ADVANCE_PARTS / partTarget) : ADVANCE_PARTS;
  if (msn <= lastComplete) {
    // A part beyond the end of a closed segment means the first part of the next one.
    const parts = rendition.segments[msn - rendition.mediaSequence]?.parts.length ?? 0;
    const beyond = part !== undefined && msn === lastComplete && part >= parts && lastMsn === lastComplete;
    if (!beyond) return 'ready';
    return part >= parts + limit ? 'too-far' : 'wait';
  }
  if (msn > lastMsn + ADVANCE_SEGMENT_LIMIT) return 'too-far';
  if (part === undefined) return 'wait';
  const newestPart = msn === lastMsn ? (last?.parts.at(-1)?.index ?? -1) : -1;
  if (part <= newestPart) return 'ready';
  return part > newestPart + limit ? 'too-far' : 'wait';
}
