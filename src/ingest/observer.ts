import type { ErrorCode } from '../errors.js';
import type { PublishRefusalCode } from '../origin/publishing.js';
import type { Cap } from './admission.js';

/** How a connection came to its end, unless an error code says it better. */
export type CloseReason =
  /** The publisher or player said goodbye first. */
  | 'goodbye'
  /** The peer hung up without a word. */
  | 'hangup'
  /** The socket failed: reset, unreachable. */
  | 'reset'
  /** The publish was refused, or what it sent cannot be carried. */
  | 'refused'
  /** What it played is over. */
  | 'ended'
  /** The origin asked for it: the key was taken over, or the channel closed. */
  | 'dropped'
  /** The server stops. */
  | 'shutdown'
  | ErrorCode;

/** What the ingest counts; every hook is called synchronously and must not throw. */
export interface IngestObserver {
  connectionOpened(): void;
  connectionClosed(reason: CloseReason): void;
  /** Turned away: too many connections in all or from one address, before a byte was read; or too many publishers. */
  connectionRejected(cap: Cap): void;
  publishStarted(): void;
  publishEnded(): void;
  /** A publisher was told that it may not publish, or that what it sends cannot be carried. */
  publishRefused(code: PublishRefusalCode | 'MEDIA_UNSUPPORTED'): void;
  /** Bytes read from the socket of an accepted publisher. */
  bytesIn(channel: string, bytes: number): void;
  /** One coded frame of an accepted publisher. */
  unit(channel: string, kind: 'video' | 'audio'): void;
  /** A message of an accepted publisher that could not be used. */
  messageIgnored(channel: string, code: ErrorCode): void;
  /** What ended a connection before its time. */
  fault(code: ErrorCode): void;
}
