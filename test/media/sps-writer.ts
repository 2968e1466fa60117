/** Writes sequence parameter sets (ITU-T H.264 7.3.2.1.1) field by field, for tests of the reader. */
export class BitWriter {
  readonly #bits: number[] = [];

  bits(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push(Math.floor(value / 2 ** i) % 2);
    return this;
  }

  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1));
    return this.bits(0, length).bits(value + 1, length + 1);
  }

  se(value: number): this {
    return this.ue(value > 0 ? value * 2 - 1 : -value * 2);
  }

  /** Ends with a 1 bit and zeros to the byte boundary, as rbsp_trailing_bits() does. */
  rbsp(): Buffer {
    const bits = [...this.#bits, 1];
    while (bits.length % 8 !== 0) bits.push(0);
    const bytes: number[] = [];
    for (let i = 0; i < bits.length; i += 8) bytes.push(parseInt(bits.slice(i, i + 8).join(''), 2));
    return Buffer.from(bytes);
  }
}

export interface SpsFields {
  readonly profile: number;
  readonly constraints: number;
  readonly level: number;
  readonly chromaFormat: number;
  readonly bitDepth: number;
  /** One entry per list present: the deltas to write. */
  readonly scalingLists: readonly (readonly number[] | undefined)[] | undefined;
  readonly widthInMacroblocks: number;
  readonly heightInMapUnits: number;
  readonly framesOnly: boolean;
  readonly crop: readonly [number, number, number, number] | undefined;
  readonly pocType: 0 | 1 | 2;
  readonly sar: readonly [number, number] | undefined;
  readonly colour: readonly [number, number, number] | undefined;
  readonly fullRange: boolean;
  readonly timing: readonly [number, number] | undefined;
}

export const PLAIN_SPS: SpsFields = {
  profile: 100,
  constraints: 0,
  level: 31,
  chromaFormat: 1,
  bitDepth: 8,
  scalingLists: undefined,
  widthInMacroblocks: 80,
  heightInMapUnits: 45,
  framesOnly: true,
  crop: undefined,
  pocType: 0,
  sar: undefined,
  colour: undefined,
  fullRange: false,
  timing: undefined,
};

export const HIGH_PROFILES = [100, 110, 122, 244];

/** The NAL unit, header and emulation prevention included. */
export function writeSps(fields: SpsFields): Buffer {
  const w = new BitWriter();
  w.bits(fields.profile, 8).bits(fields.constraints, 8).bits(fields.level, 8).ue(0);
  if (HIGH_PROFILES.includes(fields.profile)) writeFormat(w, fields);
  w.ue(4).ue(fields.pocType);
  if (fields.pocType === 0) w.ue(2);
  if (fields.pocType === 1) w.bits(0, 1).se(-3).se(2).ue(2).se(5).se(-7);
  w.ue(3).bits(0, 1);
  w.ue(fields.widthInMacroblocks - 1).ue(fields.heightInMapUnits - 1);
  w.bits(fields.framesOnly ? 1 : 0, 1);
  if (!fields.framesOnly) w.bits(1, 1);
  w.bits(1, 1);
  w.bits(fields.crop ? 1 : 0, 1);
  for (const edge of fields.crop ?? []) w.ue(edge);
  writeVui(w, fields);
  return Buffer.concat([Buffer.from([0x67]), addEmulationPrevention(w.rbsp())]);
}

function writeFormat(w: BitWriter, fields: SpsFields): void {
  w.ue(fields.chromaFormat);
  if (fields.chromaFormat === 3) w.bits(0, 1);
  w.ue(fields.bitDepth - 8)
    .ue(fields.bitDepth - 8)
    .bits(0, 1);
  w.bits(fields.scalingLists ? 1 : 0, 1);
  for (const list of fields.scalingLists ?? []) {
    w.bits(list ? 1 : 0, 1);
    for (const delta of list ?? []) w.se(delta);
  }
}

function writeVui(w: BitWriter, { sar, colour, fullRange, timing }: SpsFields): void {
  if (!sar && !colour && !timing) {
    w.bits(0, 1);
    return;
  }
  w.bits(1, 1);
  w.bits(sar ? 1 : 0, 1);
  if (sar) w.bits(255, 8).bits(sar[0], 16).bits(sar[1], 16);
  w.bits(0, 1);
  w.bits(colour ? 1 : 0, 1);
  if (colour) {
    w.bits(5, 3)
      .bits(fullRange ? 1 : 0, 1)
      .bits(1, 1);
    for (const code of colour) w.bits(code, 8);
  }
  w.bits(0, 1);
  w.bits(timing ? 1 : 0, 1);
  if (timing) w.bits(timing[0], 32).bits(timing[1], 32).bits(1, 1);
  w.bits(0, 4); // no HRD parameters, no pic_struct, no bitstream restriction
}

export function addEmulationPrevention(rbsp: Buffer): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out.push(byte);
  }
  return Buffer.from(out);
}

export const PLAIN_PPS = Buffer.from([0x68, 0xee, 0x3c, 0x80]);
