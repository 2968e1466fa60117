import { HEVC_NAL_TYPE } from './hevc-unit.js';
import { NAL_TYPE, nalEnd, removeEmulationPrevention, type NalLengthSize } from './nal.js';
import type { VideoTrack } from './track.js';
import { parseVideoConfig } from './video-config.js';

/** As INSTREAM-ID names them (RFC 8216bis 4.4.6.1): channels of CEA-608, services of CEA-708. */
export type CaptionService = `CC${number}` | `SERVICE${number}`;

/** Pictures that are looked at before captions are given up on: a quarter of an hour at 30 a second. */
export const MAX_PICTURES = 27_000;

/** Pictures that are looked at once the first captions were found: other channels and services show by then. */
const MORE_PICTURES = 900;

/** SEI longer than this is not captions: they are at most 31 triplets and some. */
const MAX_SEI_BYTES = 4096;

/** user_data_registered_itu_t_t35 of ATSC (A/53 part 4, 6.2.3): country, provider, `GA94`, cc_data. */
const ATSC_USER_DATA = Buffer.from([0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]);
const ATSC_IDENTIFIER = Buffer.from('GA94', 'latin1');
const USER_DATA_REGISTERED = 4;
/** cc_type, with cc_valid: a pair of bytes of either field, or the beginning or more of a packet of CEA-708. */
const CC = { field1: 4, field2: 5, packetData: 6, packetStart: 7 } as const;

/** Where the captions stand in a codec's access units. */
interface Syntax {
  readonly lengthSize: NalLengthSize;
  readonly headerLength: number;
  /** By the first byte of a NAL unit. */
  readonly isSei: (header: number) => boolean;
}

/** A scan of what can carry captions in SEI; undefined for other codecs. */
export function scanForCaptions({ codec, decoderConfig }: VideoTrack): CaptionScan | undefined {
  if (codec !== 'avc' && codec !== 'hevc') return undefined;
  const lengthSize = parseVideoConfig(codec, decoderConfig).nalLengthSize ?? 4;
  return new CaptionScan(
    codec === 'avc'
      ? { lengthSize, headerLength: 1, isSei: (header) => (header & 0x1f) === NAL_TYPE.sei }
      : {
          lengthSize,
          headerLength: 2,
          isSei: (header) => ((header >> 1) & 0x3f) === HEVC_NAL_TYPE.prefixSei,
        },
  );
}

/**
 * Finds out which captions a video track carries. Padding, which some encoders send for ever, is none: a channel counts
 * when it is told to do something, a service when it is sent something.
 */
export class CaptionScan {
  readonly #syntax: Syntax;
  readonly #services = new Set<CaptionService>();
  #left = MAX_PICTURES;
  /** The number of the service stands in the next bytes of the packet. */
  #extended = false;

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  /** Found so far. */
  get services(): ReadonlySet<CaptionService> {
    return this.#services;
  }

  /** Looks into one access unit. True when there is a service that was not there before. */
  look(unit: Buffer): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    const before = this.#services.size;
    const { lengthSize, headerLength, isSei } = this.#syntax;
    for (let position = 0; position < unit.length;) {
      const end = nalEnd(unit, position, lengthSize);
      if (end < 0) break;
      const start = position + lengthSize;
      if (isSei(unit.readUInt8(start)) && end - start <= MAX_SEI_BYTES) {
        const payload = unit.subarray(start + headerLength, end);
        if (payload.includes(ATSC_IDENTIFIER)) this.#messages(removeEmulationPrevention(payload));
      }
      position = end;
    }
    const found = this.#services.size > before;
    if (found && before === 0) this.#left = Math.min(this.#left, MORE_PICTURES);
    return found;
  }

  /** The messages of an SEI NAL unit (ITU-T H.264 7.3.2.3.1). */
  #messages(sei: Buffer): void {
    let position = 0;
    const number = (): number => {
      let value = 0;
      while (sei[position] === 0xff) {
        value += 0xff;
        position++;
      }
      return value + (sei[position++] ?? 0);
    };
    // What is left at the end are the trailing bits.
    while (position + 2 < sei.length) {
      const type = number();
      const size = number();
      if (type === USER_DATA_REGISTERED) this.#userData(sei.subarray(position, position + size));
      position += size;
    }
  }

  #userData(payload: Buffer): void {
    if (payload.indexOf(ATSC_USER_DATA) !== 0) return;
    const flags = payload[ATSC_USER_DATA.length] ?? 0;
    const isProcessed = (flags & 0x40) !== 0;
    if (!isProcessed) return;
    const triplets = payload.subarray(ATSC_USER_DATA.length + 2);
    const count = Math.min(flags & 0x1f, Math.floor(triplets.length / 3));
    for (let i = 0; i < count; i++)
      this.#triplet(triplets.readUInt8(3 * i), triplets.readUInt8(3 * i + 1), triplets.readUInt8(3 * i + 2));
  }

  #triplet(head: number, first: number, second: number): void {
    switch (head & 7) {
      case CC.field1:
        this.#pair(1, first & 0x7f);
        break;
      case CC.field2:
        this.#pair(3, first & 0x7f);
        break;
      case CC.packetStart:
        // The packet's header, then that of its first service block (CEA-708 6.2.1).
        this.#extended = second >> 5 === 7 && (second & 0x1f) > 0;
        if (!this.#extended && (second & 0x1f) > 0) this.#service(second >> 5);
        break;
      case CC.packetData:
        if (this.#extended) this.#service(first & 0x3f);
        this.#extended = false;
        break;
    }
  }

  /** A control code (CEA-608 8.4) names its channel: the first of its field, or the second. */
  #pair(firstChannel: number, code: number): void {
    if (code < 0x10 || code > 0x1f) return;
    this.#services.add(`CC${firstChannel + (code & 8 ? 1 : 0)}`);
  }

  /** 0 stands for none. */
  #service(number: number): void {
    if (number > 0) this.#services.add(`SERVICE${number}`);
  }
}
