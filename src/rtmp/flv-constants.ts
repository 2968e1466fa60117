/** High four bits of a video body (FLV 10.1 E.4.3.1). */
export const FrameType = { Key: 1, Inter: 2, Command: 5 } as const;

/** Low four bits of a video body, of those that are carried. */
export const VideoCodec = { Avc: 7 } as const;

/** High four bits of an audio body (FLV 10.1 E.4.2.1); 9 announces an Enhanced RTMP header. */
export const SoundFormat = { ExHeader: 9, Aac: 10 } as const;

/** Second byte of an AVC video body. */
export const AvcPacket = { SequenceHeader: 0, Nalus: 1, EndOfSequence: 2 } as const;

/** Second byte of an AAC audio body. */
export const AacPacket = { SequenceHeader: 0, Raw: 1 } as const;
