import type { ErrorCode } from '../errors.js';

/** How a connection came to its end, unless an error code says it better. */
export type CloseReason =
  /** The publisher said goodbye first. */
  | 'goodbye'
  /** The peer hung up without a word. */
  | 'hangup'
  /** The socket failed: reset, unreachable. */
  | 'reset'
  /** The publish was refused. */
  | 'refused'
  /** The origin asked for it. */
  | 'dropped'
  | 'shutdown'
  | ErrorCode;

/** What the ingest counts; every hook is called synchronously and must not throw. */
export interface IngestObserver {
  connectionOpened(): void;
  connectionClosed(reason: CloseReason): void;
  /** Turned away before a byte was read: too many connections in all, or from one address. */
  connectionRejected(cap: 'total' | 'address'): void;
  /** Bytes read from the socket of an accepted publisher. */
  bytesIn(channel: string, bytes: number): void;
  /** One coded frame of an accepted publisher. */
  unit(channel: string, kind: 'video' | 'audio'): void;
  /** A message of an accepted publisher that could not be used. */
  messageIgnored(channel: string, code: ErrorCode): void;
  /** What ended a connection before its time. */
  fault(code: ErrorCode): void;
}
