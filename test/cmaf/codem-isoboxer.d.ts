declare module 'codem-isoboxer' {
  /** A parsed box: every field of its syntax under the specification's name, and its children. */
  export interface IsoBox {
    readonly type: string;
    readonly size: number;
    readonly boxes?: readonly IsoBox[];
    readonly [field: string]: unknown;
  }
  export interface IsoFile {
    readonly boxes: readonly IsoBox[];
    fetch(type: string): IsoBox | undefined;
    fetchAll(type: string): IsoBox[];
  }
  const ISOBoxer: { parseBuffer(buffer: ArrayBuffer): IsoFile };
  export default ISOBoxer;
}
