import type { Amf0Value } from '../amf0.js';
import { amfObject, commandMessage, stringProperty } from './command.js';
import type { RtmpMessage } from './message.js';

/** The information object of onStatus, _result and _error (RTMP 1.0 7.2.2). */
export interface Status {
  readonly level: 'status' | 'warning' | 'error';
  /** Such as `NetStream.Publish.Start`. */
  readonly code: string;
  /** For people: ffmpeg prints it, OBS shows it. */
  readonly description: string;
}

export const statusObject = (status: Status): Amf0Value => amfObject({ ...status });

/** onStatus on a message stream; it answers nothing, so its transaction id is 0. */
export const onStatusMessage = (streamId: number, status: Status): RtmpMessage =>
  commandMessage('onStatus', 0, null, [statusObject(status)], streamId);

/** The code by which a server asks its peer to connect anew (Enhanced RTMP v2). */
export const RECONNECT_REQUEST = 'NetConnection.Connect.ReconnectRequest';

export interface ReconnectRequest {
  /** Where to; the same address when absent. May be relative to the one in use. */
  readonly tcUrl?: string;
  /** For people. */
  readonly description: string;
}

/** Asks the peer to connect anew (Enhanced RTMP v2, Reconnect Request). */
export function reconnectRequestMessage({ tcUrl, description }: ReconnectRequest): RtmpMessage {
  const status = { level: 'status', code: RECONNECT_REQUEST, description };
  const information = amfObject(tcUrl === undefined ? status : { ...status, tcUrl });
  return commandMessage('onStatus', 0, null, [information]);
}

/** Reads an information object; what is missing reads as an empty string, an unknown level as `status`. */
export function parseStatus(value: Amf0Value): Status {
  const level = stringProperty(value, 'level');
  return {
    level: level === 'error' || level === 'warning' ? level : 'status',
    code: stringProperty(value, 'code') ?? '',
    description: stringProperty(value, 'description') ?? '',
  };
}
