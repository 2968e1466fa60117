/** What identifies a stream, whatever shape the peer put it in. */
export interface StreamName {
  /** First path segment of the application, without instance and query: `live`. */
  readonly app: string;
  /** The stream key of a publisher, the name of what a player wants; empty when none was given anywhere. */
  readonly name: string;
  /** Query parameters of URL, application and name; the nearest to the name wins. */
  readonly params: ReadonlyMap<string, string>;
}

/** Longest application and name. */
export const MAX_NAME_LENGTH = 255;

/** Query parameters kept of one stream. */
const MAX_PARAMS = 16;

/** Prefixes by which Flash named the container of a stream. */
const CONTAINER_PREFIX = /^(?:mp4|flv):/i;

/**
 * Brings application, URL and stream name into one form. Encoders write `live/` or `live/instance` for the application,
 * `key?token=x` or `live?token=x`, the whole path in the name (`live/key`), the key at the end of the URL with an empty
 * name, percent escapes, a leading `mp4:` or a trailing slash.
 */
export function normaliseStreamName(raw: { app: string; tcUrl: string; name: string }): StreamName {
  const params = new Map<string, string>();
  readParams(raw.tcUrl, params);
  const appPath = segments(readParams(raw.app === '' ? pathOf(raw.tcUrl) : raw.app, params));
  const name = readParams(raw.name, params).replace(CONTAINER_PREFIX, '');
  const namePath = segments(name);

  // Server "rtmp://host/live/KEY" with no stream key, or the whole path in the name and no application.
  if (namePath.length === 0 && appPath.length > 1) namePath.push(...appPath.splice(-1));
  if (appPath.length === 0 && namePath.length > 1) appPath.push(...namePath.splice(0, 1));
  if (
    namePath.length > appPath.length &&
    appPath.length > 0 &&
    appPath.every((part, i) => part === namePath[i])
  ) {
    namePath.splice(0, appPath.length);
  }
  return { app: appPath[0] ?? '', name: namePath.join('/'), params };
}

/** True when application and name are there, of sane length and free of control characters. */
export function isUsableName({ app, name }: StreamName): boolean {
  const usable = (text: string): boolean =>
    text.length > 0 && text.length <= MAX_NAME_LENGTH && !/[\u0000-\u001f\u007f]/.test(text);
  return usable(app) && usable(name);
}

/** Takes the query off `text`, adds its parameters, returns what stood before it. */
function readParams(text: string, params: Map<string, string>): string {
  const mark = text.indexOf('?');
  if (mark === -1) return text;
  for (const [key, value] of new URLSearchParams(text.slice(mark + 1))) {
    if (params.size < MAX_PARAMS || params.has(key)) params.set(key, value);
  }
  return text.slice(0, mark);
}

/** The path of an RTMP URL: `rtmp://host:port/live/x` gives `live/x`. */
const pathOf = (url: string): string => url.replace(/^[a-z]+:\/\/[^/]*/i, '');

const segments = (path: string): string[] =>
  path
    .split('/')
    .filter((part) => part !== '')
    .map(unescape);

/** Undoes percent escapes; text that is not validly escaped is meant as it stands. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
