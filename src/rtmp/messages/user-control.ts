import { MillraceError } from '../../errors.js';
import { controlMessage } from './control.js';
import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** Event types of User Control messages (RTMP 1.0 7.1.7) that are sent or answered here. */
export const UserControlEvent = {
  StreamBegin: 0,
  StreamEof: 1,
  PingRequest: 6,
  PingResponse: 7,
} as const;

export interface UserControl {
  readonly event: number;
  /** What follows the event type; its meaning depends on the event. */
  readonly data: Buffer;
}

const EVENT_LENGTH = 2;
const PING_LENGTH = 4;

export function parseUserControl(payload: Buffer): UserControl {
  if (payload.length < EVENT_LENGTH) {
    throw new MillraceError('RTMP_BAD_CHUNK', `user control message of ${payload.length} bytes`);
  }
  const event = payload.readUInt16BE(0);
  const data = payload.subarray(EVENT_LENGTH);
  if (event === UserControlEvent.PingRequest && data.length < PING_LENGTH) {
    throw new MillraceError('RTMP_BAD_CHUNK', `ping request with ${data.length} bytes, expected 4`);
  }
  return { event, data };
}

/** StreamBegin and StreamEOF name a message stream; a PingRequest carries any 32-bit time. */
export function userControlMessage(event: number, value: number): RtmpMessage {
  const payload = Buffer.alloc(EVENT_LENGTH + 4);
  payload.writeUInt16BE(event, 0);
  payload.writeUInt32BE(value >>> 0, EVENT_LENGTH);
  return controlMessage(MessageType.UserControl, payload);
}

/** Answers a ping with the same four bytes it carried. */
export const pingResponseMessage = (request: UserControl): RtmpMessage =>
  userControlMessage(UserControlEvent.PingResponse, request.data.readUInt32BE(0));
