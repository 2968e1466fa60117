import type { RtmpLimitsConfig } from '../config.js';
import type { RtmpLimits } from '../rtmp/limits.js';
import { DEFAULT_RTMP_LIMITS } from '../rtmp/limits.js';

/** What the listener allows. Times in ms, sizes in bytes. */
export interface IngestLimits {
  /** From the connection's first moment to the end of the handshake, that of TLS included, however the bytes trickle. */
  readonly handshakeTimeout: number;
  /** From the handshake to the connect command. */
  readonly connectTimeout: number;
  /** From connect, or the end of a publish, to the next publish. */
  readonly publishTimeout: number;
  /** A publisher that sends neither audio nor video for this long has vanished. */
  readonly mediaTimeout: number;
  /** How long a connection that is being closed may take to read what was last sent to it. */
  readonly lingerTimeout: number;
  /** Over all ports together. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly publishers: number;
  readonly players: number;
  /**
   * Bits per second that a publisher is meant to stay below. It may send twice as much, and so that nobody is cut off for
   * catching up after a hold-up, ten seconds' worth of that at once.
   */
  readonly maxBitrate: number;
  /** That may wait for a peer that does not read: our side of the conversation is a few hundred bytes. */
  readonly outputBytes: number;
  /** What the protocol allows on one connection. */
  readonly rtmp: RtmpLimits;
}

export const DEFAULT_LIMITS: IngestLimits = {
  handshakeTimeout: 10_000,
  connectTimeout: 10_000,
  publishTimeout: 10_000,
  mediaTimeout: 15_000,
  lingerTimeout: 1000,
  connections: 1000,
  connectionsPerAddress: 100,
  publishers: 1000,
  players: 100,
  maxBitrate: 100_000_000,
  outputBytes: 64 * 1024,
  rtmp: DEFAULT_RTMP_LIMITS,
};

/** The limits as configured: times from seconds to ms, the rest as it is, and the defaults where nothing is said. */
export function configuredLimits(config: RtmpLimitsConfig): IngestLimits {
  const given = new Map<string, number>();
  for (const [name, value = 0] of Object.entries(config))
    given.set(name, name.endsWith('Timeout') ? value * 1000 : value);
  return { ...override(DEFAULT_LIMITS, given), rtmp: override(DEFAULT_RTMP_LIMITS, given) };
}

/** The defaults, with what is given for any of them in its place. */
const override = <T extends object>(defaults: T, given: ReadonlyMap<string, number>): T =>
  Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, given.get(name) ?? (value as unknown)]),
  ) as T;
