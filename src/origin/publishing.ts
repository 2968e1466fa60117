import type { EncoderClaims } from '../diagnosis/claims.js';
import type { MillraceError } from '../errors.js';
import type { Rational } from '../media/time.js';
import type { TimelineEvent } from '../media/timeline-events.js';

/** A publisher that asks to be let in. */
export interface PublishAttempt {
  readonly app: string;
  readonly streamKey: string;
  readonly remoteAddress: string;
  /** What the encoder calls itself; may be empty. */
  readonly encoder: string;
}

/** What the origin may ask of a publisher's connection. */
export interface PublisherControl {
  /** Ends the connection, telling the encoder why where the protocol allows. */
  close(reason: string): void;
  /** ms since the last byte of media came from it. */
  silentForMs(): number;
}

/** Where an accepted publisher's units go. */
export interface PublishSession {
  event(event: TimelineEvent): void;
  /** What the encoder says of its stream; shown, never relied on. */
  metadata(claims: EncoderClaims): void;
  /** Something that it sent could not be used; the rest goes on. */
  ignored(error: MillraceError): void;
  /** Comes once: `goodbye` ends the presentation, `vanished` gives the publisher the reconnect grace. */
  end(reason: 'goodbye' | 'vanished'): void;
}

export type PublishRefusalCode = 'PUBLISH_DENIED' | 'PUBLISH_BUSY' | 'SHUTTING_DOWN';

export type PublishGrant =
  | {
      readonly accepted: true;
      readonly channel: string;
      readonly publishId: string;
      readonly session: PublishSession;
      /** The frame rate of the epoch this one continues, if it does. */
      readonly frameRateHint?: Rational;
    }
  | { readonly accepted: false; readonly code: PublishRefusalCode; readonly description: string };

/** Decides who may publish where. */
export interface PublishTarget {
  /**
   * The answer may take a few seconds, while it is not known whether a publisher that has the key is still there.
   * `cancelled` aborts when the one that asks has gone meanwhile.
   */
  publish(
    attempt: PublishAttempt,
    control: PublisherControl,
    cancelled?: AbortSignal,
  ): PublishGrant | Promise<PublishGrant>;
}
