import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** The chunk streams on which encoders send sound and pictures, and on which we do. */
const AUDIO_CHUNK_STREAM = 4;
const VIDEO_CHUNK_STREAM = 6;

/** One FLV tag body as a message; `timestamp` in ms. */
export const mediaMessage = (
  kind: 'video' | 'audio',
  streamId: number,
  timestamp: number,
  payload: Buffer,
): RtmpMessage => ({
  chunkStreamId: kind === 'video' ? VIDEO_CHUNK_STREAM : AUDIO_CHUNK_STREAM,
  typeId: kind === 'video' ? MessageType.Video : MessageType.Audio,
  streamId,
  timestamp,
  payload,
});
