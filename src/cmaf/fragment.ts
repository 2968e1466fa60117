import type { Ticks } from '../media/time.js';
import type { Track } from '../media/track.js';
import { box, fourCc, u32 } from './box.js';
import { TRACK_ID } from './init-segment.js';

/** One sample as it stands in a fragment. Durations and offsets in ticks of the track. */
export interface FragmentSample {
  /** To the next sample's decode time. */
  readonly duration: Ticks;
  /** Presentation minus decode time; may be negative. */
  readonly compositionOffset: Ticks;
  readonly keyframe: boolean;
  readonly data: Buffer;
}

export interface FragmentOptions {
  /** Rises from fragment to fragment of a track; from 1. */
  readonly sequence: number;
  readonly track: Pick<Track, 'kind'>;
  /** Decode time of the first sample. */
  readonly baseDecodeTime: Ticks;
  /** At least one. */
  readonly samples: readonly FragmentSample[];
  /** Wall clock of `baseDecodeTime` in ms since the Unix epoch; puts a `prft` box before the fragment. */
  readonly producerReferenceTime?: number;
}

const FULL_BOX_HEADER = 12;
const PRFT_SIZE = FULL_BOX_HEADER + 20;
const MFHD_SIZE = FULL_BOX_HEADER + 4;
const TFDT_SIZE = FULL_BOX_HEADER + 8;
const TRUN_FIXED_SIZE = FULL_BOX_HEADER + 8;

/** tf_flags, ISO/IEC 14496-12 8.8.7. */
const TFHD = { duration: 0x08, size: 0x10, flags: 0x20, defaultBaseIsMoof: 0x02_0000 } as const;
/** tr_flags, 8.8.8. */
const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  composition: 0x800,
} as const;
/** Sample flags, 8.8.3.1: depends on no other sample; depends on others and is not a sync sample. */
const SYNC_SAMPLE = 0x0200_0000;
const DELTA_SAMPLE = 0x0101_0000;

/** The time is that of a clock running alongside, at a constant distance from capture (ISO/IEC 14496-12 8.16.5). */
const PRFT_REAL_TIME = 24;
/** Seconds from 1900, where NTP begins, to 1970. */
const NTP_UNIX_OFFSET = 2_208_988_800;

/** The box that opens a segment: put it before the first fragment and the parts add up to the segment, byte for byte. */
export function segmentType(): Buffer {
  return SEGMENT_TYPE;
}

const SEGMENT_TYPE = box('styp', fourCc('msdh'), u32(0), fourCc('msdh', 'cmfs'));

/**
 * A CMAF chunk (ISO/IEC 23000-19 7.3.2.3): `moof` and `mdat`, self-contained but for the init segment. Sample values
 * that agree are stated once in the track fragment header. The samples' data is copied, once.
 */
export function fragment(options: FragmentOptions): Buffer {
  const { samples, baseDecodeTime, producerReferenceTime } = options;
  const layout = chooseLayout(samples);
  const tfhdSize =
    FULL_BOX_HEADER + 4 + 4 * countBits(layout.tfhdFlags & (TFHD.duration | TFHD.size | TFHD.flags));
  const sampleEntrySize =
    4 * countBits(layout.trunFlags & (TRUN.duration | TRUN.size | TRUN.flags | TRUN.composition));
  const firstFlagsSize = layout.trunFlags & TRUN.firstFlags ? 4 : 0;
  const trunSize = TRUN_FIXED_SIZE + firstFlagsSize + sampleEntrySize * samples.length;
  const trafSize = 8 + tfhdSize + TFDT_SIZE + trunSize;
  const moofSize = 8 + MFHD_SIZE + trafSize;
  const mdatSize = 8 + layout.dataSize;

  const prftSize = producerReferenceTime === undefined ? 0 : PRFT_SIZE;
  const writer = new Writer(prftSize + moofSize + mdatSize);
  if (producerReferenceTime !== undefined) writeProducerReferenceTime(writer, options, producerReferenceTime);

  writer.header('moof', moofSize);
  writer.fullHeader('mfhd', MFHD_SIZE, 0, 0);
  writer.u32(options.sequence);
  writer.header('traf', trafSize);
  writeTrackFragmentHeader(writer, tfhdSize, TRACK_ID[options.track.kind], layout);
  writer.fullHeader('tfdt', TFDT_SIZE, 1, 0);
  writer.u64(baseDecodeTime);
  writeTrackRun(writer, trunSize, moofSize + 8, samples, layout);

  writer.header('mdat', mdatSize);
  for (const sample of samples) writer.bytes(sample.data);
  return writer.buffer;
}

/** Which values all samples share and which are written for each. */
interface Layout {
  readonly tfhdFlags: number;
  readonly trunFlags: number;
  readonly defaultDuration: Ticks;
  readonly defaultSize: number;
  readonly defaultFlags: number;
  readonly firstFlags: number;
  readonly dataSize: number;
}

function chooseLayout(samples: readonly FragmentSample[]): Layout {
  const [first] = samples;
  if (first === undefined) throw new RangeError('a fragment needs at least one sample');
  const second = samples[1] ?? first;
  const firstFlags = sampleFlags(first);
  const defaultFlags = sampleFlags(second);
  let dataSize = 0;
  let sameDuration = true;
  let sameSize = true;
  let sameFlagsAfterFirst = true;
  let composed = false;
  samples.forEach((sample, index) => {
    dataSize += sample.data.length;
    sameDuration &&= sample.duration === first.duration;
    sameSize &&= sample.data.length === first.data.length;
    sameFlagsAfterFirst &&= index === 0 || sample.keyframe === second.keyframe;
    composed ||= sample.compositionOffset !== 0;
  });
  const tfhdFlags =
    TFHD.defaultBaseIsMoof |
    (sameDuration ? TFHD.duration : 0) |
    (sameSize ? TFHD.size : 0) |
    (sameFlagsAfterFirst ? TFHD.flags : 0);
  const flagsField = firstFlags === defaultFlags ? 0 : TRUN.firstFlags;
  const trunFlags =
    TRUN.dataOffset |
    (sameDuration ? 0 : TRUN.duration) |
    (sameSize ? 0 : TRUN.size) |
    (sameFlagsAfterFirst ? flagsField : TRUN.flags) |
    (composed ? TRUN.composition : 0);
  return {
    tfhdFlags,
    trunFlags,
    defaultDuration: first.duration,
    defaultSize: first.data.length,
    defaultFlags,
    firstFlags,
    dataSize,
  };
}

const sampleFlags = (sample: FragmentSample): number => (sample.keyframe ? SYNC_SAMPLE : DELTA_SAMPLE);

function writeTrackFragmentHeader(writer: Writer, size: number, trackId: number, layout: Layout): void {
  writer.fullHeader('tfhd', size, 0, layout.tfhdFlags);
  writer.u32(trackId);
  if (layout.tfhdFlags & TFHD.duration) writer.u32(layout.defaultDuration);
  if (layout.tfhdFlags & TFHD.size) writer.u32(layout.defaultSize);
  if (layout.tfhdFlags & TFHD.flags) writer.u32(layout.defaultFlags);
}

/** Version 1, whose composition offsets are signed. */
function writeTrackRun(
  writer: Writer,
  size: number,
  dataOffset: number,
  samples: readonly FragmentSample[],
  { trunFlags, firstFlags }: Layout,
): void {
  writer.fullHeader('trun', size, 1, trunFlags);
  writer.u32(samples.length);
  writer.u32(dataOffset);
  if (trunFlags & TRUN.firstFlags) writer.u32(firstFlags);
  for (const sample of samples) {
    if (trunFlags & TRUN.duration) writer.u32(sample.duration);
    if (trunFlags & TRUN.size) writer.u32(sample.data.length);
    if (trunFlags & TRUN.flags) writer.u32(sampleFlags(sample));
    if (trunFlags & TRUN.composition) writer.i32(sample.compositionOffset);
  }
}

function writeProducerReferenceTime(writer: Writer, options: FragmentOptions, wallClock: number): void {
  const seconds = Math.floor(wallClock / 1000);
  writer.fullHeader('prft', PRFT_SIZE, 1, PRFT_REAL_TIME);
  writer.u32(TRACK_ID[options.track.kind]);
  // NTP's seconds wrap in 2036 and go on from 0.
  writer.u32((seconds + NTP_UNIX_OFFSET) % 2 ** 32);
  writer.u32(Math.floor(((wallClock - seconds * 1000) / 1000) * 2 ** 32));
  writer.u64(options.baseDecodeTime);
}

/** Fills a buffer of known size from its start. Values out of range throw a RangeError. */
class Writer {
  readonly buffer: Buffer;
  #position = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  header(type: string, size: number): void {
    this.u32(size);
    this.#position += this.buffer.write(type, this.#position, 'latin1');
  }

  fullHeader(type: string, size: number, version: number, flags: number): void {
    this.header(type, size);
    this.u32(version * 2 ** 24 + flags);
  }

  u32(value: number): void {
    this.#position = this.buffer.writeUInt32BE(value, this.#position);
  }

  i32(value: number): void {
    this.#position = this.buffer.writeInt32BE(value, this.#position);
  }

  u64(value: number): void {
    this.u32(Math.floor(value / 2 ** 32));
    this.u32(value % 2 ** 32);
  }

  bytes(data: Buffer): void {
    this.#position += data.copy(this.buffer, this.#position);
  }
}

function countBits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
