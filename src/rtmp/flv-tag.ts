import { MillraceError } from '../errors.js';
import type { AudioCodec, CodecConfig, TrackId, VideoCodec } from '../media/codec.js';
import type { StatedColour } from '../media/track.js';
import { readColourInfo } from './flv-colour.js';
import {
  AacPacket,
  AUDIO_BY_FOUR_CC,
  AudioPacket,
  AvcPacket,
  EX_VIDEO_HEADER,
  FrameType,
  LEGACY_VIDEO,
  SoundFormat,
  VIDEO_BY_FOUR_CC,
  VideoPacket,
} from './flv-constants.js';
import { readEnhanced } from './flv-enhanced.js';

/** What a video message carries for one track. Buffers are views over the message body. */
export type VideoTag =
  /** A decoder configuration: avcC, hvcC, av1C or vpcC. Its message timestamp means nothing. */
  | ({ readonly type: 'config' } & CodecConfig<VideoCodec>)
  | {
      readonly type: 'frame';
      readonly track: TrackId;
      readonly codec: VideoCodec;
      /** The encoder's claim. */
      readonly keyframe: boolean;
      /** PTS less DTS in ms; negative from broken encoders; 0 for codecs that have none. */
      readonly compositionTime: number;
      /** One access unit in the form that the codec's record promises; never empty. */
      readonly data: Buffer;
    }
  /** Colour stated beside the bitstream; undefined takes back what was stated before. */
  | {
      readonly type: 'colour';
      readonly track: TrackId;
      readonly codec: VideoCodec;
      readonly colour: StatedColour | undefined;
    }
  | { readonly type: 'end'; readonly track: TrackId; readonly codec: VideoCodec }
  | NothingTag
  | UnsupportedTag;

/** What an audio message carries for one track. Buffers are views over the message body. */
export type AudioTag =
  /** A decoder configuration: AudioSpecificConfig, Opus identification header or FLAC stream information. */
  | ({ readonly type: 'config' } & CodecConfig<AudioCodec>)
  /** One frame of the codec; never empty. */
  | {
      readonly type: 'frame';
      readonly track: TrackId;
      readonly codec: AudioCodec;
      readonly data: Buffer;
    }
  | { readonly type: 'end'; readonly track: TrackId; readonly codec: AudioCodec }
  | NothingTag
  | UnsupportedTag;

/** An empty message, which stands for silence, or a command: to be passed over. */
export interface NothingTag {
  readonly type: 'nothing';
}

/** A codec or a kind of packet that is recognised and not carried, or not known at all. */
export interface UnsupportedTag {
  readonly type: 'unsupported';
  /** A name for people: `vp6`, `g711 a-law`, or the FourCC. */
  readonly codec: string;
}

const NOTHING: NothingTag = { type: 'nothing' };

/** FLV tags of 0 or 1 byte say nothing (Enhanced RTMP: an empty audio message is silence). */
const SHORTEST_BODY = 2;

/** Codec id and packet type, then the composition time. */
const AVC_HEADER_LENGTH = 5;
const AAC_HEADER_LENGTH = 2;
const MP3_HEADER_LENGTH = 1;
const COMPOSITION_TIME_LENGTH = 3;

/** Codec ids of FLV 10.1 E.4.3.1 that are not carried. */
const VIDEO_CODEC_NAMES: Readonly<Record<number, string>> = {
  2: 'h263',
  3: 'screen video',
  4: 'vp6',
  5: 'vp6 with alpha',
  6: 'screen video 2',
};

/** Sound formats of FLV 10.1 E.4.2.1 that are not carried. */
const SOUND_FORMAT_NAMES: Readonly<Record<number, string>> = {
  0: 'pcm',
  1: 'adpcm',
  3: 'pcm',
  4: 'nellymoser 16 kHz',
  5: 'nellymoser 8 kHz',
  6: 'nellymoser',
  7: 'g711 a-law',
  8: 'g711 mu-law',
  11: 'speex',
  15: 'device specific',
};

/** Codecs whose coded frames state a composition time (Enhanced RTMP v2, CodedFrames). */
const REORDERED: ReadonlySet<VideoCodec> = new Set<VideoCodec>(['avc', 'hevc']);

const malformed = (what: string): MillraceError => new MillraceError('FLV_MALFORMED', what);

/**
 * Reads the body of a video message (FLV 10.1 E.4.3, Enhanced RTMP v2 "Enhanced Video"): one tag, or one for each track
 * of a multitrack message.
 * @throws MillraceError FLV_MALFORMED when it is truncated or its packet type is unknown in legacy FLV; AMF_MALFORMED for
 * broken metadata.
 */
export function parseVideoTag(body: Buffer): VideoTag[] {
  if (body.length < SHORTEST_BODY) return [NOTHING];
  const first = body.readUInt8(0);
  return (first & EX_VIDEO_HEADER) === 0 ? [legacyVideo(body)] : enhancedVideo(body);
}

/**
 * Reads the body of an audio message (FLV 10.1 E.4.2, Enhanced RTMP v2 "Enhanced Audio"): one tag, or one for each track
 * of a multitrack message.
 * @throws MillraceError FLV_MALFORMED when it is truncated or its packet type is unknown in legacy FLV.
 */
export function parseAudioTag(body: Buffer): AudioTag[] {
  if (body.length < SHORTEST_BODY) return [NOTHING];
  const format = body.readUInt8(0) >> 4;
  return format === SoundFormat.ExHeader ? enhancedAudio(body) : [legacyAudio(body, format)];
}

function legacyVideo(body: Buffer): VideoTag {
  const first = body.readUInt8(0);
  const frameType = first >> 4;
  if (frameType === FrameType.Command) return NOTHING;
  const id = first & 0x0f;
  const codec = LEGACY_VIDEO.get(id);
  if (codec === undefined) return unsupported(VIDEO_CODEC_NAMES[id] ?? `video codec ${id}`);

  const packet = body.readUInt8(1);
  if (packet === AvcPacket.EndOfSequence) return { type: 'end', track: 0, codec };
  if (body.length < AVC_HEADER_LENGTH) throw malformed(`${codec} video body of ${body.length} bytes`);
  const data = body.subarray(AVC_HEADER_LENGTH);
  switch (packet) {
    case AvcPacket.SequenceHeader:
      return { type: 'config', track: 0, codec, record: data };
    case AvcPacket.Nalus:
      if (data.length === 0) return NOTHING;
      return {
        type: 'frame',
        track: 0,
        codec,
        keyframe: frameType === FrameType.Key,
        compositionTime: body.readIntBE(2, COMPOSITION_TIME_LENGTH),
        data,
      };
    default:
      throw malformed(`${codec} packet type ${packet}`);
  }
}

function legacyAudio(body: Buffer, format: number): AudioTag {
  if (format === SoundFormat.Mp3 || format === SoundFormat.Mp3At8kHz)
    return { type: 'frame', track: 0, codec: 'mp3', data: body.subarray(MP3_HEADER_LENGTH) };
  if (format !== SoundFormat.Aac) return unsupported(SOUND_FORMAT_NAMES[format] ?? `sound format ${format}`);
  const packet = body.readUInt8(1);
  const data = body.subarray(AAC_HEADER_LENGTH);
  switch (packet) {
    case AacPacket.SequenceHeader:
      return { type: 'config', track: 0, codec: 'aac', record: data };
    case AacPacket.Raw:
      return data.length === 0 ? NOTHING : { type: 'frame', track: 0, codec: 'aac', data };
    default:
      throw malformed(`AAC packet type ${packet}`);
  }
}

function enhancedVideo(body: Buffer): VideoTag[] {
  const frameType = (body.readUInt8(0) >> 4) & 0x07;
  const { packetType, parts } = readEnhanced(body, 'video', frameType === FrameType.Command);
  if (parts.length === 0) return [NOTHING];
  return parts.map(({ track, fourCc, payload }): VideoTag => {
    const codec = VIDEO_BY_FOUR_CC.get(fourCc);
    if (codec === undefined) return unsupported(printable(fourCc));
    switch (packetType) {
      case VideoPacket.SequenceStart:
        return { type: 'config', track, codec, record: payload };
      case VideoPacket.CodedFrames:
      case VideoPacket.CodedFramesX: {
        const timed = packetType === VideoPacket.CodedFrames && REORDERED.has(codec);
        if (timed && payload.length < COMPOSITION_TIME_LENGTH)
          throw malformed(`${fourCc} coded frames without a composition time`);
        const data = timed ? payload.subarray(COMPOSITION_TIME_LENGTH) : payload;
        if (data.length === 0) return NOTHING;
        const compositionTime = timed ? payload.readIntBE(0, COMPOSITION_TIME_LENGTH) : 0;
        return { type: 'frame', track, codec, keyframe: frameType === FrameType.Key, compositionTime, data };
      }
      case VideoPacket.SequenceEnd:
        return { type: 'end', track, codec };
      case VideoPacket.Metadata: {
        const stated = readColourInfo(payload);
        return stated === undefined ? NOTHING : { type: 'colour', track, codec, ...stated };
      }
      default:
        return unsupported(`${fourCc} packet type ${packetType}`);
    }
  });
}

function enhancedAudio(body: Buffer): AudioTag[] {
  const { packetType, parts } = readEnhanced(body, 'audio');
  return parts.map(({ track, fourCc, payload }): AudioTag => {
    const codec = AUDIO_BY_FOUR_CC.get(fourCc);
    if (codec === undefined) return unsupported(printable(fourCc));
    switch (packetType) {
      case AudioPacket.SequenceStart:
        return { type: 'config', track, codec, record: payload };
      case AudioPacket.CodedFrames:
        return payload.length === 0 ? NOTHING : { type: 'frame', track, codec, data: payload };
      case AudioPacket.SequenceEnd:
        return { type: 'end', track, codec };
      case AudioPacket.MultichannelConfig:
        // Every codec that is carried says by itself which channels it has.
        return NOTHING;
      default:
        return unsupported(`${fourCc} packet type ${packetType}`);
    }
  });
}

const unsupported = (codec: string): UnsupportedTag => ({ type: 'unsupported', codec });

const printable = (fourCc: string): string => fourCc.replace(/[^\x20-\x7e]/g, '?');
