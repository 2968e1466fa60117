import type { TrackId } from '../media/codec.js';

type Kind = 'video' | 'audio';

/** Media time (ms) that what cannot be carried is passed over for, in case that something better comes. */
export const PATIENCE_MS = 3000;
/** And the messages of it, whatever their timestamps say. */
export const PATIENCE_MESSAGES = 300;

/**
 * Watches whether a publish brings anything to show. One whose pictures cannot be carried, none of them, is not worth
 * having: its streamer is to be told. Sound that cannot be carried is passed over, as long as there are pictures.
 */
export class Carriage {
  /** Why a track cannot be carried, by kind and track. */
  readonly #refused = new Map<number, string>();
  readonly #first: Record<Kind, number | undefined> = { video: undefined, audio: undefined };
  readonly #messages: Record<Kind, number> = { video: 0, audio: 0 };
  readonly #usable: Record<Kind, boolean> = { video: false, audio: false };

  /** The track's configuration was taken. */
  configured(kind: Kind, track: TrackId): void {
    this.#refused.delete(keyOf(kind, track));
  }

  /** The track turned out to be one that cannot be carried. */
  refused(kind: Kind, track: TrackId, reason: string): void {
    this.#refused.set(keyOf(kind, track), reason);
    // The next frame of another track, if there is one, shows that there is still something.
    this.#usable[kind] = false;
  }

  /** A frame came; the reason to end the publish, if it is time to. `timestamp` in ms, uint32. */
  frame(kind: Kind, track: TrackId, timestamp: number): string | undefined {
    const reason = this.#refused.size === 0 ? undefined : this.#refused.get(keyOf(kind, track));
    if (reason !== undefined) return this.unusable(kind, timestamp, reason);
    this.#usable[kind] = true;
    return undefined;
  }

  /** Something came that cannot be carried, for the reason given; that reason again, if it is time to end the publish. */
  unusable(kind: Kind, timestamp: number, reason: string): string | undefined {
    this.#messages[kind]++;
    const waited = (timestamp - (this.#first[kind] ??= timestamp)) | 0;
    if (waited < PATIENCE_MS && this.#messages[kind] < PATIENCE_MESSAGES) return undefined;
    const { video, audio } = this.#usable;
    const isHopeless = kind === 'video' ? !video : !audio && !video && this.#messages.video === 0;
    return isHopeless ? reason : undefined;
  }
}

const keyOf = (kind: Kind, track: TrackId): number => track * 2 + (kind === 'video' ? 0 : 1);
