import { MillraceError } from '../errors.js';

/** An Opus identification header (RFC 7845 5.1). */
export interface OpusConfig {
  readonly codecString: 'opus';
  readonly channels: number;
  /** Samples at the start that the decoder makes and nobody hears. */
  readonly preSkip: number;
  /** Of the encoder's input, for people: the decoder's output is always 48 kHz. */
  readonly inputSampleRate: number;
  /** Q7.8 dB. */
  readonly outputGain: number;
  readonly mappingFamily: number;
  /** Stream count, coupled count and the mapping of each channel; empty for family 0. */
  readonly mapping: Buffer;
}

/** Opus counts time in samples of this rate whatever is sent. */
export const OPUS_SAMPLE_RATE = 48_000;

const MAGIC = 'OpusHead';
const FIXED_BYTES = 19;
const COMMENT_MAGIC = 'OpusTags';

/** RFC 6716 3.1: samples of one frame by the upper bits of the table of contents byte. */
const SILK_FRAMES = [480, 960, 1920, 2880];
const HYBRID_FRAMES = [480, 960];
const SHORTEST_CELT_FRAME = 120;
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;
/** A packet lasts 120 ms at most (RFC 6716 3.2.5, R5). */
const LONGEST_PACKET = 5760;

/** True for the comment header, which Enhanced RTMP allows where the identification header stands: it says nothing of use. */
export const isOpusComment = (record: Buffer): boolean =>
  record.toString('latin1', 0, COMMENT_MAGIC.length) === COMMENT_MAGIC;

/** Parses an identification header. Throws MEDIA_BAD_CONFIG when it is malformed. */
export function parseOpusConfig(record: Buffer): OpusConfig {
  if (record.length < FIXED_BYTES || record.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw bad('not an Opus identification header');
  if (record.readUInt8(8) >> 4 !== 0) throw bad(`version ${record.readUInt8(8)} of an Opus header`);
  const channels = record.readUInt8(9);
  const mappingFamily = record.readUInt8(18);
  if (channels === 0 || (mappingFamily === 0 && channels > 2))
    throw bad(`${channels} Opus channels in mapping family ${mappingFamily}`);
  const mappingBytes = mappingFamily === 0 ? 0 : 2 + channels;
  if (record.length < FIXED_BYTES + mappingBytes) throw bad('the Opus header ends within its mapping');
  return {
    codecString: 'opus',
    channels,
    preSkip: record.readUInt16LE(10),
    inputSampleRate: record.readUInt32LE(12),
    outputGain: record.readInt16LE(16),
    mappingFamily,
    mapping: record.subarray(FIXED_BYTES, FIXED_BYTES + mappingBytes),
  };
}

/** How many samples a packet lasts, from its table of contents (RFC 6716 3.1); undefined when it cannot be one. */
export function opusPacketSamples(packet: Buffer): number | undefined {
  const contents = packet[0];
  if (contents === undefined) return undefined;
  const frames = frameCount(contents & 3, packet);
  const samples = frames * frameSamples(contents >> 3);
  return samples > 0 && samples <= LONGEST_PACKET ? samples : undefined;
}

function frameCount(code: number, packet: Buffer): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  return (packet[1] ?? 0) & 0x3f;
}

function frameSamples(config: number): number {
  if (config < FIRST_HYBRID) return SILK_FRAMES[config & 3] ?? 0;
  if (config < FIRST_CELT) return HYBRID_FRAMES[config & 1] ?? 0;
  return SHORTEST_CELT_FRAME << (config & 3);
}

const bad = (message: string): MillraceError => new MillraceError('MEDIA_BAD_CONFIG', message);
