import { setTimeout as delay } from 'node:timers/promises';
import type { AudioCodec, TrackId, VideoCodec } from '../../src/media/codec.js';
import type { RtmpPublisher } from '../../src/publish/publisher.js';
import {
  audioConfigPacket,
  audioFramePacket,
  enhancedBody,
  multitrackBody,
  trackBody,
  videoConfigPacket,
  videoFramePacket,
  type EnhancedPacket,
} from '../../src/rtmp/flv-enhanced-writer.js';
import type { ElementaryStream } from './elementary-stream.js';

type MediaKind = Parameters<RtmpPublisher['media']>[3];

/** One RTMP message of a publish. */
export interface TimedMessage {
  readonly type: 'audio' | 'video';
  readonly kind: MediaKind;
  /** ms. */
  readonly timestamp: number;
  readonly body: Buffer;
}

/** A stream and the track id that it is sent under. */
export interface SentTrack<Codec extends VideoCodec | AudioCodec> {
  readonly track: TrackId;
  readonly stream: ElementaryStream<Codec>;
}

interface Packet {
  readonly track: TrackId;
  readonly kind: MediaKind;
  readonly timestamp: number;
  readonly packet: EnhancedPacket;
}

/**
 * How tracks beside the default one are sent: each in messages of its own (OneTrack; the default one plainly), or those
 * of one instant together (ManyTracks, or ManyTracksManyCodecs where codecs differ).
 */
export type Multitrack = 'one-track' | 'many-tracks';

/** An Enhanced RTMP publish of one video and one audio stream, in order of time; either may be left out. */
export const enhancedMessages = (
  video?: ElementaryStream<VideoCodec>,
  audio?: ElementaryStream<AudioCodec>,
): TimedMessage[] =>
  multitrackMessages(
    video ? [{ track: 0, stream: video }] : [],
    audio ? [{ track: 0, stream: audio }] : [],
    'one-track',
  );

/** An Enhanced RTMP publish of several tracks, in order of time. Pictures of one instant must be keyframes together. */
export function multitrackMessages(
  video: readonly SentTrack<VideoCodec>[],
  audio: readonly SentTrack<AudioCodec>[],
  mode: Multitrack,
): TimedMessage[] {
  const messages = [
    ...toMessages('video', video.flatMap(videoPackets), mode),
    ...toMessages('audio', audio.flatMap(audioPackets), mode),
  ];
  const order = ({ kind, timestamp }: TimedMessage): number => (kind === 'config' ? -1 : timestamp);
  return messages.sort((a, b) => order(a) - order(b));
}

/** Sends messages over a publish that is open, at the speed of their timestamps or all at once. */
export async function sendMessages(
  publisher: RtmpPublisher,
  messages: Iterable<TimedMessage>,
  { realTime = true }: { readonly realTime?: boolean } = {},
): Promise<void> {
  const start = performance.now();
  for (const { type, kind, timestamp, body } of messages) {
    const early = start + timestamp - performance.now();
    if (realTime && early > 0) await delay(early);
    publisher.media(type, timestamp, body, kind);
  }
}

function videoPackets({ track, stream }: SentTrack<VideoCodec>): Packet[] {
  const { codec, record, units } = stream;
  return [
    { track, kind: 'config', timestamp: 0, packet: videoConfigPacket(codec, record) },
    ...units.map(({ dts, pts, keyframe, data }): Packet => {
      const timestamp = Math.round(dts);
      const compositionTime = Math.round(pts) - timestamp;
      const packet = videoFramePacket(codec, { keyframe, compositionTime, data });
      return { track, kind: keyframe ? 'keyframe' : 'inter', timestamp, packet };
    }),
  ];
}

function audioPackets({ track, stream }: SentTrack<AudioCodec>): Packet[] {
  const { codec, record, units } = stream;
  const config: Packet = { track, kind: 'config', timestamp: 0, packet: audioConfigPacket(codec, record) };
  return [
    ...(record.length > 0 ? [config] : []),
    ...units.map(({ dts, data }): Packet => ({
      track,
      kind: 'audio',
      timestamp: Math.round(dts),
      packet: audioFramePacket(codec, data),
    })),
  ];
}

function toMessages(type: 'audio' | 'video', packets: readonly Packet[], mode: Multitrack): TimedMessage[] {
  const isAlone = packets.every(({ track }) => track === 0);
  if (isAlone || mode === 'one-track') {
    return packets.map(({ track, kind, timestamp, packet }) => ({
      type,
      kind,
      timestamp,
      body: track === 0 ? enhancedBody(packet) : trackBody(track, packet),
    }));
  }
  // One message takes what has the same time and the same kind of packet.
  const together = new Map<string, Packet[]>();
  for (const each of packets) {
    const key = [each.timestamp, each.kind, each.packet.packetType].join();
    together.set(key, [...(together.get(key) ?? []), each]);
  }
  return [...together.values()].map((group) => {
    const [first] = group;
    if (first === undefined) throw new Error('a group without packets');
    return { type, kind: first.kind, timestamp: first.timestamp, body: multitrackBody(group) };
  });
}
