import { MillraceError } from '../errors.js';
import { BitReader } from './bit-reader.js';

/** FLAC stream information (RFC 9639 8.2). */
export interface FlacConfig {
  readonly codecString: 'fLaC';
  /** The metadata block with its header, marked as the last one. */
  readonly decoderConfig: Buffer;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** Samples in every frame but the last; undefined for blocks of several sizes. */
  readonly frameSamples: number | undefined;
}

const MARKER = 'fLaC';
const BLOCK_HEADER_BYTES = 4;
const STREAM_INFO_BYTES = 34;
const LAST_STREAM_INFO = Buffer.of(0x80, 0, 0, STREAM_INFO_BYTES);

const FRAME_SYNC = 0b11_1111_1111_1110;
const LONGEST_NUMBER_BYTES = 7;

/**
 * Parses the stream information of an encoder, which sends it with or without the stream's marker and the block's
 * header, and with or without other blocks behind it. Throws MEDIA_BAD_CONFIG when it is malformed.
 */
export function parseFlacConfig(record: Buffer): FlacConfig {
  const block = streamInfo(record);
  const bits = new BitReader(block);
  const smallestBlock = bits.bits(16);
  const largestBlock = bits.bits(16);
  bits.skip(24 + 24); // smallest and largest frame in bytes
  const sampleRate = bits.bits(20);
  const channels = bits.bits(3) + 1;
  const bitsPerSample = bits.bits(5) + 1;
  if (smallestBlock < 16 || largestBlock < smallestBlock || sampleRate === 0)
    throw bad(`FLAC blocks of ${smallestBlock} to ${largestBlock} samples at ${sampleRate} Hz`);
  return {
    codecString: 'fLaC',
    decoderConfig: Buffer.concat([LAST_STREAM_INFO, block]),
    sampleRate,
    channels,
    bitsPerSample,
    frameSamples: smallestBlock === largestBlock ? smallestBlock : undefined,
  };
}

/** The 34 bytes of the block's content. */
function streamInfo(record: Buffer): Buffer {
  let start = record.toString('latin1', 0, MARKER.length) === MARKER ? MARKER.length : 0;
  if (record.length - start >= BLOCK_HEADER_BYTES + STREAM_INFO_BYTES) {
    const type = record.readUInt8(start) & 0x7f;
    if (type !== 0 || record.readUIntBE(start + 1, 3) !== STREAM_INFO_BYTES)
      throw bad('the first FLAC metadata block is not the stream information');
    start += BLOCK_HEADER_BYTES;
  }
  if (record.length - start < STREAM_INFO_BYTES)
    throw bad(`FLAC stream information of ${record.length} bytes`);
  return record.subarray(start, start + STREAM_INFO_BYTES);
}

/** How many samples a frame holds, from its header (RFC 9639 9.1); undefined when it is none. */
export function flacFrameSamples(frame: Buffer): number | undefined {
  if (frame.length < 6 || frame.readUInt16BE(0) >> 2 !== FRAME_SYNC) return undefined;
  const code = frame.readUInt8(2) >> 4;
  if (code === 0) return undefined;
  if (code === 1) return 192;
  if (code <= 5) return 144 << code;
  if (code >= 8) return 1 << code;
  // The block's size follows the frame's number, which is coded like UTF-8.
  const position = 4 + numberBytes(frame.readUInt8(4));
  const size = code - 5;
  return position + size > frame.length ? undefined : frame.readUIntBE(position, size) + 1;
}

/** How long a number is whose first byte is this: as many bytes as it has leading ones, or one. */
function numberBytes(first: number): number {
  const ones = Math.clz32(~(first << 24));
  return Math.min(Math.max(1, ones), LONGEST_NUMBER_BYTES);
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
