import { createHash } from 'node:crypto';
import { childrenOf, Cursor, find, readBoxes, type Box } from './box-reader.js';
import type { InitSegment, InitTrack } from './init-segment.js';
import { brandsOf } from './init-segment.js';

/** One sample as a fragment describes it; times in ticks of its track. */
export interface Sample {
  readonly dts: number;
  readonly duration: number;
  readonly compositionOffset: number;
  readonly size: number;
  readonly sync: boolean;
  /** Tells whether two samples hold the same bytes. */
  readonly digest: string;
  /** Whether its bytes hold a picture that decoding can begin at; undefined where that is not looked at. */
  readonly randomAccess: boolean | undefined;
}

export interface TrackFragment {
  readonly trackId: number;
  /** The init segment's track; undefined where none has this number. */
  readonly track: InitTrack | undefined;
  /** Offsets count from the moof (ISO/IEC 14496-12 8.8.7). */
  readonly baseIsMoof: boolean;
  /** Undefined without `tfdt`. */
  readonly baseDecodeTime: number | undefined;
  readonly baseDecodeTimeBits: 32 | 64;
  readonly samples: readonly Sample[];
}

/** What a segment or a part holds. */
export interface Fragments {
  readonly brands: readonly string[];
  /** Types of the boxes at the top, in order. */
  readonly boxes: readonly string[];
  readonly tracks: readonly TrackFragment[];
  /** Whether there was an init segment to read it by. */
  readonly hasInit: boolean;
  readonly faults: readonly string[];
}

/** Samples looked at in one file. */
const MAX_SAMPLES = 100_000;

const TFHD = { base: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20, baseIsMoof: 0x2_0000 };
const TRUN = { offset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 };
const NON_SYNC = 0x1_0000;

/** Reads the fragments of a segment or part (ISO/IEC 14496-12 8.8). Never throws. */
export function readFragments(data: Buffer, init: InitSegment | undefined): Fragments {
  const { boxes, fault } = readBoxes(data);
  const faults = fault === undefined ? [] : [fault];
  const tracks: TrackFragment[] = [];
  let samples = 0;
  boxes.forEach((box, index) => {
    if (box.type !== 'moof') return;
    if (boxes[index + 1]?.type !== 'mdat') faults.push(`no mdat follows the moof at ${box.offset}`);
    for (const traf of childrenOf(box).filter((child) => child.type === 'traf')) {
      if (samples > MAX_SAMPLES) return;
      const fragment = readTrackFragment(data, box, childrenOf(traf), init, faults);
      samples += fragment.samples.length;
      tracks.push(fragment);
    }
  });
  return {
    brands: brandsOf(find(boxes, 'styp')),
    boxes: boxes.map((box) => box.type),
    tracks,
    hasInit: init !== undefined,
    faults,
  };
}

function readTrackFragment(
  data: Buffer,
  moof: Box,
  traf: readonly Box[],
  init: InitSegment | undefined,
  faults: string[],
): TrackFragment {
  const header = new Cursor(find(traf, 'tfhd')?.body ?? Buffer.alloc(0));
  const flags = header.unsigned(4) & 0xff_ffff;
  const trackId = header.unsigned(4);
  const track = init?.tracks.find(({ id }) => id === trackId);
  const base = flags & TFHD.base ? header.unsigned(8) : moof.offset;
  if (flags & TFHD.description) header.skip(4);
  const defaults = {
    duration: flags & TFHD.duration ? header.unsigned(4) : (track?.defaults.duration ?? 0),
    size: flags & TFHD.size ? header.unsigned(4) : (track?.defaults.size ?? 0),
    flags: flags & TFHD.flags ? header.unsigned(4) : (track?.defaults.flags ?? 0),
  };
  const time = new Cursor(find(traf, 'tfdt')?.body ?? Buffer.alloc(0));
  const long = time.unsigned(4) >>> 24 === 1;
  const baseDecodeTime = time.left === 0 ? undefined : time.unsigned(long ? 8 : 4);
  const samples: Sample[] = [];
  let dts = baseDecodeTime ?? 0;
  let position = base;
  for (const trun of traf.filter((box) => box.type === 'trun')) {
    const run = new Cursor(trun.body);
    const runFlags = run.unsigned(4) & 0xff_ffff;
    const signed = trun.body[0] === 1;
    const count = run.unsigned(4);
    if (runFlags & TRUN.offset) position = base + run.signed(4);
    const firstFlags = runFlags & TRUN.firstFlags ? run.unsigned(4) : undefined;
    for (let i = 0; i < count && samples.length < MAX_SAMPLES; i++) {
      const duration = runFlags & TRUN.duration ? run.unsigned(4) : defaults.duration;
      const size = runFlags & TRUN.size ? run.unsigned(4) : defaults.size;
      const own = runFlags & TRUN.flags ? run.unsigned(4) : defaults.flags;
      const sampleFlags = i === 0 && firstFlags !== undefined ? firstFlags : own;
      const offset = runFlags & TRUN.composition ? (signed ? run.signed(4) : run.unsigned(4)) : 0;
      if (run.overrun) break;
      const bytes = data.subarray(position, position + size);
      if (position < 0 || bytes.length < size) {
        faults.push(`a sample's bytes are outside the file, at ${position}`);
        return done();
      }
      samples.push({
        dts,
        duration,
        compositionOffset: offset,
        size,
        sync: (sampleFlags & NON_SYNC) === 0,
        digest: createHash('sha1').update(bytes).digest('base64url'),
        randomAccess: samples.length === 0 ? randomAccess(bytes, track) : undefined,
      });
      dts += duration;
      position += size;
    }
    if (run.overrun) faults.push(`a trun in the moof at ${moof.offset} ends too early`);
  }
  return done();

  function done(): TrackFragment {
    return {
      trackId,
      track,
      baseIsMoof: (flags & TFHD.baseIsMoof) !== 0 && (flags & TFHD.base) === 0,
      baseDecodeTime,
      baseDecodeTimeBits: long ? 64 : 32,
      samples,
    };
  }
}

/** NAL unit types of pictures that decoding can begin at: H.264 IDR; H.265 IDR and CRA. */
const RANDOM_ACCESS = { avc: new Set([5]), hevc: new Set([19, 20, 21]) };

function randomAccess(sample: Buffer, track: InitTrack | undefined): boolean | undefined {
  const entry = track?.entry;
  if (entry === undefined || entry.nalLengthSize === 0 || entry.encrypted) return undefined;
  const avc = entry.format.startsWith('avc');
  let position = 0;
  while (position + entry.nalLengthSize < sample.length) {
    const length = sample.readUIntBE(position, entry.nalLengthSize);
    const first = sample[position + entry.nalLengthSize] ?? 0;
    if (avc ? RANDOM_ACCESS.avc.has(first & 0x1f) : RANDOM_ACCESS.hevc.has((first >> 1) & 0x3f)) return true;
    position += entry.nalLengthSize + length;
  }
  return false;
}

/** Where the first and the last sample of a track begin and end, in seconds of decode time. */
export function spanOf(
  fragments: Fragments | undefined,
): { readonly start: number; readonly end: number; readonly timescale: number } | undefined {
  const first = fragments?.tracks[0];
  const track = first?.track;
  if (fragments === undefined || first === undefined || track === undefined || track.timescale === 0)
    return undefined;
  const own = fragments.tracks.filter(({ trackId }) => trackId === first.trackId);
  const last = own.at(-1)?.samples.at(-1);
  const start = first.samples[0]?.dts;
  if (last === undefined || start === undefined) return undefined;
  return {
    start: start / track.timescale,
    end: (last.dts + last.duration) / track.timescale,
    timescale: track.timescale,
  };
}

/** Samples of the main track: of pictures where there are any. */
export function mainSamples(fragments: Fragments): readonly Sample[] {
  const main = fragments.tracks.find(({ track }) => track?.handler === 'vide') ?? fragments.tracks[0];
  return fragments.tracks
    .filter(({ trackId }) => trackId === main?.trackId)
    .flatMap(({ samples }) => samples);
}
