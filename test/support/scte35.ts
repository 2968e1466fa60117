/** splice_info_sections: the examples of SCTE 35 14, and a writer of others. */

/** splice_insert of event 0x4800008f, out of network for 60.294 s. */
export const SPLICE_OUT = Buffer.from(
  'fc302f000000000000fffff014054800008f7feffe7369c02efe0052ccf500000000000a0008435545490000013562dba30a',
  'hex',
);

/** time_signal of event 0x4800008e: a provider placement opportunity of 307 s begins. */
export const BREAK_START = Buffer.from(
  'fc3034000000000000fffff00506fe72bd0050001e021c435545494800008e7fcf0001a599b00808000000002ca0a18a3402009ac9d17e',
  'hex',
);

/** time_signal: the same ends. */
export const BREAK_END = Buffer.from(
  'fc302f000000000000fffff00506fe746290a000190217435545494800008e7f9f0808000000002ca0a18a350200a9cc6758',
  'hex',
);

export interface SpliceInsert {
  readonly event: number;
  readonly out: boolean;
  /** Seconds. */
  readonly duration?: number;
  readonly cancelled?: boolean;
  /** Components that are spliced one by one instead of the whole programme. */
  readonly components?: number;
}

/** A section with one splice_insert at once; its checksum is not computed. */
export function spliceInsert({ event, out, duration, cancelled, components }: SpliceInsert): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(event);
  head.writeUInt8(cancelled === true ? 0xff : 0x7f, 4);
  const flags =
    (out ? 0x80 : 0) | (components === undefined ? 0x40 : 0) | (duration === undefined ? 0 : 0x20) | 0x1f;
  const parts = [head, Buffer.of(flags)];
  if (components !== undefined) parts.push(Buffer.of(components, ...Array<number>(components).fill(1)));
  if (duration !== undefined) {
    const ticks = Buffer.alloc(5);
    ticks.writeUInt8(0xfe);
    ticks.writeUInt32BE(duration * 90_000, 1);
    parts.push(ticks);
  }
  parts.push(Buffer.alloc(4), Buffer.alloc(2));
  const command = Buffer.concat(cancelled === true ? [head, Buffer.alloc(2)] : parts);
  const header = Buffer.alloc(14);
  header.writeUInt8(0xfc);
  header.writeUInt16BE(0x3000 | (11 + command.length + 4), 1);
  header.writeUInt16BE(0xfff0, 10);
  header.writeUInt8(5, 13);
  return Buffer.concat([header, command, Buffer.alloc(4)]);
}
