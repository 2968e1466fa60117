/** What one listener allows. Times in ms. */
export interface IngestLimits {
  /** From the connection's first moment to the end of the handshake, however the bytes trickle. */
  readonly handshakeTimeout: number;
  /** From the handshake to the connect command. */
  readonly connectTimeout: number;
  /** From connect, or the end of a publish, to the next publish. */
  readonly publishTimeout: number;
  /** A publisher that sends neither audio nor video for this long has vanished. */
  readonly mediaSilence: number;
  /** How long a connection that is being closed may take to read what was last sent to it. */
  readonly lingerTimeout: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export const DEFAULT_LIMITS: IngestLimits = {
  handshakeTimeout: 10_000,
  connectTimeout: 10_000,
  publishTimeout: 10_000,
  mediaSilence: 15_000,
  lingerTimeout: 1000,
  maxConnections: 1000,
  maxConnectionsPerAddress: 100,
};

/** Bytes that may wait for a peer that does not read: our side of the conversation is a few hundred bytes. */
export const MAX_OUTPUT_BYTES = 64 * 1024;
