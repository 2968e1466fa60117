import type { ErrorCode } from '../errors.js';
import type { Reply } from './exchange.js';

/** Nothing may keep it: it can be wrong the next moment. */
export const NO_STORE = 'no-store';

/** The epoch in the path makes it the same bytes for ever. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

export function json(value: unknown, cacheControl = NO_STORE): Reply {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': cacheControl },
    body: `${JSON.stringify(value)}\n`,
  };
}

export function text(body: string, contentType = 'text/plain; charset=utf-8'): Reply {
  return { status: 200, headers: { 'Content-Type': contentType, 'Cache-Control': NO_STORE }, body };
}

/** The one shape of every error: `{ "error": { "code", "message" } }`, never cached. */
export function error(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Record<string, string> = {},
): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': NO_STORE, ...headers },
    body: `${JSON.stringify({ error: { code, message } })}\n`,
  };
}

/** A body that can be asked for in ranges (RFC 9110 14): 200, 206 or 416. */
export function ranged(body: Buffer, contentType: string, cacheControl: string, range: string): Reply {
  const headers = { 'Content-Type': contentType, 'Cache-Control': cacheControl, 'Accept-Ranges': 'bytes' };
  const wanted = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(range);
  const [, from, to] = wanted ?? [];
  if (from === undefined || to === undefined || (from === '' && to === ''))
    return { status: 200, headers, body };
  const start = from === '' ? Math.max(0, body.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? body.length - 1 : Math.min(Number(to), body.length - 1);
  if (start >= body.length || end < start) {
    return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${String(body.length)}` } };
  }
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${String(start)}-${String(end)}/${String(body.length)}` },
    body: body.subarray(start, end + 1),
  };
}
