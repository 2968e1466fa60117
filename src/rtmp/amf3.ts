import { malformed } from './amf-cursor.js';
import type { AmfCursor } from './amf-cursor.js';
import { EcmaArray } from './amf-value.js';
import type { Amf0Value } from './amf-value.js';

const Marker = {
  Undefined: 0x00,
  Null: 0x01,
  False: 0x02,
  True: 0x03,
  Integer: 0x04,
  Double: 0x05,
  String: 0x06,
  XmlDocument: 0x07,
  Date: 0x08,
  Array: 0x09,
  Object: 0x0a,
  Xml: 0x0b,
  ByteArray: 0x0c,
  VectorInt: 0x0d,
  VectorUint: 0x0e,
  VectorDouble: 0x0f,
  VectorObject: 0x10,
  Dictionary: 0x11,
} as const;

/** How the members of an object of one class are written. */
interface Traits {
  readonly names: readonly string[];
  readonly dynamic: boolean;
}

/**
 * Reads one value of AMF 3 (Adobe 2013) where an AMF0 message switches to it, as what it would be in AMF0: arrays with
 * named members become `EcmaArray`, vectors arrays, dictionaries objects of their string keys; bytes, which AMF0 does not
 * have, become undefined. Recursion and the number of values are bounded by the cursor, and so are the reference tables,
 * which hold nothing that was not read.
 */
export class Amf3Decoder {
  readonly #cursor: AmfCursor;
  readonly #strings: string[] = [];
  readonly #objects: Amf0Value[] = [];
  readonly #traits: Traits[] = [];

  constructor(cursor: AmfCursor) {
    this.#cursor = cursor;
  }

  /** @throws MillraceError AMF_MALFORMED for a truncated or unknown value or one that passes a limit. */
  value(depth: number): Amf0Value {
    const cursor = this.#cursor;
    cursor.enter(depth);
    const marker = cursor.byte();
    switch (marker) {
      case Marker.Undefined:
        return undefined;
      case Marker.Null:
        return null;
      case Marker.False:
        return false;
      case Marker.True:
        return true;
      case Marker.Integer:
        return (this.#uint29() << 3) >> 3;
      case Marker.Double:
        return cursor.double();
      case Marker.String:
        return this.#string();
      case Marker.XmlDocument:
      case Marker.Xml:
        return this.#complex((length) => this.#remember(cursor.text(length)));
      case Marker.Date:
        return this.#complex(() => this.#remember(new Date(cursor.double())));
      case Marker.Array:
        return this.#complex((count) => this.#array(count, depth));
      case Marker.Object:
        return this.#complex((flags) => this.#object(flags, depth));
      case Marker.ByteArray:
        return this.#complex((length) => {
          cursor.take(length);
          this.#remember(undefined);
          return undefined;
        });
      case Marker.VectorInt:
        return this.#vector(4, depth, () => cursor.bytes.readInt32BE(cursor.take(4)));
      case Marker.VectorUint:
        return this.#vector(4, depth, () => cursor.bytes.readUInt32BE(cursor.take(4)));
      case Marker.VectorDouble:
        return this.#vector(8, depth, () => cursor.double());
      case Marker.VectorObject:
        return this.#complex((count) => this.#objectVector(count, depth));
      case Marker.Dictionary:
        return this.#complex((count) => this.#dictionary(count, depth));
      default:
        throw cursor.unknownMarker(marker);
    }
  }

  /** A reference to what was read before, or a new value whose length, count or flags stand in the same number. */
  #complex(read: (header: number) => Amf0Value): Amf0Value {
    const header = this.#uint29();
    return (header & 1) === 1 ? read(header >> 1) : lookUp(this.#objects, header >> 1);
  }

  #remember<T extends Amf0Value>(value: T): T {
    this.#objects.push(value);
    return value;
  }

  #array(count: number, depth: number): Amf0Value {
    this.#cursor.count(count);
    const slot = this.#objects.length;
    const array = this.#remember<Amf0Value[]>([]);
    let key = this.#string();
    if (key === '') {
      for (let i = 0; i < count; i++) array.push(this.value(depth + 1));
      return array;
    }
    const named = new EcmaArray();
    this.#objects[slot] = named;
    for (; key !== ''; key = this.#string()) named.set(key, this.value(depth + 1));
    for (let i = 0; i < count; i++) named.set(String(i), this.value(depth + 1));
    return named;
  }

  #object(flags: number, depth: number): Amf0Value {
    const traits = (flags & 1) === 0 ? lookUp(this.#traits, flags >> 1) : this.#newTraits(flags >> 1);
    const object = this.#remember(new Map<string, Amf0Value>());
    for (const name of traits.names) object.set(name, this.value(depth + 1));
    if (!traits.dynamic) return object;
    for (let key = this.#string(); key !== ''; key = this.#string()) object.set(key, this.value(depth + 1));
    return object;
  }

  #newTraits(flags: number): Traits {
    if ((flags & 1) === 1) throw malformed('an object in a form of its own class');
    const count = this.#cursor.count(flags >> 2);
    this.#string(); // the name of the class
    const names = Array.from({ length: count }, () => this.#string());
    const traits = { names, dynamic: (flags & 2) !== 0 };
    this.#traits.push(traits);
    return traits;
  }

  #vector(size: number, depth: number, read: () => number): Amf0Value {
    return this.#complex((count) => {
      const cursor = this.#cursor;
      cursor.byte(); // whether its length is fixed
      cursor.count(count, size);
      const vector = this.#remember<Amf0Value[]>([]);
      for (let i = 0; i < count; i++) {
        cursor.enter(depth + 1);
        vector.push(read());
      }
      return vector;
    });
  }

  #objectVector(count: number, depth: number): Amf0Value {
    this.#cursor.byte(); // whether its length is fixed
    const vector = this.#remember<Amf0Value[]>([]);
    this.#string(); // the name of the class
    for (let i = this.#cursor.count(count); i > 0; i--) vector.push(this.value(depth + 1));
    return vector;
  }

  #dictionary(count: number, depth: number): Amf0Value {
    this.#cursor.byte(); // whether its keys are held weakly
    const dictionary = this.#remember(new Map<string, Amf0Value>());
    for (let i = this.#cursor.count(count, 2); i > 0; i--) {
      const key = this.value(depth + 1);
      const value = this.value(depth + 1);
      if (typeof key === 'string') dictionary.set(key, value);
    }
    return dictionary;
  }

  #string(): string {
    const header = this.#uint29();
    if ((header & 1) === 0) return lookUp(this.#strings, header >> 1);
    const text = this.#cursor.text(header >> 1);
    if (text !== '') this.#strings.push(text);
    return text;
  }

  /** A number of one to four bytes: seven bits in each that is followed by another, eight in a fourth. */
  #uint29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.#cursor.byte();
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return (value << 8) | this.#cursor.byte();
  }
}

function lookUp<T>(table: readonly T[], index: number): T {
  if (index >= table.length) throw malformed(`reference to value ${index}, which is not there`);
  return table[index] as T;
}
