import { parseOpusConfig } from '../media/opus-config.js';
import type { AudioTrack } from '../media/track.js';
import { box, fixed16, fullBox, SAMPLE_ENTRY_START, u16, u24, u32, u8, zeros } from './box.js';

/** Tags and values of ISO/IEC 14496-1 7.2.2.1 and 7.2.6.6. */
const DESCRIPTOR = { es: 0x03, decoderConfig: 0x04, decoderSpecific: 0x05, slConfig: 0x06 } as const;
const OBJECT_TYPE = { mpeg4Audio: 0x40, mpeg2Layer3: 0x69, mpeg1Layer3: 0x6b } as const;
const STREAM_TYPE_AUDIO = 0x05;
const SL_CONFIG_MP4 = 0x02;

/** MPEG-1 layer 3 ends here; lower rates are MPEG-2's (ISO/IEC 13818-3). */
const LOWEST_MPEG1_RATE = 32_000;
const SAMPLE_BITS = 16;
const NO_FLAGS = 0;

/** The audio sample entry of a track. */
export function audioSampleEntry(track: AudioTrack): Buffer {
  const { decoderConfig } = track;
  switch (track.codec) {
    case 'aac':
      return entry('mp4a', track, elementaryStream(OBJECT_TYPE.mpeg4Audio, decoderConfig));
    case 'mp3': {
      const isMpeg1 = track.sampleRate >= LOWEST_MPEG1_RATE;
      return entry(
        'mp4a',
        track,
        elementaryStream(isMpeg1 ? OBJECT_TYPE.mpeg1Layer3 : OBJECT_TYPE.mpeg2Layer3),
      );
    }
    case 'opus':
      return entry('Opus', track, opusBox(decoderConfig));
    case 'flac':
      return entry('fLaC', track, fullBox('dfLa', 0, NO_FLAGS, decoderConfig)); // FLAC in ISOBMFF 3.3.2
    case 'ac3':
      return entry('ac-3', track, box('dac3', decoderConfig)); // ETSI TS 102 366 F.3
    case 'eac3':
      return entry('ec-3', track, box('dec3', decoderConfig)); // ETSI TS 102 366 F.5
  }
}

function entry(type: string, track: AudioTrack, config: Buffer): Buffer {
  return box(
    type,
    SAMPLE_ENTRY_START,
    zeros(8),
    u16(track.channels, SAMPLE_BITS),
    u32(0),
    fixed16(track.sampleRate <= 0xffff ? track.sampleRate : 0), // a higher rate does not fit: the timescale states it
    config,
  );
}

/** `dOps` from an identification header: the same values, big-endian (Opus in ISOBMFF 4.3.2). */
function opusBox(header: Buffer): Buffer {
  const { channels, preSkip, inputSampleRate, outputGain, mappingFamily, mapping } = parseOpusConfig(header);
  return box(
    'dOps',
    u8(0, channels),
    u16(preSkip),
    u32(inputSampleRate),
    u16(outputGain & 0xffff),
    u8(mappingFamily),
    mapping,
  );
}

/** `esds`: an elementary stream descriptor (ISO/IEC 14496-14 6.7), with the decoder's own configuration if it has one. */
function elementaryStream(objectType: number, decoderConfig?: Buffer): Buffer {
  const specific = decoderConfig === undefined ? [] : [descriptor(DESCRIPTOR.decoderSpecific, decoderConfig)];
  return fullBox(
    'esds',
    0,
    NO_FLAGS,
    descriptor(
      DESCRIPTOR.es,
      u16(0), // ES_ID
      u8(0), // flags
      descriptor(
        DESCRIPTOR.decoderConfig,
        u8(objectType, (STREAM_TYPE_AUDIO << 2) | 1),
        u24(0), // bufferSizeDB
        u32(0, 0), // maxBitrate, avgBitrate: unknown
        ...specific,
      ),
      descriptor(DESCRIPTOR.slConfig, u8(SL_CONFIG_MP4)),
    ),
  );
}

/** A descriptor with its size in the expandable form of ISO/IEC 14496-1 8.3.3, always four bytes. */
function descriptor(tag: number, ...payload: readonly Buffer[]): Buffer {
  const size = payload.reduce((sum, part) => sum + part.length, 0);
  const expanded = [21, 14, 7, 0].map((shift) => ((size >> shift) & 0x7f) | (shift > 0 ? 0x80 : 0));
  return Buffer.concat([u8(tag, ...expanded), ...payload]);
}
