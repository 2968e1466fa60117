import { childrenOf, Cursor, find, findPath, readBoxes, type Box } from './box-reader.js';
import { readSampleEntry, type SampleEntry } from './sample-entry.js';

/** Defaults for a track's samples (ISO/IEC 14496-12 8.8.3). */
export interface TrackDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

export interface InitTrack {
  readonly id: number;
  /** `vide`, `soun`, `text`, `subt` and others. */
  readonly handler: string;
  readonly timescale: number;
  readonly entry: SampleEntry | undefined;
  /** From the track header, pixels: after the sample aspect ratio. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** media_time of the first edit that is not empty; 0 without an edit list. */
  readonly editStart: number;
  readonly duration: number;
  readonly samples: number;
  /** All media is in the file itself. */
  readonly selfContained: boolean;
  readonly defaults: TrackDefaults;
}

/** What an init segment says. */
export interface InitSegment {
  readonly brands: readonly string[];
  readonly tracks: readonly InitTrack[];
  readonly movieDuration: number;
  readonly hasMovieExtends: boolean;
  /** Types of the boxes at the top, in order. */
  readonly boxes: readonly string[];
  readonly faults: readonly string[];
}

/** Tracks looked at in one file. */
const MAX_TRACKS = 16;

const NO_DEFAULTS: TrackDefaults = { duration: 0, size: 0, flags: 0 };

/** The brands of a file from its first box, `ftyp` or `styp`. */
export function brandsOf(box: Box | undefined): readonly string[] {
  if (box === undefined) return [];
  const cursor = new Cursor(box.body);
  const brands = [cursor.text(4)];
  cursor.skip(4);
  while (cursor.left >= 4 && brands.length < 64) brands.push(cursor.text(4));
  return brands;
}

/** Reads an init segment (ISO/IEC 14496-12 8.2, 8.8). Never throws. */
export function readInitSegment(data: Buffer): InitSegment {
  const { boxes, fault } = readBoxes(data);
  const faults = fault === undefined ? [] : [fault];
  const moov = find(boxes, 'moov');
  const inMoov = moov === undefined ? [] : childrenOf(moov);
  const extended = find(inMoov, 'mvex');
  const defaults = new Map<number, TrackDefaults>();
  for (const trex of extended === undefined
    ? []
    : childrenOf(extended).filter((box) => box.type === 'trex')) {
    const cursor = new Cursor(trex.body);
    cursor.skip(4);
    const id = cursor.unsigned(4);
    cursor.skip(4);
    defaults.set(id, { duration: cursor.unsigned(4), size: cursor.unsigned(4), flags: cursor.unsigned(4) });
  }
  const tracks = inMoov
    .filter((box) => box.type === 'trak')
    .slice(0, MAX_TRACKS)
    .map((trak) => readTrack(childrenOf(trak), defaults));
  return {
    brands: brandsOf(find(boxes, 'ftyp')),
    tracks,
    movieDuration: readTimes(find(inMoov, 'mvhd')).duration,
    hasMovieExtends: extended !== undefined,
    boxes: boxes.map((box) => box.type),
    faults,
  };
}

function readTrack(trak: readonly Box[], defaults: ReadonlyMap<number, TrackDefaults>): InitTrack {
  const header = readTrackHeader(find(trak, 'tkhd'));
  const mdia = find(trak, 'mdia');
  const media = mdia === undefined ? [] : childrenOf(mdia);
  const handler = new Cursor(find(media, 'hdlr')?.body ?? Buffer.alloc(0));
  handler.skip(8);
  const sampleTable = findPath(media, 'minf', 'stbl');
  const table = sampleTable === undefined ? [] : childrenOf(sampleTable);
  const sizes = new Cursor(find(table, 'stsz')?.body ?? Buffer.alloc(12));
  sizes.skip(8);
  return {
    ...header,
    handler: handler.text(4),
    timescale: readTimes(find(media, 'mdhd')).timescale,
    entry: readSampleEntry(find(table, 'stsd')),
    editStart: readEditStart(findPath(trak, 'edts', 'elst')),
    samples: sizes.unsigned(4),
    selfContained: isSelfContained(findPath(media, 'minf', 'dinf', 'dref')),
    defaults: defaults.get(header.id) ?? NO_DEFAULTS,
  };
}

/** `mvhd` and `mdhd` begin alike. */
function readTimes(box: Box | undefined): { timescale: number; duration: number } {
  const cursor = new Cursor(box?.body ?? Buffer.alloc(0));
  const long = cursor.unsigned(1) === 1;
  cursor.skip(3 + (long ? 16 : 8));
  const timescale = cursor.unsigned(4);
  return { timescale, duration: known(cursor.unsigned(long ? 8 : 4), long) };
}

/** All ones means that a duration is not known. */
const known = (duration: number, long: boolean): number =>
  duration === (long ? Number(0xffff_ffff_ffff_ffffn) : 0xffff_ffff) ? 0 : duration;

function readTrackHeader(box: Box | undefined) {
  const cursor = new Cursor(box?.body ?? Buffer.alloc(0));
  const long = cursor.unsigned(1) === 1;
  cursor.skip(3 + (long ? 16 : 8));
  const id = cursor.unsigned(4);
  cursor.skip(4);
  const duration = known(cursor.unsigned(long ? 8 : 4), long);
  cursor.skip(8 + 8 + 36);
  const displayWidth = cursor.unsigned(4) / 65_536;
  const displayHeight = cursor.unsigned(4) / 65_536;
  return { id, duration, displayWidth, displayHeight };
}

function readEditStart(box: Box | undefined): number {
  if (box === undefined) return 0;
  const cursor = new Cursor(box.body);
  const long = cursor.unsigned(1) === 1;
  cursor.skip(3);
  const count = cursor.unsigned(4);
  for (let i = 0; i < count && cursor.left > 0; i++) {
    cursor.skip(long ? 8 : 4);
    const mediaTime = cursor.signed(long ? 8 : 4);
    cursor.skip(4);
    if (mediaTime >= 0) return mediaTime;
  }
  return 0;
}

function isSelfContained(dref: Box | undefined): boolean {
  if (dref === undefined) return true;
  return readBoxes(dref.body.subarray(8)).boxes.every((entry) => (entry.body[3] ?? 0) % 2 === 1);
}
