import type { VideoCodec } from '../../src/media/codec.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { encodeAmf0, EcmaArray } from '../../src/rtmp/amf0.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { amfObject } from '../../src/rtmp/messages/command.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { videoConfigBody, videoFrameBody } from '../../src/rtmp/flv-writer.js';
import { basicHeader, chunk } from './support.js';

/** One FLV tag body and its time in ms. */
export interface Tag {
  readonly type: 'video' | 'audio';
  readonly timestamp: number;
  readonly body: Buffer;
}

/** What an encoder is given to send. */
export interface Clip {
  /** Decoder configurations, whose times mean nothing. */
  readonly configs: readonly Tag[];
  readonly frames: readonly Tag[];
}

/** Moves the frames of a clip in time. */
export const later = ({ configs, frames }: Clip, ms: number): Clip => ({
  configs,
  frames: frames.map((tag) => ({ ...tag, timestamp: tag.timestamp + ms })),
});

/** Where an encoder puts a message. */
interface Place {
  readonly csid?: number;
  readonly sid?: number;
}

/** How an encoder cuts a message into chunks where that is not by the book. */
type Cut = (csid: number, typeId: number, timestamp: number, payload: Buffer) => Buffer;

/** Writes the bytes of one connection, step by step. */
class Script {
  readonly #writer = new ChunkWriter();
  readonly #bytes: Buffer[] = [];
  /** Wraps commands and data in AMF3 messages. */
  amf3 = false;
  cut: Cut | undefined;

  constructor() {
    // C0, C1 with zeros for a version as librtmp has it, and a C2 that echoes nothing.
    const first = Buffer.alloc(HANDSHAKE_SIZE, 0x5a);
    first.fill(0, 0, 8);
    this.#bytes.push(Buffer.of(3), first, Buffer.alloc(HANDSHAKE_SIZE, 0xa5));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#bytes);
  }

  raw(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  chunkSize(size: number): void {
    this.#bytes.push(this.#writer.setChunkSize(size));
  }

  message(typeId: number, payload: Buffer, timestamp = 0, { csid = 3, sid = 0 }: Place = {}): void {
    this.#bytes.push(
      this.cut?.(csid, typeId, timestamp, payload) ??
        this.#writer.write({ chunkStreamId: csid, streamId: sid, timestamp, typeId, payload }),
    );
  }

  command(name: string, transaction: number, args: readonly Amf0Value[], place: Place = {}): void {
    const payload = encodeAmf0(name, transaction, ...args);
    if (this.amf3) this.message(MessageType.CommandAmf3, Buffer.concat([Buffer.of(0), payload]), 0, place);
    else this.message(MessageType.CommandAmf0, payload, 0, place);
  }

  connect(properties: Readonly<Record<string, Amf0Value>>): void {
    this.command('connect', 1, [amfObject({ app: 'live', ...properties, tcUrl: 'rtmp://127.0.0.1/live' })]);
  }

  metadata(values: Readonly<Record<string, Amf0Value>>): void {
    const payload = encodeAmf0('@setDataFrame', 'onMetaData', new EcmaArray(Object.entries(values)));
    const typeId = this.amf3 ? MessageType.DataAmf3 : MessageType.DataAmf0;
    this.message(typeId, this.amf3 ? Buffer.concat([Buffer.of(0), payload]) : payload, 0, {
      csid: 4,
      sid: 1,
    });
  }

  media({ type, timestamp, body }: Tag, csids: Csids): void {
    const typeId = type === 'video' ? MessageType.Video : MessageType.Audio;
    this.message(typeId, body, timestamp, { csid: csids[type], sid: 1 });
  }

  clip({ configs, frames }: Clip, csids: Csids): void {
    for (const tag of [...configs, ...frames]) this.media(tag, csids);
  }
}

type Csids = Readonly<Record<Tag['type'], number>>;
const ALL_ON_4: Csids = { audio: 4, video: 4 };
const AS_FFMPEG: Csids = { audio: 4, video: 6 };

const METADATA = { duration: 0, width: 96, height: 64, videodatarate: 0, framerate: 25, stereo: false };
const FMLE = 'FMLE/3.0 (compatible; FMSc/1.0)';
const KEY = 'good-key-0123';

/** releaseStream, FCPublish, createStream and publish, as all of the FMLE lineage have them. */
function publish(script: Script, publishCsid: number, between: () => void = () => undefined): void {
  script.command('releaseStream', 2, [null, KEY]);
  script.command('FCPublish', 3, [null, KEY]);
  script.command('createStream', 4, [null]);
  between();
  script.command('publish', 5, [null, KEY, 'live'], { csid: publishCsid, sid: 1 });
}

function goodbye(script: Script): Buffer {
  script.command('FCUnpublish', 6, [null, KEY]);
  script.command('deleteStream', 7, [null, 1]);
  return script.bytes;
}

/** OBS 29: a chunk size ahead of connect, the sound's configuration before the picture's, chunk stream 4 for everything. */
export function obs(clip: Clip): Buffer {
  const script = startObs(4096);
  script.clip(soundFirst(clip), ALL_ON_4);
  return goodbye(script);
}

/** OBS before 30.1: where it cuts a message it leaves the extended timestamp out of the further chunks. */
export function obsOmittingTimestamps(clip: Clip): Buffer {
  const size = 512;
  const script = startObs(size);
  script.cut = (csid, typeId, timestamp, payload) => {
    const fields = { time: timestamp, length: payload.length, typeId };
    const header = timestamp < 0xffffff ? fields : { ...fields, extended: timestamp };
    const pieces = [chunk(0, csid, header, payload.subarray(0, size))];
    for (let at = size; at < payload.length; at += size)
      pieces.push(basicHeader(3, csid), payload.subarray(at, at + size));
    return Buffer.concat(pieces);
  };
  script.clip(soundFirst(clip), ALL_ON_4);
  script.cut = undefined;
  return goodbye(script);
}

const soundFirst = ({ configs, frames }: Clip): Clip => ({
  configs: configs.toSorted((a, b) => a.type.localeCompare(b.type)),
  frames,
});

function startObs(chunkSize: number): Script {
  const script = new Script();
  script.chunkSize(chunkSize);
  script.connect({
    type: 'nonprivate',
    supportsGoAway: true,
    flashVer: FMLE,
    swfUrl: 'rtmp://127.0.0.1/live',
  });
  publish(script, 4);
  script.metadata({ ...METADATA, encoder: 'obs-output module (libobs version 29.0.2)' });
  return script;
}

/** rtmpdump's library: chunks of 128 bytes throughout, and an answer to a ping that opens chunk stream 2 with type 1. */
export function librtmp(clip: Clip): Buffer {
  const script = new Script();
  script.connect({ type: 'nonprivate', flashVer: FMLE });
  publish(script, 4);
  script.raw(chunk(1, 2, { length: 6, typeId: 4 }, Buffer.of(0, 7, 0, 0, 0, 1)));
  script.metadata(METADATA);
  script.clip(clip, ALL_ON_4);
  return goodbye(script);
}

/** Flash Media Live Encoder and Wirecast: they measure bandwidth and wait for onFCPublish. */
export function wirecast(clip: Clip): Buffer {
  const script = new Script();
  script.connect({
    flashVer: 'FMLE/3.0 (compatible; Wirecast/FM 1.0)',
    fpad: false,
    capabilities: 239,
    audioCodecs: 3575,
    videoCodecs: 252,
    videoFunction: 1,
    objectEncoding: 0,
  });
  publish(script, 8, () => script.command('_checkbw', 9, [null]));
  script.metadata({ author: '', ...METADATA, videocodecid: 'avc1', audiocodecid: 'mp4a' });
  script.clip(clip, { audio: 6, video: 7 });
  return goodbye(script);
}

/** vMix, which publishes with an ffmpeg of its own: a chunk size after connect, publish on chunk stream 8. */
export function vmix(clip: Clip): Buffer {
  const script = new Script();
  script.connect({ type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Lavf58.76.100)' });
  script.chunkSize(4096);
  publish(script, 8);
  script.metadata({ ...METADATA, encoder: 'vMix' });
  script.clip(clip, AS_FFMPEG);
  script.media({ type: 'video', timestamp: 400, body: Buffer.from('1702000000', 'hex') }, AS_FFMPEG);
  return goodbye(script);
}

/** Larix: HEVC under codec id 12, as servers knew it before there was a standard. */
export function larixLegacy(clip: Clip): Buffer {
  const script = new Script();
  script.chunkSize(4096);
  script.connect({ type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Larix/1.3)' });
  publish(script, 3);
  script.metadata({ ...METADATA, videocodecid: 12 });
  script.clip(clip, AS_FFMPEG);
  return goodbye(script);
}

/** Larix with Enhanced RTMP: it states what it can, and names HEVC by its FourCC. */
export function larixEnhanced(clip: Clip): Buffer {
  const script = new Script();
  script.chunkSize(4096);
  script.connect({ type: 'nonprivate', flashVer: 'Larix/1.3', fourCcList: ['hvc1', 'av01'], capsEx: 1 });
  publish(script, 3);
  script.metadata({ ...METADATA, videocodecid: 0x68766331 });
  script.clip(clip, AS_FFMPEG);
  return goodbye(script);
}

/** A sender of Flash's lineage: every command and all data in AMF3 messages. */
export function amf3Wrapped(clip: Clip): Buffer {
  const script = new Script();
  script.amf3 = true;
  script.connect({ flashVer: 'WIN 11,2,202,235', objectEncoding: 3 });
  publish(script, 8);
  script.metadata(METADATA);
  script.clip(clip, AS_FFMPEG);
  return goodbye(script);
}

/** Writes the time of a message where its distance to the last one belongs, once it does not fit 24 bits. */
export function absoluteDeltas(clip: Clip): Buffer {
  const script = new Script();
  script.connect({ type: 'nonprivate', flashVer: FMLE });
  script.chunkSize(4096);
  publish(script, 4);
  const known = new Set<number>();
  script.cut = (csid, typeId, timestamp, payload) => {
    const format = known.has(csid) ? 1 : 0;
    known.add(csid);
    const fields = { length: payload.length, typeId, time: timestamp };
    return chunk(format, csid, timestamp < 0xffffff ? fields : { ...fields, extended: timestamp }, payload);
  };
  // Configurations too, so that there is a time of this height to begin with.
  const first = clip.frames[0]?.timestamp ?? 0;
  script.clip({ ...clip, configs: clip.configs.map((tag) => ({ ...tag, timestamp: first })) }, AS_FFMPEG);
  script.cut = undefined;
  return goodbye(script);
}

/** Flash Media Server as a publisher: all media in aggregate messages, some tags in each. */
export function aggregates({ configs, frames }: Clip): Buffer {
  const script = new Script();
  script.connect({ flashVer: 'FMS/4.5' });
  script.chunkSize(4096);
  publish(script, 4);
  const tags = [...configs, ...frames];
  for (let at = 0; at < tags.length; at += 5) {
    const group = tags.slice(at, at + 5);
    const payload = Buffer.concat(
      group.flatMap(({ type, timestamp, body }) => {
        const header = Buffer.alloc(11);
        header[0] = type === 'video' ? MessageType.Video : MessageType.Audio;
        header.writeUIntBE(body.length, 1, 3);
        // Times inside count from somewhere else: the aggregate's own time says where that is.
        header.writeUIntBE(timestamp + 5000, 4, 3);
        const back = Buffer.alloc(4);
        back.writeUInt32BE(header.length + body.length);
        return [header, body, back];
      }),
    );
    script.message(MessageType.Aggregate, payload, group[0]?.timestamp, { csid: 6, sid: 1 });
  }
  return goodbye(script);
}

/** A hardware box: no configuration for its picture, but start codes, delimiters and parameter sets in every keyframe. */
export function hardwareBox(clip: Clip): Buffer {
  const script = new Script();
  script.connect({ flashVer: 'encoder' });
  publish(script, 4);
  const config = clip.configs.find(({ type }) => type === 'video');
  if (config === undefined) throw new Error('a clip without a picture');
  const sets = parameterSets(config.body.subarray(5));
  const frames = clip.frames.map((tag) =>
    tag.type === 'video' ? { ...tag, body: toAnnexB(tag.body, sets) } : tag,
  );
  script.clip({ configs: clip.configs.filter(({ type }) => type === 'audio'), frames }, AS_FFMPEG);
  // It is switched off: no goodbye.
  return script.bytes;
}

const START_CODE = Buffer.of(0, 0, 0, 1);
const DELIMITER = Buffer.of(9, 0xf0);

/** SPS and PPS of an avcC that has one of each. */
function parameterSets(record: Buffer): Buffer[] {
  const spsEnd = 8 + record.readUInt16BE(6);
  const ppsStart = spsEnd + 3;
  return [record.subarray(8, spsEnd), record.subarray(ppsStart, ppsStart + record.readUInt16BE(spsEnd + 1))];
}

function toAnnexB(body: Buffer, sets: readonly Buffer[]): Buffer {
  const isKeyframe = body.readUInt8(0) === 0x17;
  const units = [DELIMITER, ...(isKeyframe ? sets : [])];
  for (let at = 5; at < body.length;) {
    const end = at + 4 + body.readUInt32BE(at);
    units.push(body.subarray(at + 4, end));
    at = end;
  }
  return Buffer.concat([body.subarray(0, 5), ...units.flatMap((unit) => [START_CODE, unit])]);
}

/** A mobile encoder: all of the sound comes after all of the picture. */
export function soundBehind({ configs, frames }: Clip): Buffer {
  const script = new Script();
  script.connect({ flashVer: 'StreamPack' });
  publish(script, 3);
  script.clip({ configs, frames: frames.toSorted((a, b) => b.type.localeCompare(a.type)) }, AS_FFMPEG);
  return goodbye(script);
}

/** A clip's picture in HEVC: legacy bodies under codec id 12, or enhanced ones. */
export function hevcTags(
  { record, units }: HevcStream,
  form: 'legacy' | 'enhanced',
): { readonly config: Tag; readonly frames: readonly Tag[] } {
  const body = (enhanced: Buffer, keyframe: boolean, packet: number, time: number, data: Buffer): Buffer => {
    if (form === 'enhanced') return enhanced;
    const header = Buffer.of(((keyframe ? 1 : 2) << 4) | 12, packet, 0, 0, 0);
    header.writeIntBE(time, 2, 3);
    return Buffer.concat([header, data]);
  };
  return {
    config: {
      type: 'video',
      timestamp: 0,
      body: body(videoConfigBody(0, 'hevc', record), true, 0, 0, record),
    },
    frames: units.map(({ dts, pts, keyframe, data }) => {
      const timestamp = Math.round(dts);
      const compositionTime = Math.round(pts) - timestamp;
      const enhanced = videoFrameBody(0, 'hevc', { keyframe, compositionTime, data });
      return { type: 'video', timestamp, body: body(enhanced, keyframe, 1, compositionTime, data) };
    }),
  };
}

interface HevcStream {
  readonly codec: Extract<VideoCodec, 'hevc'>;
  readonly record: Buffer;
  readonly units: readonly { dts: number; pts: number; keyframe: boolean; data: Buffer }[];
}
