import { Av1Normaliser } from './av1-normaliser.js';
import type { VideoCodec } from './codec.js';
import { NalNormaliser } from './nal-normaliser.js';
import type { VideoNormaliser } from './video-normaliser.js';
import { Vp9Normaliser } from './vp9-normaliser.js';

/** The normaliser for one track. */
export function videoNormaliser(codec: VideoCodec): VideoNormaliser {
  switch (codec) {
    case 'avc':
    case 'hevc':
      return new NalNormaliser(codec);
    case 'av1':
      return new Av1Normaliser();
    case 'vp9':
      return new Vp9Normaliser();
  }
}
