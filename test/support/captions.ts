import { joinLengthPrefixed } from '../../src/media/nal.js';
import { addEmulationPrevention } from '../media/sps-writer.js';

/** One of the three bytes that cc_data is made of (CEA-708 4.3). */
export type Triplet = readonly [head: number, first: number, second: number];

/** A control code of CEA-608, resume caption loading, on one of its four channels; with odd parity. */
export const channel = (number: 1 | 2 | 3 | 4): Triplet => [
  number <= 2 ? 0xfc : 0xfd,
  number % 2 === 1 ? 0x94 : 0x1c,
  0x20,
];

/** What encoders send where there is nothing to say. */
export const PADDING: Triplet = [0xfc, 0x80, 0x80];

/** The beginning of a CEA-708 packet with one block for a service of a number below 7. */
export const service = (number: number, blockSize = 2): Triplet => [0xff, 0x02, (number << 5) | blockSize];

/** SEI messages with ATSC captions, as the payload of a NAL unit. */
export function captionSei(triplets: readonly Triplet[], flags = 0x40): Buffer {
  const data = Buffer.from([
    ...[0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0x80 | flags | triplets.length, 0xff],
    ...triplets.flat(),
    0xff,
  ]);
  return addEmulationPrevention(Buffer.concat([Buffer.of(4, data.length), data, Buffer.of(0x80)]));
}

/** An H.264 access unit: SEI before a slice. */
export const captioned = (...triplets: Triplet[]): Buffer =>
  joinLengthPrefixed([Buffer.concat([Buffer.of(6), captionSei(triplets)]), Buffer.of(0x41, 1, 2, 3)]);
