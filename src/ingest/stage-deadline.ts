import { MillraceError } from '../errors.js';
import type { ServerSession } from '../rtmp/server-session.js';
import type { IngestLimits } from './limits.js';

type Stage = ServerSession['stage'];

/** The one deadline of the stage that a session is in. */
export class StageDeadline {
  readonly #limits: IngestLimits;
  readonly #late: (fault: MillraceError) => void;
  /** When the last audio or video message came, by `performance.now()`. */
  readonly #lastMedia: () => number;
  #stage: Stage | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: IngestLimits, lastMedia: () => number, late: (fault: MillraceError) => void) {
    this.#limits = limits;
    this.#lastMedia = lastMedia;
    this.#late = late;
  }

  /** Sets the deadline anew when the session has reached another stage; call it after every step. */
  watch(stage: Stage): void {
    if (stage === this.#stage) return;
    this.#stage = stage;
    clearTimeout(this.#timer);
    const { handshakeTimeout, connectTimeout, publishTimeout, mediaTimeout } = this.#limits;
    switch (stage) {
      case 'handshaking':
        this.#expect('handshake', handshakeTimeout);
        break;
      case 'connecting':
        this.#expect('connect', connectTimeout);
        break;
      case 'connected':
        this.#expect('publish', publishTimeout);
        break;
      case 'publishing':
        this.#listenForMedia(mediaTimeout);
        break;
      case 'requested':
        // The peer waits for us, not we for it; the origin answers within a time of its own.
        break;
      case 'playing':
        // One that does not read is found out by what is sent to it.
        break;
      case 'ended':
        break;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #expect(what: string, timeout: number): void {
    this.#timer = setTimeout(() => {
      this.#late(new MillraceError('RTMP_TIMEOUT', `no ${what} within ${timeout} ms`));
    }, timeout);
  }

  /** Looks again when the silence would be over the limit; no timer is touched per message. */
  #listenForMedia(wait: number): void {
    const limit = this.#limits.mediaTimeout;
    this.#timer = setTimeout(() => {
      const silence = performance.now() - this.#lastMedia();
      if (silence < limit) this.#listenForMedia(limit - silence);
      else this.#late(new MillraceError('RTMP_TIMEOUT', `no media for ${limit} ms`));
    }, wait);
  }
}
