/** Boxes of the ISO base media file format (ISO/IEC 14496-12 4.2) as buffers. For headers: media goes another way. */

/** A box of the given four-character type around its payload. */
export function box(type: string, ...payload: readonly Buffer[]): Buffer {
  const header = Buffer.allocUnsafe(8);
  header.writeUInt32BE(
    payload.reduce((size, part) => size + part.length, header.length),
    0,
  );
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...payload]);
}

/** A box whose payload begins with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...payload: readonly Buffer[]): Buffer {
  return box(type, u8(version), u24(flags), ...payload);
}

export const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

export function u24(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(3);
  bytes.writeUIntBE(value, 0, 3);
  return bytes;
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

/** An unsigned 16.16 fixed-point number. */
export const fixed16 = (value: number): Buffer => u32(Math.round(value * 0x1_0000));

/** Four-character codes, one after another. */
export const fourCc = (...codes: readonly string[]): Buffer => Buffer.from(codes.join(''), 'latin1');

/** A UTF-8 string with its terminating zero. */
export const cString = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf8');

export const zeros = (length: number): Buffer => Buffer.alloc(length);

/** How every SampleEntry begins: reserved bytes and the data reference, which is the file itself (ISO/IEC 14496-12 8.5.2). */
export const SAMPLE_ENTRY_START = Buffer.concat([zeros(6), u16(1)]);
