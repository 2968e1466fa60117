import type { PictureSize } from './codec.js';
import type { NewVideoConfig, NormalUnit, VideoNormaliser } from './video-normaliser.js';
import { parseVp9Frame } from './vp9-frame.js';

/** Completes the record, which says nothing of the size, by each keyframe's. */
export class Vp9Normaliser implements VideoNormaliser {
  #record: Buffer | undefined;
  #size: PictureSize | undefined;

  config(record: Buffer): NewVideoConfig | undefined {
    if (this.#record?.equals(record) === true) return undefined;
    this.#record = record;
    this.#size = undefined;
    return undefined;
  }

  unit(data: Buffer): NormalUnit {
    const size = parseVp9Frame(data)?.size;
    const isNew = size?.width !== this.#size?.width || size?.height !== this.#size?.height;
    if (this.#record === undefined || size === undefined || !isNew) return { config: undefined, data };
    this.#size = size;
    return { config: { record: this.#record, size }, data };
  }
}
