import { decodeAmf0 } from '../amf0.js';
import type { Amf0Value } from '../amf0.js';
import { amf0Part } from './command.js';
import type { RtmpMessage } from './message.js';

/** A data message (RTMP 1.0 7.1.2): the name of a handler, such as `onMetaData`, and the first value for it. */
export interface NamedData {
  readonly name: string;
  readonly value: Amf0Value;
}

/**
 * Reads a data message, with or without the `@setDataFrame` that asks to keep it. Undefined for one without a name.
 * @throws MillraceError AMF_MALFORMED
 */
export function readNamedData(message: RtmpMessage): NamedData | undefined {
  const values = decodeAmf0(amf0Part(message), { endMarkerOptional: true });
  if (values[0] === '@setDataFrame') values.shift();
  const [name, value] = values;
  return typeof name === 'string' ? { name, value } : undefined;
}
