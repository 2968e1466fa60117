import type { Cue } from '../media/cue.js';
import type { DateRangeTag, RemovedDateRange } from './snapshot.js';

/** Tags listed at a time: ranges beyond them are left out, the ends of those listed are not. */
export const MAX_DATE_RANGE_TAGS = 2000;

/** And what they take in a playlist, about: every viewer without deltas gets them with every reload. */
export const MAX_DATE_RANGE_BYTES = 512 * 1024;

/** Of a tag, what is there in any case. */
const TAG_BYTES = 150;

/** Ranges whose end is neither known nor planned; one more ends the oldest. */
export const MAX_OPEN_RANGES = 16;

/** Removed ranges that are remembered, for those who have them still. */
const MAX_REMOVED = 1000;

/** A cue of the same event as another, this near to it, is that one said again (ms). */
const REPETITION = 10_000;

/** One range, from its first tag to its removal. */
interface Range {
  readonly id: string;
  readonly type: Cue['type'];
  readonly role: Cue['role'];
  readonly event: string | undefined;
  /** ms since the Unix epoch. */
  readonly start: number;
  /** The last instant known of it; infinite while nothing is known. */
  end: number;
  /** It waits for a cue that ends it. */
  open: boolean;
}

/** Where a presentation's listed media begin and end, in ms since the Unix epoch. */
export interface MediaSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * The date ranges of a presentation (RFC 8216bis 4.4.5.1), the same in all its playlists. A tag once listed stays as it
 * is: the end of a range comes as a second tag with the same id.
 */
export class DateRanges {
  #ranges: Range[] = [];
  #tags: readonly DateRangeTag[] = [];
  #removed: readonly RemovedDateRange[] = [];
  /** Bytes that the tags take in a playlist, about. */
  #bytes = 0;
  #count = 0;
  #version = 0;

  /** In the order in which they were added. */
  get tags(): readonly DateRangeTag[] {
    return this.#tags;
  }

  /** Lately removed, oldest first. */
  get removed(): readonly RemovedDateRange[] {
    return this.#removed;
  }

  /** Rises with each tag added. */
  get version(): number {
    return this.#version;
  }

  /**
   * @param epoch the id of the epoch it is from
   * @param at ms since the Unix epoch
   * @param edge where the listed media end now
   * @returns false when there is no room for it
   */
  add(epoch: string, at: number, cue: Cue, edge: number): boolean {
    if (this.#isRepetition(at, cue)) return true;
    const ended = cue.role === 'in' ? this.#openRange(cue) : undefined;
    if (ended !== undefined) {
      this.#end(ended, at, edge, cue.scte35);
      return true;
    }
    const full = this.#tags.length >= MAX_DATE_RANGE_TAGS || this.#bytes + sizeOf(cue) > MAX_DATE_RANGE_BYTES;
    if (full) return false;
    this.#begin(epoch, at, cue, edge);
    return true;
  }

  /**
   * Removes what belongs to no listed segment any more.
   * @param keep for how long the removed are remembered, in ms of media
   */
  slide(media: MediaSpan, keep: number): void {
    const gone = new Set(this.#ranges.filter(({ end }) => end < media.start).map(({ id }) => id));
    const isRecent = ({ at }: RemovedDateRange): boolean => at >= media.end - keep;
    if (gone.size > 0) {
      this.#ranges = this.#ranges.filter(({ id }) => !gone.has(id));
      this.#tags = this.#tags.filter(({ id }) => !gone.has(id));
      this.#bytes = this.#tags.reduce((sum, tag) => sum + sizeOf(tag), 0);
      const removed = [...this.#removed, ...[...gone].map((id) => ({ id, at: media.end }))];
      this.#removed = removed.filter(isRecent).slice(-MAX_REMOVED);
    } else if (!this.#removed.every(isRecent)) {
      this.#removed = this.#removed.filter(isRecent);
    }
  }

  #begin(epoch: string, at: number, cue: Cue, edge: number): void {
    const { type, role, event, duration, scte35, values } = cue;
    if (role === 'out') this.#makeRoom(at, cue, edge);
    const id = `${epoch}-${String(++this.#count)}`;
    // What stands for itself and says no length is an instant; so is an end whose beginning is not known.
    const plan = role === 'out' ? duration : role === 'in' ? 0 : (duration ?? 0);
    const end = plan === undefined ? Number.POSITIVE_INFINITY : at + plan * 1000;
    this.#ranges.push({ id, type, role, event, start: at, end, open: role === 'out' });
    this.#list({
      id,
      class: type,
      start: at,
      ...(role === 'out' ? { plannedDuration: duration } : { duration: plan }),
      ...(scte35 && { [COMMANDS[role]]: scte35 }),
      values,
      added: edge,
    });
  }

  #end(range: Range, at: number, edge: number, scte35In?: Buffer): void {
    const { id, type, start } = range;
    range.open = false;
    range.end = Math.max(start, at);
    this.#list({
      id,
      class: type,
      start,
      duration: (range.end - start) / 1000,
      scte35In,
      values: NO_VALUES,
      added: edge,
    });
  }

  #list(tag: DateRangeTag): void {
    this.#tags = [...this.#tags, tag];
    this.#bytes += sizeOf(tag);
    this.#version += 1;
  }

  /** A break begins: one of the same event that no cue has ended is over, and so is the oldest of too many without end. */
  #makeRoom(at: number, cue: Cue, edge: number): void {
    const before = this.#openRange(cue);
    if (before !== undefined && isEndless(before)) this.#end(before, at, edge);
    else if (before !== undefined) before.open = false;
    const endless = this.#ranges.filter(isEndless);
    if (endless.length >= MAX_OPEN_RANGES && endless[0] !== undefined) this.#end(endless[0], at, edge);
  }

  /** The newest range that waits for its end: of the same event, or any where the cue names none. */
  #openRange({ type, role, event }: Cue): Range | undefined {
    const anyEvent = role === 'in' && event === undefined;
    return this.#ranges.findLast(
      (range) => range.open && range.type === type && (anyEvent || range.event === event),
    );
  }

  #isRepetition(at: number, { type, role, event }: Cue): boolean {
    if (event === undefined) return false;
    const last = this.#ranges.findLast((range) => range.type === type && range.event === event);
    if (last === undefined) return false;
    if (role === 'in') return !last.open && Math.abs(at - last.end) < REPETITION;
    if (role !== last.role) return false;
    // Encoders say again and again that a break goes on, for those who come late.
    const goesOn = last.open && !isEndless(last) && at < last.end;
    return goesOn || Math.abs(at - last.start) < REPETITION;
  }
}

const COMMANDS = { out: 'scte35Out', in: 'scte35In', point: 'scte35Cmd' } as const;

const NO_VALUES: ReadonlyMap<string, string> = new Map();

function sizeOf(said: Partial<DateRangeTag> & Partial<Cue>): number {
  const { values = NO_VALUES, scte35, scte35Out, scte35In, scte35Cmd } = said;
  let bytes = TAG_BYTES;
  for (const [name, value] of values) bytes += name.length + value.length;
  // In hexadecimal digits.
  for (const section of [scte35, scte35Out, scte35In, scte35Cmd]) bytes += 2 * (section?.length ?? 0);
  return bytes;
}

const isEndless = ({ end }: Range): boolean => end === Number.POSITIVE_INFINITY;
