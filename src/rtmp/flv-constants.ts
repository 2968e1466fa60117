import type { AudioCodec, VideoCodec } from '../media/codec.js';

/** High four bits of a legacy video body, three bits of an enhanced one (FLV 10.1 E.4.3.1). */
export const FrameType = { Key: 1, Inter: 2, Command: 5 } as const;

/** Low four bits of a video body. HEVC and AV1 are later additions by Chinese CDNs, laid out as AVC. */
export const VideoCodecId = { Avc: 7, Hevc: 12, Av1: 13 } as const;

/** Codings by codec id, of those that are carried. */
export const LEGACY_VIDEO: ReadonlyMap<number, VideoCodec> = new Map([
  [VideoCodecId.Avc, 'avc'],
  [VideoCodecId.Hevc, 'hevc'],
  [VideoCodecId.Av1, 'av1'],
]);

/** High four bits of an audio body (FLV 10.1 E.4.2.1); 9 announces an Enhanced RTMP header. */
export const SoundFormat = { Mp3: 2, ExHeader: 9, Aac: 10, Mp3At8kHz: 14 } as const;

/** Second byte of a legacy AVC, HEVC or AV1 video body. */
export const AvcPacket = { SequenceHeader: 0, Nalus: 1, EndOfSequence: 2 } as const;

/** Second byte of a legacy AAC audio body. */
export const AacPacket = { SequenceHeader: 0, Raw: 1 } as const;

/** Bit 7 of a video body's first byte: Enhanced RTMP v2, ExVideoTagHeader. */
export const EX_VIDEO_HEADER = 0x80;

/** Low four bits of an enhanced video body's first byte (Enhanced RTMP v2, VideoPacketType). */
export const VideoPacket = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  CodedFramesX: 3,
  Metadata: 4,
  Mpeg2TsSequenceStart: 5,
  Multitrack: 6,
  ModEx: 7,
} as const;

/** Low four bits of an enhanced audio body's first byte (Enhanced RTMP v2, AudioPacketType). */
export const AudioPacket = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  MultichannelConfig: 4,
  Multitrack: 5,
  ModEx: 7,
} as const;

/** Enhanced RTMP v2, AvMultitrackType. */
export const MultitrackType = { OneTrack: 0, ManyTracks: 1, ManyTracksManyCodecs: 2 } as const;

/** Enhanced RTMP v2, VideoPacketModExType and AudioPacketModExType. */
export const ModExType = { TimestampOffsetNano: 0 } as const;

/** The FourCC by which Enhanced RTMP v2 names a coding. */
export const FOUR_CC: Readonly<Record<VideoCodec | AudioCodec, string>> = {
  avc: 'avc1',
  hevc: 'hvc1',
  av1: 'av01',
  vp9: 'vp09',
  aac: 'mp4a',
  opus: 'Opus',
  flac: 'fLaC',
  ac3: 'ac-3',
  eac3: 'ec-3',
  mp3: '.mp3',
};

const VIDEO_CODECS: readonly VideoCodec[] = ['avc', 'hevc', 'av1', 'vp9'];
const AUDIO_CODECS: readonly AudioCodec[] = ['aac', 'opus', 'flac', 'ac3', 'eac3', 'mp3'];

export const VIDEO_BY_FOUR_CC: ReadonlyMap<string, VideoCodec> = new Map(
  VIDEO_CODECS.map((codec) => [FOUR_CC[codec], codec]),
);
export const AUDIO_BY_FOUR_CC: ReadonlyMap<string, AudioCodec> = new Map(
  AUDIO_CODECS.map((codec) => [FOUR_CC[codec], codec]),
);
