import type { ErrorCode } from '../errors.js';

/** How the push to one target stands. */
export interface PushStatus {
  /** Protocol, host and port of the target: the rest of its URL may be secret. */
  readonly server: string;
  /**
   * `idle`: the channel has no publisher. `refused`: the target does not let us publish. `waiting`: it cannot be reached or
   * ended the publish. After both it is tried again.
   */
  readonly state: 'idle' | 'connecting' | 'live' | 'refused' | 'waiting';
  /** ms since the Unix epoch at which the state was reached. */
  readonly since: number;
  /** Bytes that the target has taken, and messages left out because it took too little, since the server started. */
  readonly bytes: number;
  readonly dropped: number;
  /** Bytes that the target has not taken yet. */
  readonly queued: number;
  /** Publishes that began, since the server started. */
  readonly connections: number;
  /** What last went wrong, undefined once it is live again; or what is left out there. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
}
