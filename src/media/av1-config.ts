import { MillraceError } from '../errors.js';
import { findSequenceHeader } from './av1-obu.js';
import { parseAv1Sequence, type Av1Sequence } from './av1-sequence.js';

/** An AV1CodecConfigurationRecord (AV1 in ISOBMFF 2.3.3), read together with the sequence header in it. */
export interface Av1Config extends Av1Sequence {
  /** RFC 6381 by AV1 in ISOBMFF section 5: `av01.0.04M.08`, with what follows where it is not the default. */
  readonly codecString: string;
}

/** A record longer than this is refused unread. */
export const MAX_AV1_CONFIG_BYTES = 64 * 1024;

/** Bytes of the record before its OBUs. */
const FIXED_BYTES = 4;
const MARKER_AND_VERSION = 0x81;
/** 4:2:0 with unknown sample position, BT.709 and limited range: what a codec string leaves out. */
const DEFAULT_FORMAT = '0.110.01.01.01.0';

/**
 * The OBUs of a record, which follow its fixed part; empty where it leaves them to the frames. Throws MEDIA_BAD_CONFIG
 * when it is none.
 */
export function av1ConfigObus(record: Buffer): Buffer {
  if (record.length < FIXED_BYTES || record[0] !== MARKER_AND_VERSION)
    throw bad('not an AV1 configuration record of version 1');
  if (record.length > MAX_AV1_CONFIG_BYTES)
    throw bad(`an AV1 configuration record of ${record.length} bytes`);
  return record.subarray(FIXED_BYTES);
}

/** Parses a record. Throws MEDIA_BAD_CONFIG when anything in it is malformed or it has no sequence header. */
export function parseAv1Config(record: Buffer): Av1Config {
  const obus = av1ConfigObus(record);
  const header = findSequenceHeader(obus);
  if (header === undefined) throw bad('the record has no sequence header');
  const sequence = parseAv1Sequence(obus.subarray(header.payload, header.end));
  return { ...sequence, codecString: codecString(sequence) };
}

/** Makes a record from a sequence header OBU, its own header and size included. Throws MEDIA_BAD_CONFIG. */
export function buildAv1Config(sequenceHeader: Buffer): Buffer {
  const found = findSequenceHeader(sequenceHeader);
  if (found === undefined) throw bad('not a sequence header');
  if (sequenceHeader.length > MAX_AV1_CONFIG_BYTES)
    throw bad(`a sequence header of ${sequenceHeader.length} bytes`);
  const sequence = parseAv1Sequence(sequenceHeader.subarray(found.payload, found.end));
  const { profile, level, tier, bitDepth, monochrome, subsamplingX, subsamplingY } = sequence;
  return Buffer.concat([
    Buffer.of(
      MARKER_AND_VERSION,
      (profile << 5) | level,
      (tier << 7) |
        (bitDepth > 8 ? 0x40 : 0) |
        (bitDepth === 12 ? 0x20 : 0) |
        (monochrome ? 0x10 : 0) |
        (subsamplingX << 3) |
        (subsamplingY << 2) |
        sequence.chromaSamplePosition,
      0, // no initial_presentation_delay
    ),
    sequenceHeader,
  ]);
}

function codecString(sequence: Av1Sequence): string {
  const { profile, level, tier, bitDepth, colour } = sequence;
  const start = `av01.${profile}.${twoDigits(level)}${tier === 1 ? 'H' : 'M'}.${twoDigits(bitDepth)}`;
  if (colour === undefined && formatDigits(sequence) === '0.110') return start;
  const { primaries, transfer, matrix, fullRange } = colour ?? {
    primaries: 1,
    transfer: 1,
    matrix: 1,
    fullRange: false,
  };
  const format = [
    formatDigits(sequence),
    ...[primaries, transfer, matrix].map(twoDigits),
    fullRange ? '1' : '0',
  ].join('.');
  return format === DEFAULT_FORMAT ? start : `${start}.${format}`;
}

/** Monochrome, then subsampling and, for 4:2:0 only, the chroma sample position. */
function formatDigits({ monochrome, subsamplingX, subsamplingY, chromaSamplePosition }: Av1Sequence): string {
  const position = subsamplingX === 1 && subsamplingY === 1 ? chromaSamplePosition : 0;
  return `${monochrome ? 1 : 0}.${subsamplingX}${subsamplingY}${position}`;
}

const twoDigits = (value: number): string => value.toString().padStart(2, '0');

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
