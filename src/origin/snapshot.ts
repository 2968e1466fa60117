import type { CaptionService } from '../media/captions.js';
import type { VideoRange } from '../media/track.js';

/** One part, complete and immutable. */
export interface PartInfo {
  /** 0-based within its segment. */
  readonly index: number;
  /** Seconds; never above the presentation's part target. */
  readonly duration: number;
  readonly independent: boolean;
  readonly byteLength: number;
}

/** An I-frame and the time that it stands for, up to the next; or such a time at a segment's start without one. */
export interface IFrameInfo {
  /** Seconds. */
  readonly duration: number;
  /** ms since the Unix epoch. */
  readonly programDateTime: number;
  /** Where it lies in its segment, fragment header included; undefined where there is none to show. */
  readonly bytes: { readonly offset: number; readonly length: number } | undefined;
}

/** What the I-frames listed of a rendition are in all. */
export interface IFrameTotals {
  /** How many there are to show. */
  readonly count: number;
  /** Media sequence number of the first listed, and of the next to come: an I-frame playlist counts I-frames. */
  readonly first: number;
  readonly next: number;
  /** Bits per second: measured peak and average, with container. */
  readonly peakBandwidth: number;
  readonly averageBandwidth: number;
}

/** One segment; `complete` is false for the open one at the live edge. */
export interface SegmentInfo {
  readonly msn: number;
  readonly epoch: string;
  /** True when this is the first segment of an epoch other than the presentation's first. */
  readonly discontinuity: boolean;
  /** Seconds so far (open) or in all (complete). */
  readonly duration: number;
  /** ms since the Unix epoch of the segment's start: media time plus the epoch's fixed anchor. */
  readonly programDateTime: number;
  readonly complete: boolean;
  /** Its media is missing (the encoder fell out); listed so that numbers and time run on. */
  readonly gap: boolean;
  readonly parts: readonly PartInfo[];
  /** Of a complete segment of video: at least one, and together as long as the segment. */
  readonly iFrames: readonly IFrameInfo[];
}

/** The part that will be published next. */
export interface NextPart {
  readonly epoch: string;
  readonly msn: number;
  readonly part: number;
  /** It is the first of an epoch: a playlist does not name its init segment yet. */
  readonly newInit: boolean;
}

/** One rendition at one instant. */
export interface RenditionSnapshot {
  readonly name: string;
  readonly kind: 'video' | 'audio';
  readonly codecString: string;
  /** Video only: display size and frames per second. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly videoRange: VideoRange | undefined;
  /** Audio only. */
  readonly channels: number;
  readonly sampleRate: number;
  /** Bits per second: measured peak and average, with container. */
  readonly peakBandwidth: number;
  readonly averageBandwidth: number;
  /** MSN of the first listed segment (also when the list is empty: the next one). */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly segments: readonly SegmentInfo[];
  /** Video only. */
  readonly iFrames: IFrameTotals | undefined;
  /** Where the next part will be: what PRELOAD-HINT names. Undefined once ended. */
  readonly next: NextPart | undefined;
  /** False while nothing comes of it: it lists gaps for those who play it, and is offered to nobody new. */
  readonly active: boolean;
  /** Rises with each change of this rendition. */
  readonly version: number;
}

/** One EXT-X-DATERANGE tag. Several of one id say more and more of one range. */
export interface DateRangeTag {
  /** Never used for anything else. */
  readonly id: string;
  readonly class: 'splice' | 'text' | 'data';
  /** ms since the Unix epoch. */
  readonly start: number;
  /** Seconds. */
  readonly duration?: number | undefined;
  readonly plannedDuration?: number | undefined;
  /** Whole splice_info_sections. */
  readonly scte35Out?: Buffer | undefined;
  readonly scte35In?: Buffer | undefined;
  readonly scte35Cmd?: Buffer | undefined;
  /** Anything else, by the publisher's own names. */
  readonly values: ReadonlyMap<string, string>;
  /** Where the listed media ended when the tag was added, in ms since the Unix epoch. */
  readonly added: number;
}

/** A date range that belongs to no listed segment any more. */
export interface RemovedDateRange {
  readonly id: string;
  /** Where the listed media ended when it was removed, in ms since the Unix epoch. */
  readonly at: number;
}

/** The whole presentation at one instant: what playlists are pure functions of. */
export interface PresentationSnapshot {
  readonly renditions: readonly RenditionSnapshot[];
  /** Whole seconds; constant for the life of the presentation. */
  readonly targetDuration: number;
  /** Seconds with at most 5 decimals; constant for the life of the presentation. */
  readonly partTarget: number;
  /** Captions found in the picture so far. */
  readonly captions: ReadonlySet<CaptionService>;
  /** In the order in which they were added. */
  readonly dateRanges: readonly DateRangeTag[];
  /** Lately removed. */
  readonly removedDateRanges: readonly RemovedDateRange[];
  readonly ended: boolean;
  readonly version: number;
}
