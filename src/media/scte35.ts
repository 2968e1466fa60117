/** What a splice_info_section says, as far as a playlist has to know it. */
export interface SpliceInfo {
  /** As {@link Cue.role}: of a command that neither begins nor ends a break, `point`. */
  readonly role: 'out' | 'in' | 'point';
  /** splice_event_id or segmentation_event_id. */
  readonly event: number | undefined;
  /** Seconds, where stated. */
  readonly duration: number | undefined;
}

const TABLE_ID = 0xfc;
/** Up to and with splice_command_type. */
const HEADER_LENGTH = 14;
const CRC_LENGTH = 4;
const COMMAND = { spliceInsert: 0x05, timeSignal: 0x06 } as const;
const SEGMENTATION_DESCRIPTOR = 0x02;
/** descriptor_tag, descriptor_length, identifier, segmentation_event_id and the cancel flag. */
const DESCRIPTOR_HEADER = 11;
const TICKS_PER_SECOND = 90_000;

/**
 * segmentation_type_id of what begins a break; each is ended by the number after it: break, provider and distributor
 * advertisement, their placement opportunities, and their blocks of advertisements.
 */
const BREAK_STARTS: ReadonlySet<number> = new Set([0x22, 0x30, 0x32, 0x34, 0x36, 0x44, 0x46]);

/**
 * Reads a splice_info_section (SCTE 35 9.6). Undefined for what is none, is cut off, or tells nothing that can be read:
 * encrypted, cancelled, a heartbeat.
 */
export function parseSpliceInfo(section: Buffer): SpliceInfo | undefined {
  if (section.length < HEADER_LENGTH + CRC_LENGTH || section[0] !== TABLE_ID) return undefined;
  const end = 3 + (section.readUInt16BE(1) & 0x0fff) - CRC_LENGTH;
  const encrypted = (section.readUInt8(4) & 0x80) !== 0;
  if (encrypted || end + CRC_LENGTH > section.length) return undefined;
  try {
    const command = section.subarray(HEADER_LENGTH, end);
    switch (section.readUInt8(HEADER_LENGTH - 1)) {
      case COMMAND.spliceInsert:
        return spliceInsert(command);
      case COMMAND.timeSignal:
        return timeSignal(command);
      default:
        return undefined;
    }
  } catch (error) {
    // It ends inside a field.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** splice_insert() (9.7.3). */
function spliceInsert(command: Buffer): SpliceInfo | undefined {
  const event = command.readUInt32BE(0);
  const cancelled = (command.readUInt8(4) & 0x80) !== 0;
  if (cancelled) return undefined;
  const flags = command.readUInt8(5);
  const outOfNetwork = (flags & 0x80) !== 0;
  const wholeProgram = (flags & 0x40) !== 0;
  const hasDuration = (flags & 0x20) !== 0;
  const immediate = (flags & 0x10) !== 0;
  let position = 6;
  if (wholeProgram) {
    if (!immediate) position += spliceTimeLength(command, position);
  } else {
    const components = command.readUInt8(position++);
    for (let i = 0; i < components; i++)
      position += 1 + (immediate ? 0 : spliceTimeLength(command, position + 1));
  }
  // break_duration(): a flag, six reserved bits, 33 bits of duration.
  const duration = hasDuration ? ticks33(command, position) / TICKS_PER_SECOND : undefined;
  return { role: outOfNetwork ? 'out' : 'in', event, duration };
}

/** time_signal() (9.7.4): what it signals stands in its segmentation descriptors (10.3.3), the first of which counts. */
function timeSignal(command: Buffer): SpliceInfo | undefined {
  let position = spliceTimeLength(command, 0);
  const end = position + 2 + command.readUInt16BE(position);
  position += 2;
  while (position + 2 <= end) {
    const length = 2 + command.readUInt8(position + 1);
    if (command.readUInt8(position) === SEGMENTATION_DESCRIPTOR) {
      const found = segmentation(command.subarray(position, position + length));
      if (found !== undefined) return found;
    }
    position += length;
  }
  return { role: 'point', event: undefined, duration: undefined };
}

function segmentation(descriptor: Buffer): SpliceInfo | undefined {
  if (descriptor.toString('latin1', 2, 6) !== 'CUEI') return undefined;
  const event = descriptor.readUInt32BE(6);
  const cancelled = (descriptor.readUInt8(10) & 0x80) !== 0;
  if (cancelled) return undefined;
  const flags = descriptor.readUInt8(DESCRIPTOR_HEADER);
  let position = DESCRIPTOR_HEADER + 1;
  if ((flags & 0x80) === 0) position += 1 + 6 * descriptor.readUInt8(position);
  let duration: number | undefined;
  if ((flags & 0x40) !== 0) {
    duration = descriptor.readUIntBE(position, 5) / TICKS_PER_SECOND;
    position += 5;
  }
  // segmentation_upid_type and its length, then the upid.
  position += 2 + descriptor.readUInt8(position + 1);
  const type = descriptor.readUInt8(position);
  if (BREAK_STARTS.has(type)) return { role: 'out', event, duration };
  return { role: BREAK_STARTS.has(type - 1) ? 'in' : 'point', event, duration };
}

/** splice_time() (9.8.1): one byte without a time, five with one. */
const spliceTimeLength = (bytes: Buffer, position: number): number =>
  (bytes.readUInt8(position) & 0x80) === 0 ? 1 : 5;

/** The low 33 of 40 bits. */
const ticks33 = (bytes: Buffer, position: number): number =>
  (bytes.readUInt8(position) & 1) * 2 ** 32 + bytes.readUInt32BE(position + 1);
