import type { AccessUnit } from '../media/access-unit.js';
import type { VideoTrack } from '../media/track.js';

/** A fresh picture no more often than this (ms). */
const INTERVAL = 10_000;

const WIDTH = 640;

/** Decodes keyframes into small JPEG pictures, off the event loop. */
export interface PictureMaker {
  render(unit: AccessUnit, width: number): Promise<Buffer | undefined>;
  close(): void;
}

export type PictureMakerFactory = (track: VideoTrack) => PictureMaker | undefined;

/** The newest picture of a channel, for lists and for the player before it starts. */
export class Poster {
  readonly #create: PictureMakerFactory;
  #track: VideoTrack | undefined;
  #maker: PictureMaker | undefined;
  #image: Buffer | undefined;
  #renderedAt = Number.NEGATIVE_INFINITY;
  #busy = false;

  constructor(create: PictureMakerFactory) {
    this.#create = create;
  }

  get image(): Buffer | undefined {
    return this.#image;
  }

  /** Offered every keyframe; makes a picture of one now and then. */
  offer(track: VideoTrack, unit: AccessUnit): void {
    if (this.#busy || unit.arrival - this.#renderedAt < INTERVAL) return;
    if (track !== this.#track) {
      this.#maker?.close();
      this.#maker = this.#create(track);
      this.#track = track;
    }
    if (this.#maker === undefined) return;
    this.#busy = true;
    this.#renderedAt = unit.arrival;
    this.#maker
      .render(unit, WIDTH)
      .then((image) => {
        this.#image = image ?? this.#image;
      })
      // A keyframe that does not decode makes no picture; the next one may.
      .catch(() => undefined)
      .finally(() => {
        this.#busy = false;
      });
  }

  clear(): void {
    this.#image = undefined;
    this.#renderedAt = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#maker?.close();
    this.#maker = undefined;
    this.#track = undefined;
  }
}
