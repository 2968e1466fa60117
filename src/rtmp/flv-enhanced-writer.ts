import type { AudioCodec, TrackId, VideoCodec } from '../media/codec.js';
import type { StatedColour } from '../media/track.js';
import { encodeAmf0 } from './amf0.js';
import {
  AudioPacket,
  EX_VIDEO_HEADER,
  FOUR_CC,
  FrameType,
  ModExType,
  MultitrackType,
  SoundFormat,
  VideoPacket,
} from './flv-constants.js';

// Bodies of audio and video messages under Enhanced RTMP v2 ("Enhanced Video", "Enhanced Audio").

/** One picture: `compositionTime` is its PTS less its DTS in ms (24 bits, signed) and is written for AVC and HEVC only. */
export interface VideoFrame {
  readonly keyframe: boolean;
  readonly compositionTime: number;
  readonly data: Buffer;
}

/** What one packet says of one track: a body without its header. */
export interface EnhancedPacket {
  readonly kind: 'video' | 'audio';
  readonly codec: VideoCodec | AudioCodec;
  /** `VideoPacket` or `AudioPacket`. */
  readonly packetType: number;
  /** `FrameType`; 0 for audio. */
  readonly frameType: number;
  readonly payload: Buffer;
}

const NO_PAYLOAD = Buffer.alloc(0);
const HAS_COMPOSITION_TIME: ReadonlySet<VideoCodec> = new Set<VideoCodec>(['avc', 'hevc']);

/** `record`: avcC, hvcC, av1C or vpcC. */
export const videoConfigPacket = (codec: VideoCodec, record: Buffer): EnhancedPacket => ({
  kind: 'video',
  codec,
  packetType: VideoPacket.SequenceStart,
  frameType: FrameType.Key,
  payload: record,
});

export function videoFramePacket(codec: VideoCodec, frame: VideoFrame): EnhancedPacket {
  const frameType = frame.keyframe ? FrameType.Key : FrameType.Inter;
  const common = { kind: 'video', codec, frameType } as const;
  if (!HAS_COMPOSITION_TIME.has(codec))
    return { ...common, packetType: VideoPacket.CodedFrames, payload: frame.data };
  if (frame.compositionTime === 0)
    return { ...common, packetType: VideoPacket.CodedFramesX, payload: frame.data };
  const payload = Buffer.allocUnsafe(3 + frame.data.length);
  payload.writeIntBE(frame.compositionTime, 0, 3);
  frame.data.copy(payload, 3);
  return { ...common, packetType: VideoPacket.CodedFrames, payload };
}

export const videoEndPacket = (codec: VideoCodec): EnhancedPacket => ({
  kind: 'video',
  codec,
  packetType: VideoPacket.SequenceEnd,
  frameType: FrameType.Key,
  payload: NO_PAYLOAD,
});

/** States the colour beside the bitstream, or takes back what was stated. */
export const colourPacket = (codec: VideoCodec, colour: StatedColour | undefined): EnhancedPacket => ({
  kind: 'video',
  codec,
  packetType: VideoPacket.Metadata,
  frameType: FrameType.Key,
  payload: encodeAmf0('colorInfo', new Map(colour && [['colorConfig', colourConfig(colour)]])),
});

const colourConfig = ({ primaries, transfer, matrix }: StatedColour): Map<string, number> =>
  new Map([
    ['colorPrimaries', primaries],
    ['transferCharacteristics', transfer],
    ['matrixCoefficients', matrix],
  ]);

/** `record`: AudioSpecificConfig, Opus identification header, or FLAC stream information behind its marker; other codecs send none. */
export const audioConfigPacket = (codec: AudioCodec, record: Buffer): EnhancedPacket =>
  audioPacket(codec, AudioPacket.SequenceStart, record);

export const audioFramePacket = (codec: AudioCodec, frame: Buffer): EnhancedPacket =>
  audioPacket(codec, AudioPacket.CodedFrames, frame);

export const audioEndPacket = (codec: AudioCodec): EnhancedPacket =>
  audioPacket(codec, AudioPacket.SequenceEnd, NO_PAYLOAD);

const audioPacket = (codec: AudioCodec, packetType: number, payload: Buffer): EnhancedPacket => ({
  kind: 'audio',
  codec,
  packetType,
  frameType: 0,
  payload,
});

/** The message body of one packet of the default track. */
export const enhancedBody = (packet: EnhancedPacket): Buffer =>
  Buffer.concat([Buffer.of(firstByte(packet, packet.packetType)), fourCc(packet), packet.payload]);

/**
 * As {@link enhancedBody}, with the presentation moved by some nanoseconds.
 * @param nanoseconds 0 to 999 999
 */
export function enhancedBodyWithOffset(packet: EnhancedPacket, nanoseconds: number): Buffer {
  const modifier = Buffer.of(2, 0, 0, 0, (ModExType.TimestampOffsetNano << 4) | packet.packetType);
  modifier.writeUIntBE(nanoseconds, 1, 3);
  return Buffer.concat([
    Buffer.of(firstByte(packet, VideoPacket.ModEx)),
    modifier,
    fourCc(packet),
    packet.payload,
  ]);
}

/** The message body of one packet of any track. */
export function trackBody(track: TrackId, packet: EnhancedPacket): Buffer {
  return Buffer.concat([
    multitrackHeader(packet, MultitrackType.OneTrack),
    fourCc(packet),
    Buffer.of(track),
    packet.payload,
  ]);
}

/** One message body for packets of several tracks, all of one kind, packet type and frame type. At least one. */
export function multitrackBody(
  tracks: readonly { readonly track: TrackId; readonly packet: EnhancedPacket }[],
): Buffer {
  const [first] = tracks;
  if (first === undefined) throw new RangeError('a multitrack message needs a track');
  const oneCodec = tracks.every(({ packet }) => packet.codec === first.packet.codec);
  const type = oneCodec ? MultitrackType.ManyTracks : MultitrackType.ManyTracksManyCodecs;
  return Buffer.concat([
    multitrackHeader(first.packet, type),
    ...(oneCodec ? [fourCc(first.packet)] : []),
    ...tracks.flatMap(({ track, packet }) => {
      const header = Buffer.of(track, 0, 0, 0);
      header.writeUIntBE(packet.payload.length, 1, 3);
      return oneCodec ? [header, packet.payload] : [fourCc(packet), header, packet.payload];
    }),
  ]);
}

function multitrackHeader(packet: EnhancedPacket, type: number): Buffer {
  const multitrack = packet.kind === 'video' ? VideoPacket.Multitrack : AudioPacket.Multitrack;
  return Buffer.of(firstByte(packet, multitrack), (type << 4) | packet.packetType);
}

const firstByte = ({ kind, frameType }: EnhancedPacket, packetType: number): number =>
  kind === 'video'
    ? EX_VIDEO_HEADER | (frameType << 4) | packetType
    : (SoundFormat.ExHeader << 4) | packetType;

const fourCc = ({ codec }: EnhancedPacket): Buffer => Buffer.from(FOUR_CC[codec], 'latin1');
