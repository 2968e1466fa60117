/** Bytes that may wait for a slow peer before pictures are dropped: some seconds of a usual stream. */
export const MAX_QUEUED_BYTES = 2 * 1024 * 1024;

/** Pictures go on at a keyframe once no more than this waits. */
export const RESUME_QUEUED_BYTES = 256 * 1024;

export type MediaKind = 'config' | 'keyframe' | 'inter' | 'audio';

/**
 * Decides what is sent to a peer that takes too little: video stops when the queue is full and begins again at a
 * keyframe, so that what does arrive can be decoded; audio goes on as long as there is room; configurations always go.
 */
export class SendGate {
  #dropping = false;
  #backlog = 0;

  /** These bytes are sent to begin with, all at once, and may wait beside the usual ones until they have been taken. */
  allow(bytes: number): void {
    this.#backlog += bytes;
  }

  /** `queued`: bytes that wait already. */
  admits(kind: MediaKind, queued: number): boolean {
    this.#backlog = Math.min(this.#backlog, queued);
    const isFull = queued > MAX_QUEUED_BYTES + this.#backlog;
    if (kind === 'config') return true;
    if (kind === 'audio') return !isFull;
    if (isFull) this.#dropping = true;
    else if (this.#dropping && kind === 'keyframe' && queued <= RESUME_QUEUED_BYTES) this.#dropping = false;
    return !this.#dropping;
  }
}
