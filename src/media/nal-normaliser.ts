import { MillraceError } from '../errors.js';
import { buildAvcConfig, parseAvcConfig } from './avc-config.js';
import { buildHevcConfig, parseHevcConfig } from './hevc-config.js';
import { HEVC_NAL_TYPE } from './hevc-unit.js';
import { isAnnexB, joinLengthPrefixed, NAL_TYPE, nalEnd, splitAnnexB, type NalLengthSize } from './nal.js';
import type { NewVideoConfig, NormalUnit, VideoNormaliser } from './video-normaliser.js';

interface ParameterSets {
  /** HEVC only. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
}

/** What tells AVC and HEVC apart here. */
interface Syntax {
  /** From the first byte of a NAL unit. */
  readonly typeOf: (header: number) => number;
  readonly types: {
    readonly vps: number;
    readonly sps: number;
    readonly pps: number;
    readonly delimiter: number;
  };
  readonly parse: (record: Buffer) => ParameterSets & { readonly nalLengthSize: NalLengthSize };
  readonly build: (sets: ParameterSets, nalLengthSize: NalLengthSize) => Buffer;
}

const NO_SUCH_TYPE = -1;
const SYNTAX: Readonly<Record<'avc' | 'hevc', Syntax>> = {
  avc: {
    typeOf: (header) => header & 0x1f,
    types: {
      vps: NO_SUCH_TYPE,
      sps: NAL_TYPE.sps,
      pps: NAL_TYPE.pps,
      delimiter: NAL_TYPE.accessUnitDelimiter,
    },
    parse: (record) => ({ vps: [], ...parseAvcConfig(record) }),
    build: ({ sps, pps }, nalLengthSize) => buildAvcConfig(sps, pps, nalLengthSize),
  },
  hevc: {
    typeOf: (header) => (header >> 1) & 0x3f,
    types: {
      vps: HEVC_NAL_TYPE.vps,
      sps: HEVC_NAL_TYPE.sps,
      pps: HEVC_NAL_TYPE.pps,
      delimiter: HEVC_NAL_TYPE.accessUnitDelimiter,
    },
    parse: parseHevcConfig,
    build: ({ vps, sps, pps }, nalLengthSize) => buildHevcConfig(vps, sps, pps, nalLengthSize),
  },
};

/** What a stream has that never sent a record. */
const DEFAULT_LENGTH_SIZE: NalLengthSize = 4;

/** A unit of more NAL units than this is left as it is: the highest levels allow 600 slices. */
export const MAX_NALS_IN_UNIT = 2048;
/** More sets of a kind in one unit are passed over: no codec here has ids for more. */
const MAX_SETS = 256;
/** The sets of a unit are passed over where they have more bytes: no record of them would be taken. */
const MAX_SETS_BYTES = 64 * 1024;

/**
 * Turns start codes into lengths, and makes a record of the parameter sets in the frames where the encoder sent none or
 * sent one that the frames go beyond.
 */
export class NalNormaliser implements VideoNormaliser {
  readonly #syntax: Syntax;
  #received: Buffer | undefined;
  #lengthSize: NalLengthSize = DEFAULT_LENGTH_SIZE;
  /** Whether NAL units stand behind start codes; undefined until a unit has shown it. */
  #startCodes: boolean | undefined;
  /** The newest of each kind that were seen. */
  #sets: ParameterSets = { vps: [], sps: [], pps: [] };
  /** The sequence parameter sets of the configuration in force. */
  #inForce: readonly Buffer[] = [];

  constructor(codec: 'avc' | 'hevc') {
    this.#syntax = SYNTAX[codec];
  }

  config(record: Buffer): NewVideoConfig | undefined {
    // One that is repeated is no news, least of all when frames have gone beyond it.
    if (this.#received?.equals(record) === true) return undefined;
    if (isAnnexB(record)) {
      this.#received = record;
      this.#gather(this.#withLengths(record));
      return this.#completed();
    }
    const { nalLengthSize, vps, sps, pps } = this.#syntax.parse(record);
    this.#received = record;
    this.#lengthSize = nalLengthSize;
    this.#startCodes = undefined;
    this.#sets = { vps, sps, pps };
    this.#inForce = sps;
    return { record };
  }

  unit(sent: Buffer): NormalUnit {
    const data = this.#hasStartCodes(sent) ? this.#withLengths(sent) : sent;
    const content = this.#survey(data);
    if (content === 'no sets') return { config: undefined, data };
    this.#gather(data);
    // A message of parameter sets alone is no picture, and has no time of its own.
    return { config: this.#completed(), data: content === 'sets alone' ? undefined : data };
  }

  /**
   * Lengths that add up are never taken for start codes, as which the length of a NAL unit can look; nor is anything
   * once lengths have added up.
   */
  #hasStartCodes(data: Buffer): boolean {
    if (this.#startCodes === undefined) {
      if (this.#addsUp(data)) this.#startCodes = false;
      else if (isAnnexB(data)) this.#startCodes = true;
    }
    return this.#startCodes === true && isAnnexB(data);
  }

  #addsUp(data: Buffer): boolean {
    for (let position = 0; position < data.length;) {
      position = nalEnd(data, position, this.#lengthSize);
      if (position < 0) return false;
    }
    return true;
  }

  /** What is no byte stream, or too many NAL units, stays as it is, for others to refuse. */
  #withLengths(byteStream: Buffer): Buffer {
    try {
      return joinLengthPrefixed(splitAnnexB(byteStream, MAX_NALS_IN_UNIT), this.#lengthSize);
    } catch (error) {
      if (error instanceof MillraceError) return byteStream;
      throw error;
    }
  }

  /** Nothing is taken out of a unit whose lengths do not add up. */
  #survey(data: Buffer): 'no sets' | 'sets alone' | 'sets and more' {
    const { typeOf, types } = this.#syntax;
    let sets = false;
    let more = false;
    for (let position = 0; position < data.length;) {
      const end = nalEnd(data, position, this.#lengthSize);
      if (end < 0) return 'no sets';
      const type = typeOf(data.readUInt8(position + this.#lengthSize));
      if (type === types.sps || type === types.pps || type === types.vps) sets = true;
      else if (type !== types.delimiter) more = true;
      position = end;
    }
    if (!sets) return 'no sets';
    return more ? 'sets and more' : 'sets alone';
  }

  /** Keeps the parameter sets of a unit, of each kind that it has. */
  #gather(data: Buffer): void {
    const { typeOf, types } = this.#syntax;
    const found: { vps: Buffer[]; sps: Buffer[]; pps: Buffer[] } = { vps: [], sps: [], pps: [] };
    let bytes = 0;
    for (let position = 0; position < data.length;) {
      const end = nalEnd(data, position, this.#lengthSize);
      if (end < 0) return;
      const start = position + this.#lengthSize;
      const type = typeOf(data.readUInt8(start));
      const kind =
        type === types.sps ? 'sps' : type === types.pps ? 'pps' : type === types.vps ? 'vps' : undefined;
      if (kind !== undefined && found[kind].length < MAX_SETS) {
        bytes += end - start;
        if (bytes > MAX_SETS_BYTES) return;
        found[kind].push(Buffer.from(data.subarray(start, end)));
      }
      position = end;
    }
    const { vps, sps, pps } = this.#sets;
    this.#sets = {
      vps: found.vps.length > 0 ? found.vps : vps,
      sps: found.sps.length > 0 ? found.sps : sps,
      pps: found.pps.length > 0 ? found.pps : pps,
    };
  }

  /** A configuration from the sets that were seen, where its picture is not the one in force. */
  #completed(): NewVideoConfig | undefined {
    const { sps, pps } = this.#sets;
    if (pps.length === 0 || sps.every((set) => this.#inForce.some((known) => sameSet(known, set))))
      return undefined;
    try {
      const record = this.#syntax.build(this.#sets, this.#lengthSize);
      this.#inForce = sps;
      return { record };
    } catch (error) {
      if (error instanceof MillraceError) return undefined;
      throw error;
    }
  }
}

/** Zero bytes behind a NAL unit belong to none. */
function sameSet(a: Buffer, b: Buffer): boolean {
  return a.subarray(0, lengthWithoutZeros(a)).equals(b.subarray(0, lengthWithoutZeros(b)));
}

function lengthWithoutZeros(nal: Buffer): number {
  let length = nal.length;
  while (length > 0 && nal[length - 1] === 0) length--;
  return length;
}
