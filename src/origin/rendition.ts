import { initSegment } from '../cmaf/init-segment.js';
import type { SegmenterOutput, SegmenterPart, SegmenterSegmentEnd } from '../cmaf/segmenter.js';
import { toSeconds } from '../media/time.js';
import type { Track } from '../media/track.js';
import { BandwidthMeter } from './bandwidth.js';
import { IFrameIndex } from './i-frame-index.js';
import type { NextPart, PartInfo, RenditionSnapshot, SegmentInfo } from './snapshot.js';

/** What a rendition needs to know of the epoch whose parts it takes. */
export interface RenditionEpoch {
  readonly id: string;
  /** Counts the epochs of the channel: its discontinuity sequence number. */
  readonly ordinal: number;
  /** It is the presentation's first, so no DISCONTINUITY stands before it. */
  readonly first: boolean;
  /** Number of the first I-frame of a rendition that begins with it. */
  readonly firstIFrame: number;
  readonly track: Track;
  /** ms since the Unix epoch of the epoch's media time 0. */
  readonly wallClockZero: number;
  /** Where a segment begins and ends in all renditions, in seconds of the epoch's media time; undefined when it is not known. */
  readonly spanOf: (msn: number) => { readonly start: number; readonly end: number } | undefined;
}

export interface WindowLimits {
  /** Seconds listed. */
  readonly window: number;
  readonly targetDuration: number;
  readonly partTarget: number;
}

interface StoredSegment {
  readonly info: SegmentInfo;
  readonly epochOrdinal: number;
  /** Parts of the open segment; views of `body` once complete. */
  readonly parts: readonly Buffer[];
  readonly body: Buffer | undefined;
}

/** Segments that left the playlist stay fetchable this many target durations (RFC 8216bis 6.2.2). */
const KEEP_TARGET_DURATIONS = 3;

/** A live playlist lists this many segments at least, once it has had them (Apple's authoring rule 8.11). */
const MIN_SEGMENTS = 6;

/** A window never holds more segments than this, whatever their length. */
const MAX_SEGMENTS = 100_000;

type Place = Omit<NextPart, 'newInit'> | undefined;

const samePart = (a: Place, b: Place): boolean =>
  a?.epoch === b?.epoch && a?.msn === b?.msn && a?.part === b?.part;

const floor5 = (seconds: number): number => Math.floor(seconds * 1e5 + 1e-6) / 1e5;
const round5 = (seconds: number): number => Math.round(seconds * 1e5) / 1e5;

/** The sliding window of one rendition over all epochs of a presentation: parts in, bytes and snapshots out. */
export class Rendition {
  readonly name: string;
  readonly kind: 'video' | 'audio';
  readonly #limits: () => WindowLimits;
  readonly #inits = new Map<string, Buffer>();
  readonly #bandwidth: BandwidthMeter;
  readonly #iFrames: IFrameIndex | undefined;
  #epoch: RenditionEpoch;
  /** Listed segments, then the open one, all complete but the last. */
  #segments: StoredSegment[] = [];
  /** Segments that left the playlist and are still fetchable, oldest first. */
  #removed: StoredSegment[] = [];
  #open: { msn: number; parts: SegmenterPart[] } | undefined;
  #nextMsn: number;
  #next: Place;
  #active = true;
  #version = 0;
  #snapshot: RenditionSnapshot | undefined;

  /** @param nominalBandwidth bits per second to state until something was measured */
  constructor(
    name: string,
    epoch: RenditionEpoch,
    firstMsn: number,
    nominalBandwidth: number,
    limits: () => WindowLimits,
  ) {
    this.name = name;
    this.kind = epoch.track.kind;
    this.#limits = limits;
    this.#nextMsn = firstMsn;
    this.#bandwidth = new BandwidthMeter(nominalBandwidth);
    this.#iFrames = this.kind === 'video' ? new IFrameIndex(epoch.firstIFrame) : undefined;
    this.#epoch = epoch;
    this.beginEpoch(epoch);
  }

  /** The MSN of the next segment to be completed. */
  get nextMsn(): number {
    return this.#nextMsn;
  }

  /** The number of the next I-frame; 0 of sound. */
  get nextIFrame(): number {
    return this.#iFrames?.next ?? 0;
  }

  /** Has something a player can fetch. */
  get hasMedia(): boolean {
    return this.#segments.length > 0 || this.#open !== undefined;
  }

  get track(): Track {
    return this.#epoch.track;
  }

  /** Rises with each change. */
  get version(): number {
    return this.#version;
  }

  beginEpoch(epoch: RenditionEpoch): void {
    this.#epoch = epoch;
    this.#active = true;
    this.#inits.set(epoch.id, initSegment(epoch.track));
    this.expect({ epoch: epoch.id, msn: this.#nextMsn, part: 0 });
  }

  /** Nothing of it will come for now: its playlist goes on with gaps, and new viewers are not offered it. */
  rest(): void {
    this.#active = false;
    this.#changed();
  }

  /** It comes again. */
  wake(): void {
    this.#active = true;
    this.#changed();
  }

  /** States where the next part will be; undefined when there will be none. */
  expect(next: Place): void {
    if (samePart(next, this.#next)) return;
    this.#next = next;
    this.#changed();
  }

  /** Lists gaps for the segments before `msn` that did not come, so that numbers are the same in every rendition. */
  completeTo(msn: number): void {
    if (this.#nextMsn >= msn) return;
    this.#fillTo(msn);
    this.#changed();
  }

  add(output: SegmenterOutput): void {
    if (output.type === 'part') this.#addPart(output);
    else this.#endSegment(output);
    this.#changed();
  }

  snapshot(): RenditionSnapshot {
    return (this.#snapshot ??= this.#takeSnapshot());
  }

  init(epoch: string): Buffer | undefined {
    return this.#inits.get(epoch);
  }

  /** A complete segment's bytes. */
  segment(epoch: string, msn: number): Buffer | undefined {
    return this.#find(epoch, msn)?.body;
  }

  part(epoch: string, msn: number, index: number): Buffer | undefined {
    if (this.#open?.msn === msn && this.#epoch.id === epoch) return this.#open.parts[index]?.data;
    return this.#find(epoch, msn)?.parts[index];
  }

  #find(epoch: string, msn: number): StoredSegment | undefined {
    for (const list of [this.#segments, this.#removed]) {
      const first = list[0];
      const found = first === undefined ? undefined : list[msn - first.info.msn];
      if (found !== undefined) return found.info.epoch === epoch ? found : undefined;
    }
    return undefined;
  }

  #addPart(part: SegmenterPart): void {
    this.#fillTo(part.msn);
    this.#open ??= { msn: part.msn, parts: [] };
    this.#open.parts.push(part);
    this.#bandwidth.addPart(part.data.length, toSeconds(part.duration, this.#epoch.track.timescale));
  }

  #endSegment(end: SegmenterSegmentEnd): void {
    this.#fillTo(end.msn);
    const parts = this.#open?.parts ?? [];
    const first = parts[0];
    if (first === undefined || end.start === undefined) {
      this.#append(this.#gap(end.msn));
      return;
    }
    const body = Buffer.concat(parts.map((part) => part.data));
    let offset = 0;
    const views = parts.map((part) => body.subarray(offset, (offset += part.data.length)));
    const duration = round5(toSeconds(end.end - end.start, this.#epoch.track.timescale));
    this.#open = undefined;
    this.#bandwidth.addSegment(body.length, duration);
    this.#append({
      info: this.#indexed(this.#segmentInfo(end.msn, parts, duration, true), parts),
      epochOrdinal: this.#epoch.ordinal,
      parts: views,
      body,
    });
  }

  #append(segment: StoredSegment): void {
    this.#segments.push(segment);
    this.#nextMsn = segment.info.msn + 1;
    this.#open = undefined;
    this.#evict();
  }

  /** A segment that never came still takes its number: positions in a playlist are numbers. */
  #fillTo(msn: number): void {
    while (this.#nextMsn < msn) this.#append(this.#gap(this.#nextMsn));
  }

  #gap(msn: number): StoredSegment {
    const span = this.#epoch.spanOf(msn) ?? { start: 0, end: this.#limits().targetDuration };
    const info: SegmentInfo = {
      msn,
      epoch: this.#epoch.id,
      discontinuity: this.#opensEpoch(),
      duration: round5(span.end - span.start),
      programDateTime: this.#epoch.wallClockZero + span.start * 1000,
      complete: true,
      gap: true,
      parts: [],
      iFrames: [],
    };
    return {
      info: this.#indexed(info, []),
      epochOrdinal: this.#epoch.ordinal,
      parts: [],
      body: undefined,
    };
  }

  /** A complete segment with its I-frames. */
  #indexed(info: SegmentInfo, parts: readonly SegmenterPart[]): SegmentInfo {
    const iFrames = this.#iFrames?.add(info, parts, this.#epoch.track.timescale);
    return iFrames === undefined ? info : { ...info, iFrames };
  }

  #segmentInfo(
    msn: number,
    parts: readonly SegmenterPart[],
    duration: number,
    complete: boolean,
  ): SegmentInfo {
    const { id, track, wallClockZero } = this.#epoch;
    const { partTarget } = this.#limits();
    const start = parts[0]?.start ?? 0;
    return {
      msn,
      epoch: id,
      discontinuity: this.#opensEpoch(),
      duration,
      programDateTime: wallClockZero + toSeconds(start, track.timescale) * 1000,
      complete,
      gap: false,
      parts: parts.map((part): PartInfo => ({
        index: part.index,
        duration: Math.min(floor5(toSeconds(part.duration, track.timescale)), partTarget),
        independent: part.independent,
        byteLength: part.data.length,
      })),
      iFrames: [],
    };
  }

  /** Whether the next segment appended is the first of an epoch that follows another. */
  #opensEpoch(): boolean {
    const previous = this.#segments.at(-1) ?? this.#removed.at(-1);
    return !this.#epoch.first && previous?.epochOrdinal !== this.#epoch.ordinal;
  }

  #evict(): void {
    const { window, targetDuration } = this.#limits();
    let listed = this.#segments.reduce((sum, segment) => sum + segment.info.duration, 0);
    const keep = Math.max(window, 3 * targetDuration);
    for (;;) {
      const first = this.#segments[0];
      if (first === undefined) return;
      const needed = listed - first.info.duration < keep || this.#segments.length <= MIN_SEGMENTS;
      if (needed && this.#segments.length <= MAX_SEGMENTS) break;
      listed -= first.info.duration;
      this.#removed.push(first);
      this.#iFrames?.remove(first.info);
      this.#segments.shift();
    }
    this.#forget(KEEP_TARGET_DURATIONS * targetDuration);
  }

  /** Frees removed segments beyond `seconds`, and the init segments that nothing needs any more. */
  #forget(seconds: number): void {
    let kept = this.#removed.reduce((sum, segment) => sum + segment.info.duration, 0);
    while (this.#removed.length > 0 && kept > seconds) kept -= this.#removed.shift()?.info.duration ?? 0;
    const oldest = this.#removed[0] ?? this.#segments[0];
    for (const id of this.#inits.keys()) {
      if (id === oldest?.info.epoch || id === this.#epoch.id) break;
      this.#inits.delete(id);
    }
  }

  #changed(): void {
    this.#version += 1;
    this.#snapshot = undefined;
  }

  #takeSnapshot(): RenditionSnapshot {
    const { track } = this.#epoch;
    const open = this.#open;
    const listed = this.#segments.map((segment) => segment.info);
    const first = this.#segments[0];
    if (open !== undefined) {
      const duration = open.parts.reduce((sum, part) => sum + toSeconds(part.duration, track.timescale), 0);
      listed.push(this.#segmentInfo(open.msn, open.parts, round5(duration), false));
    }
    const ordinal = first?.epochOrdinal ?? this.#epoch.ordinal;
    const head = listed[0];
    return {
      name: this.name,
      kind: this.kind,
      codecString: track.codecString,
      width: track.kind === 'video' ? track.displayWidth : 0,
      height: track.kind === 'video' ? track.displayHeight : 0,
      frameRate: track.kind === 'video' ? track.frameRate.num / track.frameRate.den : 0,
      videoRange: track.kind === 'video' ? track.videoRange : undefined,
      channels: track.kind === 'audio' ? track.channels : 0,
      sampleRate: track.kind === 'audio' ? track.sampleRate : 0,
      peakBandwidth: this.#bandwidth.peak,
      averageBandwidth: this.#bandwidth.average,
      mediaSequence: head?.msn ?? this.#nextMsn,
      discontinuitySequence: head?.discontinuity === true ? ordinal - 1 : ordinal,
      segments: listed,
      iFrames: this.#iFrames?.totals,
      next: this.#next && { ...this.#next, newInit: listed.at(-1)?.epoch !== this.#next.epoch },
      active: this.#active,
      version: this.#version,
    };
  }
}
