/**
 * A value of AMF 0 (Action Message Format, Adobe 2007). Objects are Maps, so that no key, `__proto__` included, can mean
 * anything to JavaScript. Null and undefined stay apart; an XML document arrives as its string.
 */
export type Amf0Value = number | boolean | string | null | undefined | Date | Amf0Object | Amf0Value[];

/** Anonymous and typed objects; a typed object's class name is dropped. */
export type Amf0Object = Map<string, Amf0Value>;

/** An "ECMA array": an object with a count in front that means nothing. What onMetaData carries. */
export class EcmaArray extends Map<string, Amf0Value> {}
