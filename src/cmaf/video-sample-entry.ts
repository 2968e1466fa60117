import type { VideoCodec } from '../media/codec.js';
import type { VideoTrack } from '../media/track.js';
import { box, fixed16, fourCc, fullBox, SAMPLE_ENTRY_START, u16, u32, u8, zeros } from './box.js';

/** Dots per inch that a visual sample entry must state (ISO/IEC 14496-12 12.1.3). */
const RESOLUTION = 72;
const NO_COLOUR_TABLE = 0xffff;
const NO_FLAGS = 0;

/** By codec the sample entry, whose parameter sets stand outside the samples, and the box of the configuration in it. */
const ENTRIES: Readonly<Record<VideoCodec, readonly [entry: string, config: (record: Buffer) => Buffer]>> = {
  avc: ['avc1', (record) => box('avcC', record)], // ISO/IEC 14496-15 5.4.2.1
  hevc: ['hvc1', (record) => box('hvcC', record)], // ISO/IEC 14496-15 8.4.1.1
  av1: ['av01', (record) => box('av1C', record)], // AV1 in ISOBMFF 2.2.2
  vp9: ['vp09', (record) => fullBox('vpcC', 1, NO_FLAGS, record)], // VP in ISOBMFF, VP Codec Configuration Box
};

/** The visual sample entry of a track, with colour and pixel shape where they matter. */
export function videoSampleEntry(track: VideoTrack): Buffer {
  const { colour, sampleAspectRatio } = track;
  const [type, configBox] = ENTRIES[track.codec];
  const extensions = [configBox(track.decoderConfig)];
  if (colour !== undefined) {
    const { primaries, transfer, matrix, fullRange } = colour;
    extensions.push(box('colr', fourCc('nclx'), u16(primaries, transfer, matrix), u8(fullRange ? 0x80 : 0)));
  }
  if (sampleAspectRatio.num !== sampleAspectRatio.den) {
    extensions.push(box('pasp', u32(sampleAspectRatio.num, sampleAspectRatio.den)));
  }
  return box(
    type,
    SAMPLE_ENTRY_START,
    zeros(16), // pre_defined and reserved
    u16(track.width, track.height),
    fixed16(RESOLUTION),
    fixed16(RESOLUTION),
    u32(0),
    u16(1), // frame_count
    zeros(32), // compressorname
    u16(24), // depth: colour without alpha
    u16(NO_COLOUR_TABLE),
    ...extensions,
  );
}
