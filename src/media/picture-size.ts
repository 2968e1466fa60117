import { MillraceError } from '../errors.js';
import type { PictureSize } from './codec.js';

/** Larger than any level allows (H.264 level 6.2: 16880); guards arithmetic and allocation downstream. */
export const MAX_PICTURE_SIDE = 16_880;

/** The size, if there can be such a picture. Throws MEDIA_BAD_CONFIG otherwise. */
export function checkPictureSize(width: number, height: number): PictureSize {
  if (width < 1 || height < 1 || width > MAX_PICTURE_SIDE || height > MAX_PICTURE_SIDE) {
    throw new MillraceError('MEDIA_BAD_CONFIG', `a picture of ${width} x ${height} is not possible`);
  }
  return { width, height };
}
