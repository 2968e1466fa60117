import { MillraceError } from '../errors.js';

/** What an MP3 frame's header says of the stream (ISO/IEC 11172-3 2.4.1.3, 13818-3 2.4.2.3). */
export interface Mp3Config {
  readonly codecString: 'mp4a.40.34';
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameSamples: number;
}

const HEADER_BYTES = 4;
const LAYER_3 = 1;
/** ID by its two bits: MPEG 2.5, reserved, MPEG-2, MPEG-1. */
const VERSION = { mpeg25: 0, reserved: 1, mpeg1: 3 } as const;
const MPEG1_RATES = [44_100, 48_000, 32_000];
const MONO = 3;
const BAD_BIT_RATE = 15;

/** Parses the header of a frame. Throws MEDIA_BAD_CONFIG when it is none of layer 3. */
export function parseMp3Config(frame: Buffer): Mp3Config {
  const config = readMp3Header(frame);
  if (config === undefined) throw new MillraceError('MEDIA_BAD_CONFIG', 'not the header of an MP3 frame');
  return config;
}

/** As {@link parseMp3Config}; undefined when it is no such header. */
export function readMp3Header(frame: Buffer): Mp3Config | undefined {
  if (frame.length < HEADER_BYTES || frame.readUInt16BE(0) >> 5 !== 0x7ff) return undefined;
  const version = (frame.readUInt8(1) >> 3) & 3;
  const layer = (frame.readUInt8(1) >> 1) & 3;
  const rate = MPEG1_RATES[(frame.readUInt8(2) >> 2) & 3];
  const bitRate = frame.readUInt8(2) >> 4;
  if (version === VERSION.reserved || layer !== LAYER_3 || rate === undefined || bitRate === BAD_BIT_RATE)
    return undefined;
  const halved = version === VERSION.mpeg1 ? 1 : version === VERSION.mpeg25 ? 4 : 2;
  return {
    codecString: 'mp4a.40.34',
    sampleRate: rate / halved,
    channels: frame.readUInt8(3) >> 6 === MONO ? 1 : 2,
    frameSamples: version === VERSION.mpeg1 ? 1152 : 576,
  };
}

/** The part of a frame that says what the stream is: its header. */
export const mp3Record = (frame: Buffer): Buffer => frame.subarray(0, HEADER_BYTES);
