/** The part of the server's JSON API that the pages use. */
import type { ChannelAnswer, ChannelStatus } from './channel.js';

const REQUEST_TIMEOUT_MS = 5000;
const RTMP_PORT = 1935;

function get(path: string): Promise<Response> {
  // Not AbortSignal.timeout: Safari before 16 plays HLS by itself and lacks it.
  const timeout = new AbortController();
  setTimeout(() => timeout.abort(), REQUEST_TIMEOUT_MS);
  return fetch(path, { cache: 'no-store', signal: timeout.signal });
}

/** Never rejects: a server that cannot be asked, or is in trouble, is an answer too. */
export async function fetchChannel(name: string): Promise<ChannelAnswer> {
  try {
    const response = await get(`/api/v1/channels/${encodeURIComponent(name)}`);
    if (response.status === 404) return { kind: 'absent' };
    if (!response.ok) return { kind: 'unreachable' };
    return { kind: 'known', status: (await response.json()) as ChannelStatus };
  } catch {
    return { kind: 'unreachable' };
  }
}

/** All channels, or `null` when the server cannot be asked. */
export async function fetchChannels(): Promise<readonly ChannelStatus[] | null> {
  try {
    const response = await get('/api/v1/channels');
    if (!response.ok) return null;
    return ((await response.json()) as { channels: readonly ChannelStatus[] }).channels;
  } catch {
    return null;
  }
}

/** The port that encoders connect to; RTMP's own where the server cannot be asked. */
export async function fetchRtmpPort(): Promise<number> {
  try {
    const response = await get('/api/v1/server');
    if (response.ok) return ((await response.json()) as { rtmpPort: number }).rtmpPort;
  } catch {
    // As below.
  }
  return RTMP_PORT;
}

/**
 * One reading of the server's clock: ms since the Unix epoch, from `/api/v1/time` or, without it, from the
 * Date header (whole seconds, so half a second is added). `null` when neither is to be had.
 */
export async function fetchServerTime(): Promise<number | null> {
  try {
    const response = await get('/api/v1/time');
    if (response.ok) return ((await response.json()) as { now: number }).now;
    const date = response.headers.get('date');
    return date === null ? null : Date.parse(date) + 500;
  } catch {
    return null;
  }
}
