import { addEmulationPrevention, BitWriter } from './sps-writer.js';

/** Fields of a sequence parameter set (ITU-T H.265 7.3.2.2), for tests of the reader. */
export interface HevcSpsFields {
  readonly subLayers: number;
  readonly chromaFormat: number;
  readonly width: number;
  readonly height: number;
  readonly window: readonly [number, number, number, number] | undefined;
  readonly bitDepth: number;
  readonly scalingLists: boolean;
  readonly pcm: boolean;
  /** Reference pictures in each short-term set; every second set is predicted from the one before. */
  readonly shortTermSets: readonly number[];
  readonly longTermPictures: number;
  readonly sar: readonly [number, number] | undefined;
  readonly colour: readonly [number, number, number] | undefined;
  readonly timing: readonly [units: number, scale: number] | undefined;
}

export const PLAIN_HEVC_SPS: HevcSpsFields = {
  subLayers: 1,
  chromaFormat: 1,
  width: 1280,
  height: 720,
  window: undefined,
  bitDepth: 8,
  scalingLists: false,
  pcm: false,
  shortTermSets: [],
  longTermPictures: 0,
  sar: undefined,
  colour: undefined,
  timing: undefined,
};

/** The NAL unit, header and emulation prevention included. */
export function writeHevcSps(fields: HevcSpsFields): Buffer {
  const w = new BitWriter();
  w.bits(0, 4)
    .bits(fields.subLayers - 1, 3)
    .bits(1, 1);
  w.bits(1, 8).bits(0x6000_0000, 32).bits(0x9000, 16).bits(0, 32).bits(93, 8);
  writeSubLayers(w, fields.subLayers);
  w.ue(0).ue(fields.chromaFormat);
  if (fields.chromaFormat === 3) w.bits(0, 1);
  w.ue(fields.width).ue(fields.height);
  w.bits(fields.window ? 1 : 0, 1);
  for (const edge of fields.window ?? []) w.ue(edge);
  w.ue(fields.bitDepth - 8)
    .ue(fields.bitDepth - 8)
    .ue(4)
    .bits(1, 1);
  for (let layer = 0; layer < fields.subLayers; layer++) w.ue(4).ue(2).ue(0);
  w.ue(0).ue(3).ue(0).ue(3).ue(1).ue(1);
  writeScalingLists(w, fields.scalingLists);
  w.bits(3, 2);
  w.bits(fields.pcm ? 1 : 0, 1);
  if (fields.pcm) w.bits(0x77, 8).ue(0).ue(2).bits(1, 1);
  writeShortTermSets(w, fields.shortTermSets);
  w.bits(fields.longTermPictures > 0 ? 1 : 0, 1);
  if (fields.longTermPictures > 0) w.ue(fields.longTermPictures);
  for (let i = 0; i < fields.longTermPictures; i++) w.bits(i, 8).bits(1, 1);
  w.bits(3, 2);
  writeVui(w, fields);
  return Buffer.concat([Buffer.of(0x42, 0x01), addEmulationPrevention(w.rbsp())]);
}

function writeSubLayers(w: BitWriter, subLayers: number): void {
  if (subLayers === 1) return;
  // Every other layer states its profile, all state their level.
  for (let layer = 1; layer < subLayers; layer++) w.bits(layer % 2, 1).bits(1, 1);
  w.bits(0, 2 * (9 - subLayers));
  for (let layer = 1; layer < subLayers; layer++) w.bits(0, layer % 2 === 1 ? 88 : 0).bits(93, 8);
}

function writeScalingLists(w: BitWriter, present: boolean): void {
  w.bits(present ? 3 : 0, present ? 2 : 1);
  if (!present) return;
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      w.bits(matrix % 2, 1);
      if (matrix % 2 === 0) {
        w.ue(0);
        continue;
      }
      if (size > 1) w.se(8);
      for (let i = 0; i < Math.min(64, 16 << (2 * size)); i++) w.se(i % 3);
    }
  }
}

function writeShortTermSets(w: BitWriter, sets: readonly number[]): void {
  w.ue(sets.length);
  let pictures = 0;
  sets.forEach((wanted, set) => {
    if (set > 0) w.bits(set % 2, 1);
    if (set % 2 === 1) {
      // Predicted: every picture of the set before and one more are kept, or left out for the odd ones.
      w.bits(0, 1).ue(0);
      let kept = 0;
      for (let i = 0; i <= pictures; i++) {
        if (i < wanted) kept++;
        w.bits(i < wanted ? 1 : 0, i < wanted ? 1 : 2);
      }
      pictures = kept;
    } else {
      w.ue(wanted).ue(0);
      for (let i = 0; i < wanted; i++) w.ue(i).bits(1, 1);
      pictures = wanted;
    }
  });
}

function writeVui(w: BitWriter, { sar, colour, timing }: HevcSpsFields): void {
  w.bits(1, 1);
  w.bits(sar ? 1 : 0, 1);
  if (sar) w.bits(255, 8).bits(sar[0], 16).bits(sar[1], 16);
  w.bits(0, 1);
  w.bits(colour ? 1 : 0, 1);
  if (colour) {
    w.bits(5, 3).bits(0, 1).bits(1, 1);
    for (const code of colour) w.bits(code, 8);
  }
  w.bits(0, 1).bits(0, 3);
  w.bits(1, 1).ue(0).ue(0).ue(0).ue(0); // default display window
  w.bits(timing ? 1 : 0, 1);
  if (timing) w.bits(timing[0], 32).bits(timing[1], 32).bits(0, 2);
  w.bits(0, 1);
}
