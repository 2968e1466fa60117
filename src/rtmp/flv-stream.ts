import type { AccessUnit } from '../media/access-unit.js';
import type { AudioCodec, VideoCodec } from '../media/codec.js';
import { rescale, type Ticks } from '../media/time.js';
import type { TimelineStart, TimelineUnit } from '../media/timeline-events.js';
import type { AudioTrack, Track, VideoTrack } from '../media/track.js';
import { takesCodec, type PeerCapabilities } from './capabilities.js';
import { FOUR_CC } from './flv-constants.js';
import { colourPacket, enhancedBody } from './flv-enhanced-writer.js';
import { audioConfigBody, audioFrameBody, videoConfigBody, videoFrameBody } from './flv-writer.js';
import type { MediaKind } from './send-gate.js';

/** A message to send: an FLV tag body and its time in ms, uint32; or what onMetaData says. */
export type FlvMessage =
  | {
      readonly type: 'video' | 'audio';
      readonly timestamp: number;
      readonly body: Buffer;
      readonly kind: MediaKind;
    }
  | { readonly type: 'metadata'; readonly values: Readonly<Record<string, number | string | boolean>> };

const MS = 1000;

/** What the 24 bits of a composition time reach, in ms: 2.3 hours. */
const MAX_COMPOSITION = 0x7fffff;

/** Codec ids of FLV 10.1 E.4.2.1 and E.4.3.1, by which onMetaData names what is sent in legacy tags. */
const LEGACY_CODEC_ID: Partial<Record<VideoCodec | AudioCodec, number>> = { avc: 7, aac: 10, mp3: 2 };

/** These travel in the tags that FLV has always had. */
const isLegacyCodec = (codec: VideoCodec | AudioCodec): boolean => codec in LEGACY_CODEC_ID;

/**
 * Turns the units of a timeline into RTMP messages for one peer. Timestamps begin at 0 and go on without a hole or a
 * step back whatever epoch the units are from; they are taken from the ticks each time, so that they do not drift.
 */
export class FlvStream {
  readonly #peer: PeerCapabilities;
  readonly #alsoTaken: readonly (VideoCodec | AudioCodec)[];
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  #leftOut: readonly Track[] = [];
  /** Added to a unit's time in ms. */
  #offset = 0;
  /** Where the epoch begins and what was sent of it ends, in ms that do not wrap. */
  #floor = 0;
  #end = 0;

  /** H.264, AAC and MP3 are taken by everybody, the rest by a peer that says so, or that is known to (`alsoTaken`). */
  constructor(peer: PeerCapabilities, alsoTaken: readonly (VideoCodec | AudioCodec)[] = []) {
    this.#peer = peer;
    this.#alsoTaken = alsoTaken;
  }

  /** False when the peer can do with neither of the tracks of the last start. */
  get hasTracks(): boolean {
    return this.#video !== undefined || this.#audio !== undefined;
  }

  /** Tracks of the last start that the peer cannot do with. */
  get leftOut(): readonly Track[] {
    return this.#leftOut;
  }

  /** The tracks of the units that follow, none of which is decoded before `from`, in seconds of their media time. */
  start({ video, audio }: TimelineStart, from: number): FlvMessage[] {
    this.#video = video && this.#takes(video) ? video : undefined;
    this.#audio = audio && this.#takes(audio) ? audio : undefined;
    this.#leftOut = [video, audio].filter((track) => track !== undefined && !this.#takes(track)) as Track[];
    this.#floor = this.#end;
    this.#offset = this.#end - Math.floor(from * MS - toMs(this.#shift, this.#video));
    const messages: FlvMessage[] = [{ type: 'metadata', values: describe(this.#video, this.#audio) }];
    const timestamp = this.#end >>> 0;
    if (this.#video) {
      const body = videoConfigBody(0, this.#video.codec, this.#video.decoderConfig);
      messages.push({ type: 'video', timestamp, body, kind: 'config' });
    }
    if (this.#video?.colour && !isLegacyCodec(this.#video.codec)) {
      const body = enhancedBody(colourPacket(this.#video.codec, this.#video.colour));
      messages.push({ type: 'video', timestamp, body, kind: 'config' });
    }
    const body = this.#audio && audioConfigBody(0, this.#audio.codec, this.#audio.decoderConfig);
    if (body) messages.push({ type: 'audio', timestamp, body, kind: 'config' });
    return messages;
  }

  /** Undefined for a unit of a track that is left out, and for sound from before the start. */
  unit({ kind, unit }: TimelineUnit): FlvMessage | undefined {
    const track = kind === 'video' ? this.#video : this.#audio;
    if (track === undefined) return undefined;
    // Decode times are those of the file form, where no picture is shown before it is decoded.
    const decode = toMs(kind === 'video' ? unit.dts - this.#shift : unit.dts, track);
    const time = Math.max(this.#floor, this.#offset + decode);
    if (kind === 'audio' && this.#offset + decode < this.#floor) return undefined;
    this.#end = Math.max(this.#end, time + Math.ceil((unit.duration * MS) / track.timescale));
    const timestamp = time >>> 0;
    const composition = toMs(unit.pts, track) - decode;
    const body = bodyOf(unit, track, Math.max(-MAX_COMPOSITION, Math.min(MAX_COMPOSITION, composition)));
    if (kind === 'audio') return { type: 'audio', timestamp, body, kind: 'audio' };
    return { type: 'video', timestamp, body, kind: unit.keyframe ? 'keyframe' : 'inter' };
  }

  #takes({ kind, codec }: Track): boolean {
    if (isLegacyCodec(codec) || this.#alsoTaken.includes(codec)) return true;
    return takesCodec(this.#peer, kind, FOUR_CC[codec]);
  }

  get #shift(): Ticks {
    return this.#video?.compositionShift ?? 0;
  }
}

/** Made once for a unit, however many peers get it: where they are slow, their queues hold the same bytes. */
const bodies = new WeakMap<AccessUnit, Buffer>();

function bodyOf(unit: AccessUnit, track: Track, compositionTime: number): Buffer {
  const known = bodies.get(unit);
  if (known !== undefined) return known;
  const { data, keyframe } = unit;
  const body =
    track.kind === 'audio'
      ? audioFrameBody(0, track.codec, data)
      : videoFrameBody(0, track.codec, { keyframe, compositionTime, data });
  bodies.set(unit, body);
  return body;
}

const toMs = (ticks: Ticks, track: Track | undefined): number =>
  track === undefined ? 0 : rescale(ticks, track.timescale, MS);

/** What is true of the tracks; data rates are not known. */
function describe(
  video: VideoTrack | undefined,
  audio: AudioTrack | undefined,
): Record<string, number | string | boolean> {
  return {
    ...(video && {
      width: video.width,
      height: video.height,
      framerate: video.frameRate.num / video.frameRate.den,
      videocodecid: codecId(video.codec),
    }),
    ...(audio && {
      audiocodecid: codecId(audio.codec),
      audiosamplerate: audio.sampleRate,
      audiosamplesize: 16,
      audiochannels: audio.channels,
      stereo: audio.channels > 1,
    }),
    encoder: 'Millrace',
  };
}

/** Enhanced RTMP v2, "Enhancing onMetaData": a FourCC as a big-endian number where there is no id. */
const codecId = (codec: VideoCodec | AudioCodec): number =>
  LEGACY_CODEC_ID[codec] ?? Buffer.from(FOUR_CC[codec], 'latin1').readUInt32BE(0);
