import type { AudioCodec, TrackId, VideoCodec } from '../media/codec.js';
import { AacPacket, AvcPacket, FrameType, SoundFormat, VideoCodecId } from './flv-constants.js';
import {
  audioConfigPacket,
  audioFramePacket,
  enhancedBody,
  trackBody,
  videoConfigPacket,
  videoFramePacket,
  type EnhancedPacket,
  type VideoFrame,
} from './flv-enhanced-writer.js';

// Bodies of audio and video messages as encoders write them (FLV 10.1 E.4.2, E.4.3).

const KEY_FRAME_AVC = (FrameType.Key << 4) | VideoCodecId.Avc;
const INTER_FRAME_AVC = (FrameType.Inter << 4) | VideoCodecId.Avc;
/** The rate, size and channel bits are fixed for AAC and say nothing (FLV 10.1 E.4.2.1). */
const AAC = (SoundFormat.Aac << 4) | 0x0f;
/** Rate, size and channel bits at their highest; who reads MP3 goes by the frame's own header. */
const MP3 = (SoundFormat.Mp3 << 4) | 0x0f;

const FLAC_MARKER = Buffer.from('fLaC', 'latin1');

/** `record`: AVCDecoderConfigurationRecord. */
export const avcSequenceHeader = (record: Buffer): Buffer =>
  Buffer.concat([Buffer.of(KEY_FRAME_AVC, AvcPacket.SequenceHeader, 0, 0, 0), record]);

/** One picture: `data` is its length-prefixed NAL units, `compositionTime` its PTS less its DTS in ms (24 bits, signed). */
export function avcNalus(frame: VideoFrame): Buffer {
  const header = Buffer.of(frame.keyframe ? KEY_FRAME_AVC : INTER_FRAME_AVC, AvcPacket.Nalus, 0, 0, 0);
  header.writeIntBE(frame.compositionTime, 2, 3);
  return Buffer.concat([header, frame.data]);
}

export const avcEndOfSequence = (): Buffer => Buffer.of(KEY_FRAME_AVC, AvcPacket.EndOfSequence, 0, 0, 0);

/** `asc`: AudioSpecificConfig. */
export const aacSequenceHeader = (asc: Buffer): Buffer =>
  Buffer.concat([Buffer.of(AAC, AacPacket.SequenceHeader), asc]);

/** `frame`: one raw AAC frame, without ADTS header. */
export const aacRaw = (frame: Buffer): Buffer => Buffer.concat([Buffer.of(AAC, AacPacket.Raw), frame]);

/** `frame`: one MP3 frame with its header. */
export const mp3Raw = (frame: Buffer): Buffer => Buffer.concat([Buffer.of(MP3), frame]);

/** The body for a video configuration: legacy for AVC on the default track, which every peer reads, else enhanced. */
export const videoConfigBody = (track: TrackId, codec: VideoCodec, record: Buffer): Buffer =>
  track === 0 && codec === 'avc'
    ? avcSequenceHeader(record)
    : enhanced(track, videoConfigPacket(codec, record));

/** The body for a picture; as {@link videoConfigBody}. */
export const videoFrameBody = (track: TrackId, codec: VideoCodec, frame: VideoFrame): Buffer =>
  track === 0 && codec === 'avc' ? avcNalus(frame) : enhanced(track, videoFramePacket(codec, frame));

/**
 * The body for an audio configuration: legacy for AAC on the default track, else enhanced. `record` as in `AudioTrack`.
 * Undefined for codecs that send none.
 */
export function audioConfigBody(track: TrackId, codec: AudioCodec, record: Buffer): Buffer | undefined {
  if (codec === 'ac3' || codec === 'eac3' || codec === 'mp3') return undefined;
  if (track === 0 && codec === 'aac') return aacSequenceHeader(record);
  // Enhanced RTMP v2, FlacSequenceHeader: the stream's marker stands before the block.
  const header = codec === 'flac' ? Buffer.concat([FLAC_MARKER, record]) : record;
  return enhanced(track, audioConfigPacket(codec, header));
}

/** The body for a frame of sound: legacy for AAC and MP3 on the default track, else enhanced. */
export function audioFrameBody(track: TrackId, codec: AudioCodec, frame: Buffer): Buffer {
  if (track === 0 && codec === 'aac') return aacRaw(frame);
  if (track === 0 && codec === 'mp3') return mp3Raw(frame);
  return enhanced(track, audioFramePacket(codec, frame));
}

const enhanced = (track: TrackId, packet: EnhancedPacket): Buffer =>
  track === 0 ? enhancedBody(packet) : trackBody(track, packet);
