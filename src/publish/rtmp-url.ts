import { MillraceError } from '../errors.js';
import { redactKey } from '../rtmp/redact-key.js';

/** Where an RTMP URL points. */
export interface RtmpTarget {
  /** RTMP over TLS. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** Secret: not for logs. */
  readonly streamKey: string;
  /** The URL without the stream key. */
  readonly tcUrl: string;
}

/** Of `rtmp:` and `rtmps:`. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtmp:': 1935, 'rtmps:': 443 };

/**
 * Reads `rtmp://host[:port]/app/key` or the same with `rtmps://`: the last part of the path, with the query, is the stream key.
 * Throws CONFIG_INVALID for anything else; the message does not show the key.
 */
export function parseRtmpUrl(text: string): RtmpTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ''];
  if (url === undefined || defaultPort === undefined || url.hostname === '')
    throw invalid('it does not begin with rtmp://HOST or rtmps://HOST');
  if (url.hash !== '') throw invalid('a # cannot stand in a stream key');
  const path = decoded(url.pathname);
  const slash = path.lastIndexOf('/');
  const app = path.slice(1, slash);
  const streamKey = path.slice(slash + 1);
  if (app === '' || streamKey === '') throw invalid('it lacks the application or the stream key');
  return {
    secure: url.protocol === 'rtmps:',
    // Sockets want IPv6 addresses without the brackets.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
    app,
    streamKey: streamKey + url.search,
    tcUrl: `${url.protocol}//${url.host}/${app}`,
  };
}

export function isRtmpUrl(text: string): boolean {
  try {
    parseRtmpUrl(text);
    return true;
  } catch {
    return false;
  }
}

/** The URL as logs may show it. */
export const showTarget = ({ tcUrl, streamKey }: RtmpTarget): string => `${tcUrl}/${redactKey(streamKey)}`;

/** Longest text kept of what a server says. */
const MAX_MESSAGE = 300;

/** The error in a bounded form with the key blotted out, should the server have repeated it. */
export function withoutKey(error: MillraceError, streamKey: string): MillraceError {
  const [bare = ''] = streamKey.split('?');
  const message = [streamKey, bare]
    .reduce((text, key) => (key === '' ? text : text.replaceAll(key, redactKey(key))), error.message)
    .slice(0, MAX_MESSAGE);
  return message === error.message ? error : new MillraceError(error.code, message);
}

const invalid = (fault: string): MillraceError =>
  new MillraceError('CONFIG_INVALID', `the RTMP URL must be rtmp[s]://HOST[:PORT]/APP/KEY: ${fault}`);

/** Percent signs that encode nothing are part of the key. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
