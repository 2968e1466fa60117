const KIB = 1024;
const MIB = 1024 * KIB;

/** What one RTMP connection may ask of us. Sizes in bytes, rates a second with bursts of one second's worth. */
export interface RtmpLimits {
  /** Longest video or aggregate message. */
  readonly videoMessage: number;
  readonly audioMessage: number;
  readonly commandMessage: number;
  /** Longest data message, such as onMetaData. */
  readonly dataMessage: number;
  /** Held for all incomplete messages together, once the peer may send media. */
  readonly partialBytes: number;
  /** The same before that: commands need no more. */
  readonly strangerBytes: number;
  /** That may wait unread while the host decides on a publish or a play. */
  readonly waitingBytes: number;
  /** Chunk streams with state; encoders use three to six. */
  readonly chunkStreams: number;
  /** Message streams that createStream gives out. */
  readonly messageStreams: number;
  readonly commandsPerSecond: number;
  /** Data messages beyond it are dropped; nothing depends on them. */
  readonly dataPerSecond: number;
  readonly chunkSizesPerSecond: number;
  /** Pings beyond it are not answered. */
  readonly pingsPerSecond: number;
  /** Chunks of less than 64 bytes: each costs as much work as a large one. */
  readonly smallChunksPerSecond: number;
}

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  videoMessage: 8 * MIB,
  audioMessage: 64 * KIB,
  commandMessage: 64 * KIB,
  dataMessage: 256 * KIB,
  partialBytes: 16 * MIB,
  strangerBytes: 256 * KIB,
  waitingBytes: 256 * KIB,
  chunkStreams: 64,
  messageStreams: 8,
  commandsPerSecond: 50,
  dataPerSecond: 50,
  chunkSizesPerSecond: 10,
  pingsPerSecond: 5,
  smallChunksPerSecond: 50_000,
};
