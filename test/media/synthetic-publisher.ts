import { buildAvcConfig } from '../../src/media/avc-config.js';
import { joinLengthPrefixed } from '../../src/media/nal.js';
import type { RawAudio, RawVideo } from '../../src/media/raw-unit.js';
import { Timeline } from '../../src/media/timeline.js';
import type {
  TimelineDiscontinuity,
  TimelineEvent,
  TimelineStart,
  TimelineUnit,
} from '../../src/media/timeline-events.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps } from './sps-writer.js';

/** 1280x720 with no timing in the VUI. */
export const RECORD = buildAvcConfig([writeSps(PLAIN_SPS)], [PLAIN_PPS]);
/** The same at 25 frames per second by its VUI. */
export const RECORD_25 = buildAvcConfig([writeSps({ ...PLAIN_SPS, timing: [1, 50] })], [PLAIN_PPS]);
/** 640x720. */
export const OTHER_RECORD = buildAvcConfig([writeSps({ ...PLAIN_SPS, widthInMacroblocks: 40 })], [PLAIN_PPS]);
/** AAC-LC, 48 kHz, stereo. */
export const ASC = Buffer.from([0x11, 0x90]);
/** AAC-LC, 44.1 kHz, stereo. */
export const OTHER_ASC = Buffer.from([0x12, 0x10]);

/** Wall clock at timestamp 0. */
export const ARRIVAL = 1_700_000_000_000;

let serial = 0;

/** A picture whose bytes differ from every other's. */
export function picture(
  time: number,
  keyframe: boolean,
  { compositionTime = 0, delay = 0 }: { compositionTime?: number; delay?: number } = {},
): RawVideo {
  const content = Buffer.alloc(20, 0xab);
  content.writeUInt8(keyframe ? 0x65 : 0x41);
  content.writeUInt32BE(serial++, 1);
  return {
    track: 0,
    codec: 'avc',
    timestamp: wire(time),
    compositionTime,
    keyframe,
    data: joinLengthPrefixed([content]),
    arrival: ARRIVAL + time + delay,
  };
}

export function sound(time: number, delay = 0): RawAudio {
  const data = Buffer.alloc(12, 0xcd);
  data.writeUInt32BE(serial++);
  return { track: 0, codec: 'aac', timestamp: wire(time), data, arrival: ARRIVAL + time + delay };
}

const wire = (time: number): number => ((time % 2 ** 32) + 2 ** 32) % 2 ** 32;

/** The time of the nth AAC frame of 48 kHz. */
export const soundTime = (index: number): number => Math.floor((index * 1024) / 48);

export type Message =
  { readonly kind: 'video'; readonly raw: RawVideo } | { readonly kind: 'audio'; readonly raw: RawAudio };

export interface StreamShape {
  readonly from?: number;
  readonly ms: number;
  readonly frameMs?: number;
  readonly gop?: number;
  readonly video?: boolean;
  readonly audio?: boolean;
}

/** Interleaved video (25 frames per second unless told) and 48 kHz audio, both from `from`, for `ms`. */
export function stream({
  from = 0,
  ms,
  frameMs = 40,
  gop = 25,
  video = true,
  audio = true,
}: StreamShape): Message[] {
  const messages: Message[] = [];
  if (video) {
    for (let i = 0; i * frameMs < ms; i++) {
      messages.push({ kind: 'video', raw: picture(from + Math.round(i * frameMs), i % gop === 0) });
    }
  }
  if (audio) {
    for (let i = 0; soundTime(i) < ms; i++) messages.push({ kind: 'audio', raw: sound(from + soundTime(i)) });
  }
  return messages.sort((a, b) => a.raw.arrival - b.raw.arrival);
}

export const starts = (events: readonly TimelineEvent[]): TimelineStart[] =>
  events.filter((e) => e.type === 'start');

export const discontinuities = (events: readonly TimelineEvent[]): TimelineDiscontinuity[] =>
  events.filter((e) => e.type === 'discontinuity');

export const units = (events: readonly TimelineEvent[], kind?: 'video' | 'audio'): TimelineUnit[] =>
  events.filter((e) => e.type === 'unit').filter((e) => kind === undefined || e.kind === kind);

/** A timeline that has been told its configurations; null leaves one out. */
export function timelineWith({
  record = RECORD,
  asc = ASC,
}: { record?: Buffer | null; asc?: Buffer | null } = {}): Timeline {
  const timeline = new Timeline();
  if (asc) timeline.audioConfig({ track: 0, codec: 'aac', record: asc });
  if (record) timeline.videoConfig({ track: 0, codec: 'avc', record });
  return timeline;
}

export function feed(timeline: Timeline, messages: readonly Message[]): TimelineEvent[] {
  return messages.flatMap((message) =>
    message.kind === 'video' ? timeline.video(message.raw) : timeline.audio(message.raw),
  );
}

export const dataOf = (events: readonly TimelineEvent[]): Buffer[] =>
  units(events).map((event) => event.unit.data);
