import type { Cue } from '../media/cue.js';
import type { Milliseconds } from '../media/timestamp.js';
import type { Ticks } from '../media/time.js';
import { cString, fullBox, u32 } from './box.js';

/** ID3 tags in the media (AOM, Carriage of ID3 Timed Metadata in CMAF, 2). */
const ID3_SCHEME = 'https://aomedia.org/emsg/ID3';
/** Whole splice_info_sections (SCTE 214-3 7.3.1). */
const SCTE35_SCHEME = 'urn:scte:scte35:2013:bin';

const UNKNOWN_DURATION = 0xffff_ffff;

/** A cue on its way into the media. */
export interface CueEvent {
  /** Unique in the presentation, the same in every rendition. */
  readonly id: number;
  /** Of the epoch's media time. */
  readonly time: Milliseconds;
  readonly cue: Cue;
}

/** The place of an event on its track's timeline. */
export interface EventPlace {
  readonly timescale: number;
  /** Presentation time of the event. */
  readonly time: Ticks;
}

/**
 * A version 1 DASHEventMessageBox (ISO/IEC 23009-1 5.10.3.3), which goes before a fragment: a SCTE 35 message where the
 * cue has one, else what it says as an ID3 tag. Undefined where it says nothing.
 */
export function eventMessage({ id, cue }: CueEvent, { timescale, time }: EventPlace): Buffer | undefined {
  const { scte35, values, duration } = cue;
  if (scte35 === undefined && values.size === 0) return undefined;
  const ticks = duration === undefined ? UNKNOWN_DURATION : Math.round(duration * timescale);
  return fullBox(
    'emsg',
    1,
    0,
    u32(timescale, Math.floor(time / 2 ** 32), time % 2 ** 32, Math.min(ticks, UNKNOWN_DURATION), id),
    cString(scte35 === undefined ? ID3_SCHEME : SCTE35_SCHEME),
    cString(''),
    scte35 ?? id3Tag(values),
  );
}

/** An ID3v2.4 tag with a TXXX frame for each value, named by its key. */
function id3Tag(values: ReadonlyMap<string, string>): Buffer {
  const frames = [...values].flatMap(([name, value]) => {
    const content = Buffer.concat([UTF_8, Buffer.from(`${withoutZeros(name)}\0${withoutZeros(value)}`)]);
    return [Buffer.from('TXXX'), synchsafe(content.length), NO_FLAGS, content];
  });
  const size = frames.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([ID3_HEADER, synchsafe(size), ...frames]);
}

/** `ID3`, version 2.4.0, no flags. */
const ID3_HEADER = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0]);
const NO_FLAGS = Buffer.alloc(2);
/** Text encoding of a frame. */
const UTF_8 = Buffer.of(3);

/** A zero ends a name. */
const withoutZeros = (text: string): string => text.replaceAll('\0', '');

/** 28 bits in four bytes, the highest bit of each clear (ID3v2.4.0 6.2). */
const synchsafe = (value: number): Buffer =>
  Buffer.of((value >> 21) & 0x7f, (value >> 14) & 0x7f, (value >> 7) & 0x7f, value & 0x7f);
