import { AmfCursor, malformed, MAX_AMF_DEPTH } from './amf-cursor.js';
import { EcmaArray } from './amf-value.js';
import type { Amf0Object, Amf0Value } from './amf-value.js';
import { Amf3Decoder } from './amf3.js';

export { EcmaArray } from './amf-value.js';
export type { Amf0Object, Amf0Value } from './amf-value.js';

const Marker = {
  Number: 0x00,
  Boolean: 0x01,
  String: 0x02,
  Object: 0x03,
  Null: 0x05,
  Undefined: 0x06,
  Reference: 0x07,
  EcmaArray: 0x08,
  ObjectEnd: 0x09,
  StrictArray: 0x0a,
  Date: 0x0b,
  LongString: 0x0c,
  Unsupported: 0x0d,
  XmlDocument: 0x0f,
  TypedObject: 0x10,
  AvmPlus: 0x11,
} as const;

const MAX_SHORT_STRING = 0xffff;

export interface DecodeOptions {
  /** Accept objects and ECMA arrays that stop at the end of the input without 00 00 09, as some encoders' metadata do. */
  readonly endMarkerOptional?: boolean;
}

/**
 * Decodes every value of a message body, front to back.
 * @throws MillraceError AMF_MALFORMED for a truncated or unknown value or one that passes a limit.
 */
export function decodeAmf0(bytes: Buffer, options: DecodeOptions = {}): Amf0Value[] {
  const decoder = new Decoder(bytes, options.endMarkerOptional ?? false);
  const values: Amf0Value[] = [];
  while (!decoder.atEnd) values.push(decoder.value(0));
  return values;
}

/** Reads values of AMF0 one by one; values that refer to earlier ones share them. */
class Decoder {
  readonly #cursor: AmfCursor;
  readonly #endMarkerOptional: boolean;
  /** Complex values in the order of their appearance: what references count. */
  readonly #complex: Amf0Value[] = [];

  constructor(bytes: Buffer, endMarkerOptional: boolean) {
    this.#cursor = new AmfCursor(bytes);
    this.#endMarkerOptional = endMarkerOptional;
  }

  get atEnd(): boolean {
    return this.#cursor.atEnd;
  }

  value(depth: number): Amf0Value {
    const cursor = this.#cursor;
    cursor.enter(depth);
    const marker = cursor.byte();
    switch (marker) {
      case Marker.Number:
        return cursor.double();
      case Marker.Boolean:
        return cursor.byte() !== 0;
      case Marker.String:
        return this.#shortString();
      case Marker.Object:
        return this.#properties(this.#remember(new Map()), depth);
      case Marker.Null:
        return null;
      case Marker.Undefined:
      case Marker.Unsupported:
        return undefined;
      case Marker.Reference:
        return this.#reference();
      case Marker.EcmaArray:
        cursor.take(4);
        return this.#properties(this.#remember(new EcmaArray()), depth);
      case Marker.StrictArray:
        return this.#strictArray(depth);
      case Marker.Date:
        return this.#date();
      case Marker.LongString:
      case Marker.XmlDocument:
        return cursor.text(this.#uint32());
      case Marker.TypedObject:
        this.#shortString();
        return this.#properties(this.#remember(new Map()), depth);
      case Marker.AvmPlus:
        // Each switch to AMF3 begins with reference tables of its own.
        return new Amf3Decoder(cursor).value(depth);
      default:
        throw cursor.unknownMarker(marker);
    }
  }

  #properties<T extends Amf0Object>(object: T, depth: number): T {
    const cursor = this.#cursor;
    for (;;) {
      if (this.#endMarkerOptional && cursor.atEnd) return object;
      const key = this.#shortString();
      if (key === '' && cursor.bytes[cursor.position] === Marker.ObjectEnd) {
        cursor.take(1);
        return object;
      }
      object.set(key, this.value(depth + 1));
    }
  }

  #strictArray(depth: number): Amf0Value[] {
    const count = this.#cursor.count(this.#uint32());
    const array = this.#remember<Amf0Value[]>([]);
    for (let i = 0; i < count; i++) array.push(this.value(depth + 1));
    return array;
  }

  #date(): Date {
    const date = new Date(this.#cursor.double());
    this.#cursor.take(2); // a time zone that the format says not to use
    return date;
  }

  #reference(): Amf0Value {
    const index = this.#uint16();
    if (index >= this.#complex.length) throw malformed(`reference to value ${index}, which is not there`);
    return this.#complex[index];
  }

  #remember<T extends Amf0Value>(value: T): T {
    this.#complex.push(value);
    return value;
  }

  #shortString(): string {
    return this.#cursor.text(this.#uint16());
  }

  #uint16(): number {
    return this.#cursor.bytes.readUInt16BE(this.#cursor.take(2));
  }

  #uint32(): number {
    return this.#cursor.bytes.readUInt32BE(this.#cursor.take(4));
  }
}

/**
 * Encodes values one after another: Maps as objects, `EcmaArray` as ECMA arrays, arrays as strict arrays.
 * @throws MillraceError AMF_MALFORMED when nested deeper than `MAX_AMF_DEPTH` or a key is over 65535 bytes.
 */
export function encodeAmf0(...values: readonly Amf0Value[]): Buffer {
  const pieces: Buffer[] = [];
  for (const value of values) encodeValue(value, 0, pieces);
  return Buffer.concat(pieces);
}

const OBJECT_END = Buffer.of(0, 0, Marker.ObjectEnd);

function encodeValue(value: Amf0Value, depth: number, out: Buffer[]): void {
  if (depth > MAX_AMF_DEPTH) throw malformed(`nested deeper than ${MAX_AMF_DEPTH}`);
  if (typeof value === 'number') {
    out.push(markedDouble(Marker.Number, value));
  } else if (typeof value === 'boolean') {
    out.push(Buffer.of(Marker.Boolean, value ? 1 : 0));
  } else if (typeof value === 'string') {
    encodeString(value, out);
  } else if (value === null) {
    out.push(Buffer.of(Marker.Null));
  } else if (value === undefined) {
    out.push(Buffer.of(Marker.Undefined));
  } else if (value instanceof Date) {
    out.push(markedDouble(Marker.Date, value.getTime()), Buffer.of(0, 0));
  } else if (Array.isArray(value)) {
    out.push(markedCount(Marker.StrictArray, value.length));
    for (const element of value) encodeValue(element, depth + 1, out);
  } else {
    out.push(
      value instanceof EcmaArray ? markedCount(Marker.EcmaArray, value.size) : Buffer.of(Marker.Object),
    );
    for (const [key, property] of value) {
      out.push(keyBytes(key));
      encodeValue(property, depth + 1, out);
    }
    out.push(OBJECT_END);
  }
}

function encodeString(value: string, out: Buffer[]): void {
  const text = Buffer.from(value, 'utf8');
  if (text.length > MAX_SHORT_STRING) {
    out.push(markedCount(Marker.LongString, text.length), text);
    return;
  }
  const header = Buffer.alloc(3);
  header[0] = Marker.String;
  header.writeUInt16BE(text.length, 1);
  out.push(header, text);
}

function keyBytes(key: string): Buffer {
  const text = Buffer.from(key, 'utf8');
  if (text.length > MAX_SHORT_STRING)
    throw malformed(`key of ${text.length} bytes, limit ${MAX_SHORT_STRING}`);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, text]);
}

function markedDouble(marker: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = marker;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function markedCount(marker: number, count: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = marker;
  bytes.writeUInt32BE(count, 1);
  return bytes;
}
