import type { RtmpLimits } from '../limits.js';

/** Message type ids of RTMP 1.0 (5.4, 7.1) that this stack knows. */
export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAckSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  CommandAmf3: 17,
  DataAmf0: 18,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;

/** One whole message, reassembled from its chunks or about to be cut into them. */
export interface RtmpMessage {
  readonly chunkStreamId: number;
  readonly typeId: number;
  /** Message stream id: 0 for the connection itself, otherwise what createStream returned. */
  readonly streamId: number;
  /** Milliseconds, uint32; wraps every 49.7 days. */
  readonly timestamp: number;
  /** Owned by the receiver: never a view over a socket's buffer. */
  readonly payload: Buffer;
}

const MAX_CONTROL_LENGTH = 128;

/** Longest message accepted of each type, in bytes; judged on the declared length, before anything is stored. */
export function maxMessageLength(typeId: number, limits: RtmpLimits): number {
  switch (typeId) {
    case MessageType.Video:
    case MessageType.Aggregate:
      return limits.videoMessage;
    case MessageType.Audio:
      return limits.audioMessage;
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
      return limits.dataMessage;
    case MessageType.SetChunkSize:
    case MessageType.Abort:
    case MessageType.Acknowledgement:
    case MessageType.UserControl:
    case MessageType.WindowAckSize:
    case MessageType.SetPeerBandwidth:
      return MAX_CONTROL_LENGTH;
    default:
      return limits.commandMessage;
  }
}
