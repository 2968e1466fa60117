import type { StatedColour } from '../media/track.js';
import { decodeAmf0, type Amf0Value } from './amf0.js';

/** A metadata packet longer than this is not read. */
const MAX_METADATA_BYTES = 64 * 1024;

/** ITU-T H.273: unspecified. */
const UNSPECIFIED = 2;
const HIGHEST_CODE_POINT = 255;

/**
 * Reads a video metadata packet (Enhanced RTMP v2, "Metadata Frame"): AMF pairs of a name and a value, of which
 * `colorInfo` is read. Undefined when nothing is said of colour; `colour` undefined takes back what was said before.
 * @throws MillraceError AMF_MALFORMED
 */
export function readColourInfo(payload: Buffer): { readonly colour: StatedColour | undefined } | undefined {
  if (payload.length > MAX_METADATA_BYTES) return undefined;
  const values = decodeAmf0(payload, { endMarkerOptional: true });
  const at = values.indexOf('colorInfo');
  if (at < 0) return undefined;
  const info = values[at + 1];
  const config = info instanceof Map ? info.get('colorConfig') : undefined;
  // An empty or undefined colorInfo puts the original colour back.
  if (!(config instanceof Map))
    return info instanceof Map && info.size > 0 ? undefined : { colour: undefined };
  return {
    colour: {
      primaries: codePoint(config.get('colorPrimaries')),
      transfer: codePoint(config.get('transferCharacteristics')),
      matrix: codePoint(config.get('matrixCoefficients')),
    },
  };
}

const codePoint = (value: Amf0Value): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= HIGHEST_CODE_POINT
    ? value
    : UNSPECIFIED;
