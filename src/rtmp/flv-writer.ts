import { AacPacket, AvcPacket, FrameType, SoundFormat, VideoCodec } from './flv-constants.js';

// Bodies of audio and video messages as encoders write them (FLV 10.1 E.4.2, E.4.3), for H.264 and AAC.

const KEY_FRAME_AVC = (FrameType.Key << 4) | VideoCodec.Avc;
const INTER_FRAME_AVC = (FrameType.Inter << 4) | VideoCodec.Avc;
/** The rate, size and channel bits are fixed for AAC and say nothing (FLV 10.1 E.4.2.1). */
const AAC = (SoundFormat.Aac << 4) | 0x0f;

/** `record`: AVCDecoderConfigurationRecord. */
export const avcSequenceHeader = (record: Buffer): Buffer =>
  Buffer.concat([Buffer.of(KEY_FRAME_AVC, AvcPacket.SequenceHeader, 0, 0, 0), record]);

/** One picture: `data` is its length-prefixed NAL units, `compositionTime` its PTS less its DTS in ms (24 bits, signed). */
export function avcNalus(frame: { keyframe: boolean; compositionTime: number; data: Buffer }): Buffer {
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
