import { MillraceError } from '../../errors.js';
import { decodeAmf0, encodeAmf0 } from '../amf0.js';
import type { Amf0Object, Amf0Value } from '../amf0.js';
import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** Chunk stream on which both sides' commands go. */
const COMMAND_CHUNK_STREAM = 3;

/** A command, or the answer to one (RTMP 1.0 7.1.1, 7.2). */
export interface Command {
  readonly name: string;
  /** 0 when no answer is expected. An answer carries the id of what it answers. */
  readonly transactionId: number;
  /** The command object, which most commands leave null, and what follows it. */
  readonly object: Amf0Value;
  readonly args: readonly Amf0Value[];
  readonly streamId: number;
}

/**
 * AMF3 messages (types 15 and 17) begin with a format byte; after 0 comes AMF0, all that is spoken here. Some senders
 * leave the byte out: AMF0 itself would begin with a string's marker.
 */
export function amf0Part(message: RtmpMessage): Buffer {
  const amf3 = message.typeId === MessageType.CommandAmf3 || message.typeId === MessageType.DataAmf3;
  return amf3 && message.payload[0] === 0 ? message.payload.subarray(1) : message.payload;
}

/**
 * Reads a command message of type 20 or 17.
 * @throws MillraceError AMF_MALFORMED, or RTMP_BAD_COMMAND when the name is missing or the transaction id is no number.
 */
export function parseCommand(message: RtmpMessage): Command {
  // ffmpeg as a server leaves the id out of its onFCPublish; nothing answers to that, as to id 0.
  const [name, transactionId = 0, object, ...args] = decodeAmf0(amf0Part(message), {
    endMarkerOptional: true,
  });
  if (typeof name !== 'string') throw new MillraceError('RTMP_BAD_COMMAND', 'a command without a name');
  if (typeof transactionId !== 'number') {
    throw new MillraceError(
      'RTMP_BAD_COMMAND',
      `command ${JSON.stringify(name.slice(0, 32))} with a transaction id that is no number`,
    );
  }
  return { name, transactionId, object, args, streamId: message.streamId };
}

export function commandMessage(
  name: string,
  transactionId: number,
  object: Amf0Value,
  args: readonly Amf0Value[] = [],
  streamId = 0,
): RtmpMessage {
  return {
    chunkStreamId: COMMAND_CHUNK_STREAM,
    typeId: MessageType.CommandAmf0,
    streamId,
    timestamp: 0,
    payload: encodeAmf0(name, transactionId, object, ...args),
  };
}

/** An AMF object from plain properties. */
export const amfObject = (properties: Readonly<Record<string, Amf0Value>>): Amf0Object =>
  new Map(Object.entries(properties));

/** A property of an AMF object, or undefined when `value` is no object. */
export const propertyOf = (value: Amf0Value, key: string): Amf0Value =>
  value instanceof Map ? value.get(key) : undefined;

/** A property that is to be a string; anything else reads as absent. */
export function stringProperty(value: Amf0Value, key: string): string | undefined {
  const property = propertyOf(value, key);
  return typeof property === 'string' ? property : undefined;
}
