import { parseAudioSpecificConfig } from './aac-config.js';
import {
  ac3UnitSamples,
  buildAc3Config,
  buildEac3Config,
  parseAc3Config,
  parseEac3Config,
} from './ac3-config.js';
import type { AudioCodec } from './codec.js';
import { flacFrameSamples, parseFlacConfig } from './flac-config.js';
import { mp3Record, parseMp3Config, readMp3Header } from './mp3-config.js';
import { OPUS_SAMPLE_RATE, opusPacketSamples, parseOpusConfig } from './opus-config.js';

/** What an audio decoder configuration says, whatever the codec. */
export interface AudioConfig {
  readonly codec: AudioCodec;
  /** RFC 6381: `mp4a.40.2`, `opus`, `fLaC`, `ac-3`, `ec-3`, `mp4a.40.34`. */
  readonly codecString: string;
  /** As it stands in the sample entry's box: see `AudioTrack`. */
  readonly decoderConfig: Buffer;
  readonly sampleRate: number;
  /** As they come out of the decoder. */
  readonly channels: number;
  /** Samples in every frame; undefined where each frame says it by itself (Opus, E-AC-3, FLAC with blocks of several sizes). */
  readonly frameSamples: number | undefined;
}

const NO_RECORD = Buffer.alloc(0);

/**
 * Parses a codec's record: AudioSpecificConfig, Opus identification header, FLAC stream information, the content of
 * `dac3` or `dec3`, an MP3 frame header.
 * @throws MillraceError MEDIA_BAD_CONFIG, MEDIA_UNSUPPORTED
 */
export function parseAudioConfig(codec: AudioCodec, record: Buffer): AudioConfig {
  switch (codec) {
    case 'aac':
      return { codec, decoderConfig: record, ...parseAudioSpecificConfig(record) };
    case 'opus': {
      const { codecString, channels } = parseOpusConfig(record);
      const sampleRate = OPUS_SAMPLE_RATE;
      return { codec, codecString, decoderConfig: record, sampleRate, channels, frameSamples: undefined };
    }
    case 'flac':
      return { codec, ...parseFlacConfig(record) };
    case 'ac3':
      return { codec, decoderConfig: record, ...parseAc3Config(record) };
    case 'eac3':
      return { codec, decoderConfig: record, ...parseEac3Config(record) };
    case 'mp3':
      return { codec, decoderConfig: NO_RECORD, ...parseMp3Config(record) };
  }
}

/** How many samples one frame of a track with this configuration lasts. Undefined when it is damaged. */
export function inspectAudioUnit(config: AudioConfig, data: Buffer): number | undefined {
  switch (config.codec) {
    case 'aac':
      return data.length === 0 ? undefined : config.frameSamples;
    case 'opus':
      return opusPacketSamples(data);
    case 'flac':
      return flacFrameSamples(data);
    case 'ac3':
    case 'eac3':
      return ac3UnitSamples(data, config.codec === 'eac3');
    case 'mp3':
      return readMp3Header(data)?.frameSamples;
  }
}

/**
 * The record of a codec that sends none, made from one of its frames: AC-3, E-AC-3 and MP3. Undefined for the others,
 * and when the frame is damaged.
 */
export function audioRecordFromFrame(codec: AudioCodec, frame: Buffer): Buffer | undefined {
  switch (codec) {
    case 'ac3':
      return buildAc3Config(frame);
    case 'eac3':
      return buildEac3Config(frame);
    case 'mp3':
      return readMp3Header(frame) && mp3Record(frame);
    default:
      return undefined;
  }
}
