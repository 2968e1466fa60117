import { MillraceError } from '../errors.js';
import { AacPacket, AvcPacket, FrameType, SoundFormat, VideoCodec } from './flv-constants.js';

/** What a video message carries. Buffers are views over the message body. */
export type VideoTag =
  /** A new AVCDecoderConfigurationRecord. Its message timestamp means nothing. */
  | { readonly type: 'config'; readonly codec: 'avc'; readonly record: Buffer }
  | {
      readonly type: 'frame';
      readonly codec: 'avc';
      readonly keyframe: boolean;
      /** PTS less DTS in ms; negative from broken encoders. */
      readonly compositionTime: number;
      /** Length-prefixed NAL units; never empty. */
      readonly data: Buffer;
    }
  | { readonly type: 'end'; readonly codec: 'avc' }
  | NothingTag
  | UnsupportedTag;

/** What an audio message carries. Buffers are views over the message body. */
export type AudioTag =
  /** A new AudioSpecificConfig. */
  | { readonly type: 'config'; readonly codec: 'aac'; readonly asc: Buffer }
  /** One raw AAC frame; never empty. */
  | { readonly type: 'frame'; readonly codec: 'aac'; readonly data: Buffer }
  | NothingTag
  | UnsupportedTag;

/** An empty message, which stands for silence, or a seek command: to be passed over. */
export interface NothingTag {
  readonly type: 'nothing';
}

/** A codec that is recognised and not carried. */
export interface UnsupportedTag {
  readonly type: 'unsupported';
  /** A name for people: `hevc`, `mp3`, or the FourCC. */
  readonly codec: string;
  /** Set for Enhanced RTMP headers: the packet type in the first byte, and where the payload begins in the body. */
  readonly enhanced?: { readonly packetType: number; readonly payloadOffset: number };
}

const NOTHING: NothingTag = { type: 'nothing' };

/** FLV tags of 0 or 1 byte say nothing (Enhanced RTMP: an empty audio message is silence). */
const SHORTEST_BODY = 2;

const AVC_HEADER_LENGTH = 5;

/** Codec ids of FLV 10.1 E.4.3.1, and two that Chinese CDNs added later. */
const VIDEO_CODEC_NAMES: Readonly<Record<number, string>> = {
  2: 'h263',
  3: 'screen video',
  4: 'vp6',
  5: 'vp6 with alpha',
  6: 'screen video 2',
  12: 'hevc',
  13: 'av1',
};

const AAC_HEADER_LENGTH = 2;

/** Sound formats of FLV 10.1 E.4.2.1. */
const SOUND_FORMAT_NAMES: Readonly<Record<number, string>> = {
  0: 'pcm',
  1: 'adpcm',
  2: 'mp3',
  3: 'pcm',
  4: 'nellymoser 16 kHz',
  5: 'nellymoser 8 kHz',
  6: 'nellymoser',
  7: 'g711 a-law',
  8: 'g711 mu-law',
  11: 'speex',
  14: 'mp3 8 kHz',
  15: 'device specific',
};

/** Enhanced RTMP: bit 7 of a video body's first byte announces a FourCC. */
const EX_VIDEO_HEADER = 0x80;
const FOURCC_END = 5;

const malformed = (what: string): MillraceError => new MillraceError('FLV_MALFORMED', what);

/**
 * Reads the body of a video message (FLV 10.1 E.4.3).
 * @throws MillraceError FLV_MALFORMED when it is truncated or its packet type is unknown.
 */
export function parseVideoTag(body: Buffer): VideoTag {
  if (body.length < SHORTEST_BODY) return NOTHING;
  const first = body.readUInt8(0);
  if ((first & EX_VIDEO_HEADER) !== 0) return enhanced(body, 'video');
  const frameType = first >> 4;
  if (frameType === FrameType.Command) return NOTHING;
  const codec = first & 0x0f;
  if (codec !== VideoCodec.Avc)
    return { type: 'unsupported', codec: VIDEO_CODEC_NAMES[codec] ?? `video codec ${codec}` };

  const packet = body.readUInt8(1);
  if (packet === AvcPacket.EndOfSequence) return { type: 'end', codec: 'avc' };
  if (body.length < AVC_HEADER_LENGTH) throw malformed(`AVC video body of ${body.length} bytes`);
  const data = body.subarray(AVC_HEADER_LENGTH);
  switch (packet) {
    case AvcPacket.SequenceHeader:
      return { type: 'config', codec: 'avc', record: data };
    case AvcPacket.Nalus:
      if (data.length === 0) return NOTHING;
      return {
        type: 'frame',
        codec: 'avc',
        keyframe: frameType === FrameType.Key,
        compositionTime: body.readIntBE(2, 3),
        data,
      };
    default:
      throw malformed(`AVC packet type ${packet}`);
  }
}

/**
 * Reads the body of an audio message (FLV 10.1 E.4.2).
 * @throws MillraceError FLV_MALFORMED when it is truncated or its packet type is unknown.
 */
export function parseAudioTag(body: Buffer): AudioTag {
  if (body.length < SHORTEST_BODY) return NOTHING;
  const format = body.readUInt8(0) >> 4;
  if (format === SoundFormat.ExHeader) return enhanced(body, 'audio');
  if (format !== SoundFormat.Aac)
    return { type: 'unsupported', codec: SOUND_FORMAT_NAMES[format] ?? `sound format ${format}` };
  const packet = body.readUInt8(1);
  const data = body.subarray(AAC_HEADER_LENGTH);
  switch (packet) {
    case AacPacket.SequenceHeader:
      return { type: 'config', codec: 'aac', asc: data };
    case AacPacket.Raw:
      return data.length === 0 ? NOTHING : { type: 'frame', codec: 'aac', data };
    default:
      throw malformed(`AAC packet type ${packet}`);
  }
}

/** An Enhanced RTMP header: packet type in the low four bits, then a FourCC (Enhanced RTMP v2, ExVideoTagHeader). */
function enhanced(body: Buffer, kind: 'video' | 'audio'): UnsupportedTag {
  if (body.length < FOURCC_END) throw malformed(`enhanced ${kind} body of ${body.length} bytes`);
  const codec = body.toString('latin1', 1, FOURCC_END).replace(/[^\x20-\x7e]/g, '?');
  return {
    type: 'unsupported',
    codec,
    enhanced: { packetType: body.readUInt8(0) & 0x0f, payloadOffset: FOURCC_END },
  };
}
