import { MillraceError } from '../errors.js';

/** Where an RTMP URL points. */
export interface RtmpTarget {
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** Secret: not for logs. */
  readonly streamKey: string;
  /** The URL without the stream key. */
  readonly tcUrl: string;
}

const DEFAULT_PORT = 1935;

/**
 * Reads `rtmp://host[:port]/app/key`: the last part of the path, with the query, is the stream key.
 * Throws CONFIG_INVALID for anything else; the message does not show the key.
 */
export function parseRtmpUrl(text: string): RtmpTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'rtmp:' || url.hostname === '') throw invalid('it does not begin with rtmp://HOST');
  if (url.hash !== '') throw invalid('a # cannot stand in a stream key');
  const path = decoded(url.pathname);
  const slash = path.lastIndexOf('/');
  const app = path.slice(1, slash);
  const streamKey = path.slice(slash + 1);
  if (app === '' || streamKey === '') throw invalid('it lacks the application or the stream key');
  return {
    // Sockets want IPv6 addresses without the brackets.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    app,
    streamKey: streamKey + url.search,
    tcUrl: `rtmp://${url.host}/${app}`,
  };
}

const invalid = (fault: string): MillraceError =>
  new MillraceError('CONFIG_INVALID', `the RTMP URL must be rtmp://HOST[:PORT]/APP/KEY: ${fault}`);

/** Percent signs that encode nothing are part of the key. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
