import { parseAvcConfig } from '../media/avc-config.js';
import type { AudioTrack, VideoTrack } from '../media/track.js';
import { box, fixed16, fourCc, fullBox, u16, u24, u32, u8, zeros } from './box.js';

/** Dots per inch that a visual sample entry must state (ISO/IEC 14496-12 12.1.3). */
const RESOLUTION = 72;
const NO_COLOUR_TABLE = 0xffff;

/** SampleEntry: reserved bytes and the data reference, which is the file itself. */
const SAMPLE_ENTRY_START = Buffer.concat([zeros(6), u16(1)]);

/** Tags and values of ISO/IEC 14496-1 7.2.2.1 and 7.2.6.6. */
const DESCRIPTOR = { es: 0x03, decoderConfig: 0x04, decoderSpecific: 0x05, slConfig: 0x06 } as const;
const OBJECT_TYPE_MPEG4_AUDIO = 0x40;
const STREAM_TYPE_AUDIO = 0x05;
const SL_CONFIG_MP4 = 0x02;

/** `avc1`: parameter sets stand in the entry (ISO/IEC 14496-15 5.4.2.1), with colour and pixel shape where they matter. */
export function avcSampleEntry(track: VideoTrack): Buffer {
  const { colour, sampleAspectRatio } = parseAvcConfig(track.decoderConfig);
  const extensions = [box('avcC', track.decoderConfig)];
  if (colour !== undefined) {
    const { primaries, transfer, matrix, fullRange } = colour;
    extensions.push(box('colr', fourCc('nclx'), u16(primaries, transfer, matrix), u8(fullRange ? 0x80 : 0)));
  }
  if (sampleAspectRatio.num !== sampleAspectRatio.den) {
    extensions.push(box('pasp', u32(sampleAspectRatio.num, sampleAspectRatio.den)));
  }
  return box(
    'avc1',
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

/** `mp4a` with the AudioSpecificConfig in its elementary stream descriptor (ISO/IEC 14496-14 6.7). */
export function aacSampleEntry(track: AudioTrack): Buffer {
  const elementaryStream = descriptor(
    DESCRIPTOR.es,
    u16(0), // ES_ID
    u8(0), // flags
    descriptor(
      DESCRIPTOR.decoderConfig,
      u8(OBJECT_TYPE_MPEG4_AUDIO, (STREAM_TYPE_AUDIO << 2) | 1),
      u24(0), // bufferSizeDB
      u32(0, 0), // maxBitrate, avgBitrate: unknown
      descriptor(DESCRIPTOR.decoderSpecific, track.decoderConfig),
    ),
    descriptor(DESCRIPTOR.slConfig, u8(SL_CONFIG_MP4)),
  );
  return box(
    'mp4a',
    SAMPLE_ENTRY_START,
    zeros(8),
    u16(track.channels, 16), // channelcount, samplesize
    u32(0),
    fixed16(track.sampleRate <= 0xffff ? track.sampleRate : 0), // a higher rate does not fit: the timescale states it
    fullBox('esds', 0, 0, elementaryStream),
  );
}

/** A descriptor with its size in the expandable form of ISO/IEC 14496-1 8.3.3, always four bytes. */
function descriptor(tag: number, ...payload: readonly Buffer[]): Buffer {
  const size = payload.reduce((sum, part) => sum + part.length, 0);
  const expanded = [21, 14, 7, 0].map((shift) => ((size >> shift) & 0x7f) | (shift > 0 ? 0x80 : 0));
  return Buffer.concat([u8(tag, ...expanded), ...payload]);
}
