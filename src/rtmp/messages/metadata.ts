import { decodeAmf0, EcmaArray, encodeAmf0 } from '../amf0.js';
import type { Amf0Value } from '../amf0.js';
import { amf0Part } from './command.js';
import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** Chunk stream of a publisher's data messages. */
const DATA_CHUNK_STREAM = 4;

/** Longest text kept of any metadata string. */
const MAX_TEXT = 128;

/**
 * What an encoder claims about its stream in onMetaData (FLV 10.1 E.5). Claims, not facts: bitrates of 0, a wrong
 * `stereo` and sizes from before a change are all seen in the field. Values that cannot be meant are absent.
 */
export interface PublisherMetadata {
  readonly width?: number;
  readonly height?: number;
  /** Frames per second. */
  readonly frameRate?: number;
  /** Bits per second. */
  readonly videoBitrate?: number;
  readonly audioBitrate?: number;
  readonly audioSampleRate?: number;
  readonly audioChannels?: number;
  /** An FLV codec id, or a FourCC as text: `avc1`. */
  readonly videoCodec?: number | string;
  readonly audioCodec?: number | string;
  /** The encoder's name of itself. */
  readonly encoder?: string;
}

/**
 * Reads a data message: `@setDataFrame`, `onMetaData`, object; or without the first. Undefined for any other data.
 * @throws MillraceError AMF_MALFORMED
 */
export function parseMetadata(message: RtmpMessage): PublisherMetadata | undefined {
  const values = decodeAmf0(amf0Part(message), { endMarkerOptional: true });
  if (values[0] === '@setDataFrame') values.shift();
  const [name, properties] = values;
  if (name !== 'onMetaData' || !(properties instanceof Map)) return undefined;
  return readProperties(properties);
}

/** `@setDataFrame onMetaData` with an ECMA array, as every encoder sends it. */
export function metadataMessage(
  streamId: number,
  values: Readonly<Record<string, number | string | boolean>>,
): RtmpMessage {
  return {
    chunkStreamId: DATA_CHUNK_STREAM,
    typeId: MessageType.DataAmf0,
    streamId,
    timestamp: 0,
    payload: encodeAmf0('@setDataFrame', 'onMetaData', new EcmaArray(Object.entries(values))),
  };
}

function readProperties(properties: ReadonlyMap<string, Amf0Value>): PublisherMetadata {
  const positive = (key: string, scale = 1): number | undefined => {
    const raw = properties.get(key);
    const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value * scale : undefined;
  };
  const text = (key: string): string | undefined => {
    const value = properties.get(key);
    return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : undefined;
  };
  const codec = (key: string): number | string | undefined => {
    const value = properties.get(key);
    if (typeof value !== 'number') return text(key);
    return value > 0xff ? fourCc(value) : value;
  };
  const stereo = properties.get('stereo');
  return withoutAbsent({
    width: positive('width'),
    height: positive('height'),
    frameRate: positive('framerate') ?? positive('fps'),
    videoBitrate: positive('videodatarate', 1000),
    audioBitrate: positive('audiodatarate', 1000),
    audioSampleRate: positive('audiosamplerate'),
    audioChannels: positive('audiochannels') ?? (typeof stereo === 'boolean' ? (stereo ? 2 : 1) : undefined),
    videoCodec: codec('videocodecid'),
    audioCodec: codec('audiocodecid'),
    encoder: text('encoder') ?? text('videoencoder'),
  });
}

/** Enhanced RTMP writes a FourCC as a big-endian number: av01 is 1635135537. */
function fourCc(value: number): string | undefined {
  if (!Number.isInteger(value) || value > 0xffffffff) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '?');
}

type Absentable<T> = { [K in keyof T]: T[K] | undefined };

function withoutAbsent(values: Absentable<Required<PublisherMetadata>>): PublisherMetadata {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
