import { numberOf, readAttributes, textOf, type AttributeList } from './attribute-list.js';
import { linesOf, tagOf, type Tag } from './lines.js';

/** Bytes of a resource: length and, where it is given, the first byte. */
export interface ByteRange {
  readonly length: number | undefined;
  readonly start: number;
}

/** EXT-X-MAP in force for a segment. */
export interface MapEntry {
  readonly uri: string;
  readonly byteRange: ByteRange | undefined;
}

export interface PartEntry {
  readonly msn: number;
  readonly index: number;
  readonly uri: string;
  readonly byteRange: ByteRange | undefined;
  /** Seconds. */
  readonly duration: number;
  readonly independent: boolean;
  readonly gap: boolean;
  /** The tag's line as it stands in the playlist. */
  readonly source: string;
}

/** One segment with the state in force where it stands. The open one at the live edge has parts, but no URI. */
export interface SegmentEntry {
  readonly msn: number;
  readonly uri: string | undefined;
  /** EXTINF in seconds; for the open segment the sum of its parts. */
  readonly duration: number;
  readonly byteRange: ByteRange | undefined;
  readonly discontinuity: boolean;
  /** Discontinuity sequence number (RFC 8216bis 4.4.3.3). */
  readonly discontinuitySequence: number;
  /** ms since the Unix epoch, where the segment has the tag. */
  readonly programDateTime: number | undefined;
  /** ms since the Unix epoch of its start: from its own date, or carried on from one before it. */
  readonly start: number | undefined;
  readonly map: MapEntry | undefined;
  /** EXT-X-KEY tags in force, as they stand in the playlist. */
  readonly keys: string;
  readonly gap: boolean;
  /** EXT-X-BITRATE in force, in kbit/s. */
  readonly bitrate: number | undefined;
  readonly parts: readonly PartEntry[];
  /** Its lines as they stand in the playlist. */
  readonly source: string;
}

export interface HintEntry {
  readonly type: string;
  readonly uri: string;
  readonly byteRange: ByteRange | undefined;
  readonly line: number;
}

export interface ReportEntry {
  readonly uri: string | undefined;
  readonly lastMsn: number | undefined;
  readonly lastPart: number | undefined;
  readonly line: number;
}

export interface DateRangeEntry {
  readonly attributes: AttributeList;
  readonly line: number;
}

/** One media playlist as it was sent: a delta update has only what it lists. */
export interface MediaPlaylist {
  /** Tags that belong to no single segment, in order. */
  readonly tags: readonly Tag[];
  readonly version: number;
  readonly targetDuration: number | undefined;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly partTarget: number | undefined;
  readonly serverControl: AttributeList;
  readonly playlistType: string | undefined;
  readonly iFramesOnly: boolean;
  readonly ended: boolean;
  /** EXT-X-SKIP: how many segments a delta update leaves out. */
  readonly skipped: number | undefined;
  readonly segments: readonly SegmentEntry[];
  readonly hints: readonly HintEntry[];
  readonly reports: readonly ReportEntry[];
  readonly dateRanges: readonly DateRangeEntry[];
}

/** State that goes on from segment to segment. */
interface Running {
  map: MapEntry | undefined;
  keys: string;
  bitrate: number | undefined;
  discontinuitySequence: number;
  start: number | undefined;
  byteEnd: number;
}

/** What is known of the segment that is being read. */
interface Open {
  duration: number | undefined;
  byteRange: ByteRange | undefined;
  discontinuity: boolean;
  programDateTime: number | undefined;
  gap: boolean;
  keyed: boolean;
  parts: PartEntry[];
  lines: string[];
}

const nothing = (): Open => ({
  duration: undefined,
  byteRange: undefined,
  discontinuity: false,
  programDateTime: undefined,
  gap: false,
  keyed: false,
  parts: [],
  lines: [],
});

/** Reads a media playlist. Never throws: what cannot be read is left out, and rules of syntax tell of it. */
export function readMediaPlaylist(text: string): MediaPlaylist {
  return new Reader(text).read();
}

class Reader {
  readonly #lines: readonly string[];
  readonly #tags: Tag[] = [];
  readonly #segments: SegmentEntry[] = [];
  readonly #hints: HintEntry[] = [];
  readonly #reports: ReportEntry[] = [];
  readonly #dateRanges: DateRangeEntry[] = [];
  readonly #running: Running = {
    map: undefined,
    keys: '',
    bitrate: undefined,
    discontinuitySequence: 0,
    start: undefined,
    byteEnd: 0,
  };
  #open = nothing();
  #mediaSequence = 0;
  #skipped: number | undefined;

  constructor(text: string) {
    this.#lines = linesOf(text);
  }

  read(): MediaPlaylist {
    this.#lines.forEach((line, index) => {
      const tag = tagOf(line, index + 1);
      if (tag !== undefined) this.#tag(tag, line);
      else if (line !== '' && !line.startsWith('#')) this.#close(line);
    });
    if (this.#open.parts.length > 0) this.#close(undefined);
    const value = (name: string): string | undefined => this.#tags.find((tag) => tag.name === name)?.value;
    const number = (name: string): number | undefined => wholeNumber(value(name));
    return {
      tags: this.#tags,
      version: number('EXT-X-VERSION') ?? 1,
      targetDuration: number('EXT-X-TARGETDURATION'),
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: number('EXT-X-DISCONTINUITY-SEQUENCE') ?? 0,
      partTarget: numberOf(readAttributes(value('EXT-X-PART-INF') ?? ''), 'PART-TARGET'),
      serverControl: readAttributes(value('EXT-X-SERVER-CONTROL') ?? ''),
      playlistType: value('EXT-X-PLAYLIST-TYPE'),
      iFramesOnly: value('EXT-X-I-FRAMES-ONLY') !== undefined,
      ended: value('EXT-X-ENDLIST') !== undefined,
      skipped: this.#skipped,
      segments: this.#segments,
      hints: this.#hints,
      reports: this.#reports,
      dateRanges: this.#dateRanges,
    };
  }

  #tag(tag: Tag, line: string): void {
    if (this.#segmentTag(tag)) {
      this.#open.lines.push(line);
      return;
    }
    this.#tags.push(tag);
    if (tag.name === 'EXT-X-MEDIA-SEQUENCE') this.#mediaSequence = wholeNumber(tag.value) ?? 0;
    else if (tag.name === 'EXT-X-DISCONTINUITY-SEQUENCE')
      this.#running.discontinuitySequence = wholeNumber(tag.value) ?? 0;
    else if (tag.name === 'EXT-X-SKIP')
      this.#skipped = numberOf(readAttributes(tag.value), 'SKIPPED-SEGMENTS') ?? 0;
    else if (tag.name === 'EXT-X-PRELOAD-HINT') this.#hint(tag);
    else if (tag.name === 'EXT-X-RENDITION-REPORT') this.#report(tag);
    else if (tag.name === 'EXT-X-DATERANGE')
      this.#dateRanges.push({ attributes: readAttributes(tag.value), line: tag.line });
  }

  /** Takes a tag of a single segment; false for any other. */
  #segmentTag({ name, value }: Tag): boolean {
    const open = this.#open;
    const running = this.#running;
    if (name === 'EXTINF') open.duration = Number.parseFloat(value);
    else if (name === 'EXT-X-BYTERANGE') open.byteRange = byteRange(value, running.byteEnd);
    else if (name === 'EXT-X-DISCONTINUITY') {
      open.discontinuity = true;
      running.discontinuitySequence += 1;
      running.start = undefined;
    } else if (name === 'EXT-X-PROGRAM-DATE-TIME') {
      open.programDateTime = dateOf(value);
      running.start = open.programDateTime;
    } else if (name === 'EXT-X-GAP') open.gap = true;
    else if (name === 'EXT-X-BITRATE') running.bitrate = wholeNumber(value);
    else if (name === 'EXT-X-MAP') running.map = mapOf(readAttributes(value));
    else if (name === 'EXT-X-KEY') {
      const more = open.keyed && running.keys !== '';
      running.keys = value.startsWith('METHOD=NONE') ? '' : more ? `${running.keys}\n${value}` : value;
      open.keyed = true;
    } else if (name === 'EXT-X-PART') this.#part(value);
    else return false;
    return true;
  }

  #part(value: string): void {
    const list = readAttributes(value);
    const parts = this.#open.parts;
    const previous = parts.at(-1);
    const uri = textOf(list, 'URI') ?? '';
    const range = textOf(list, 'BYTERANGE');
    const previousEnd =
      previous?.uri === uri && previous.byteRange !== undefined
        ? previous.byteRange.start + (previous.byteRange.length ?? 0)
        : 0;
    parts.push({
      msn: this.#nextMsn,
      index: parts.length,
      uri,
      byteRange: range === undefined ? undefined : byteRange(range, previousEnd),
      duration: numberOf(list, 'DURATION') ?? Number.NaN,
      independent: textOf(list, 'INDEPENDENT') === 'YES',
      gap: textOf(list, 'GAP') === 'YES',
      source: `#EXT-X-PART:${value}`,
    });
  }

  #hint({ value, line }: Tag): void {
    const list = readAttributes(value);
    const start = numberOf(list, 'BYTERANGE-START');
    const length = numberOf(list, 'BYTERANGE-LENGTH');
    this.#hints.push({
      type: textOf(list, 'TYPE') ?? '',
      uri: textOf(list, 'URI') ?? '',
      byteRange: start === undefined && length === undefined ? undefined : { start: start ?? 0, length },
      line,
    });
  }

  #report({ value, line }: Tag): void {
    const list = readAttributes(value);
    this.#reports.push({
      uri: textOf(list, 'URI'),
      lastMsn: numberOf(list, 'LAST-MSN'),
      lastPart: numberOf(list, 'LAST-PART'),
      line,
    });
  }

  get #nextMsn(): number {
    return this.#mediaSequence + (this.#skipped ?? 0) + this.#segments.length;
  }

  #close(uri: string | undefined): void {
    const open = this.#open;
    const running = this.#running;
    const duration = open.duration ?? open.parts.reduce((sum, part) => sum + part.duration, 0);
    if (open.byteRange !== undefined) running.byteEnd = open.byteRange.start + (open.byteRange.length ?? 0);
    this.#segments.push({
      msn: this.#nextMsn,
      uri,
      duration,
      byteRange: open.byteRange,
      discontinuity: open.discontinuity,
      discontinuitySequence: running.discontinuitySequence,
      programDateTime: open.programDateTime,
      start: running.start,
      map: running.map,
      keys: running.keys,
      gap: open.gap,
      bitrate: running.bitrate,
      parts: open.parts,
      source: [...open.lines, ...(uri === undefined ? [] : [uri])].join('\n'),
    });
    if (running.start !== undefined) running.start += duration * 1000;
    this.#open = nothing();
  }
}

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;

/** ms since the Unix epoch; the basic form of the zone is read too. */
export function dateOf(text: string): number | undefined {
  const at = Date.parse(text.trim().replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : at;
}

function byteRange(text: string, follows: number): ByteRange | undefined {
  const [, length, start] = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(text) ?? [];
  if (length === undefined) return undefined;
  return { length: Number(length), start: start === undefined ? follows : Number(start) };
}

function mapOf(list: AttributeList): MapEntry | undefined {
  const uri = textOf(list, 'URI');
  const range = textOf(list, 'BYTERANGE');
  return uri === undefined
    ? undefined
    : { uri, byteRange: range === undefined ? undefined : byteRange(range, 0) };
}
