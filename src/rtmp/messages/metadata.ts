import type { Amf0Object, Amf0Value } from '../amf0.js';
import type { NamedData } from './named-data.js';

/** Longest text kept of any metadata string. */
const MAX_TEXT = 128;

/** Tracks kept of each kind. */
const MAX_TRACKS = 16;

/** The largest track id that Enhanced RTMP's eight bits can name. */
const MAX_TRACK_ID = 255;

/** What is claimed of a video track. */
export interface ClaimedVideo {
  readonly width?: number;
  readonly height?: number;
  /** Frames per second. */
  readonly frameRate?: number;
  /** Bits per second. */
  readonly videoBitrate?: number;
  /** An FLV codec id, or a FourCC as text: `avc1`. */
  readonly videoCodec?: number | string;
}

/** What is claimed of an audio track. */
export interface ClaimedAudio {
  /** Bits per second. */
  readonly audioBitrate?: number;
  readonly audioSampleRate?: number;
  readonly audioChannels?: number;
  /** An FLV codec id, or a FourCC as text: `mp4a`. */
  readonly audioCodec?: number | string;
}

/**
 * What an encoder claims about its stream in onMetaData (FLV 10.1 E.5). Claims, not facts: bitrates of 0, a wrong
 * `stereo` and sizes from before a change are all seen in the field. Values that cannot be meant are absent.
 */
export interface PublisherMetadata extends ClaimedVideo, ClaimedAudio {
  /** The encoder's name of itself. */
  readonly encoder?: string;
  /** Tracks beside the default one, by their id, each with what differs (Enhanced RTMP v2, "Enhancing onMetaData"). */
  readonly videoTracks?: ReadonlyMap<number, ClaimedVideo>;
  readonly audioTracks?: ReadonlyMap<number, ClaimedAudio>;
}

/** Reads `onMetaData` and its object. Undefined for any other data. */
export function parseMetadata({ name, value: properties }: NamedData): PublisherMetadata | undefined {
  if (name !== 'onMetaData' || !(properties instanceof Map)) return undefined;
  return present<PublisherMetadata>({
    ...videoClaims(properties),
    ...audioClaims(properties),
    encoder: text(properties, 'encoder') ?? text(properties, 'videoencoder'),
    videoTracks: tracks(properties.get('videoTrackIdInfoMap'), videoClaims),
    audioTracks: tracks(properties.get('audioTrackIdInfoMap'), audioClaims),
  });
}

const videoClaims = (properties: Amf0Object): ClaimedVideo =>
  present<ClaimedVideo>({
    width: positive(properties, 'width'),
    height: positive(properties, 'height'),
    frameRate: positive(properties, 'framerate') ?? positive(properties, 'fps'),
    videoBitrate: positive(properties, 'videodatarate', 1000),
    videoCodec: codec(properties, 'videocodecid'),
  });

/** The stream itself has an `audiosamplerate`, a track of a map a `samplerate`. */
const audioClaims = (properties: Amf0Object): ClaimedAudio =>
  present<ClaimedAudio>({
    audioBitrate: positive(properties, 'audiodatarate', 1000),
    audioSampleRate: positive(properties, 'audiosamplerate') ?? positive(properties, 'samplerate'),
    audioChannels:
      positive(properties, 'audiochannels') ?? positive(properties, 'channels') ?? stereo(properties),
    audioCodec: codec(properties, 'audiocodecid'),
  });

/** A map from track ids, written as decimal keys, to what is claimed of each track. */
function tracks<T>(value: Amf0Value, claims: (properties: Amf0Object) => T): Map<number, T> | undefined {
  if (!(value instanceof Map)) return undefined;
  const found = new Map<number, T>();
  for (const [key, properties] of value) {
    const id = /^\d{1,3}$/.test(key) ? Number(key) : undefined;
    if (id === undefined || id > MAX_TRACK_ID || !(properties instanceof Map)) continue;
    if (found.size === MAX_TRACKS) break;
    found.set(id, claims(properties));
  }
  return found.size > 0 ? found : undefined;
}

/** A number above 0; some encoders write it as text. */
function positive(properties: Amf0Object, key: string, scale = 1): number | undefined {
  const raw = properties.get(key);
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value * scale : undefined;
}

function stereo(properties: Amf0Object): number | undefined {
  const value = properties.get('stereo');
  if (typeof value !== 'boolean') return undefined;
  return value ? 2 : 1;
}

function text(properties: Amf0Object, key: string): string | undefined {
  const value = properties.get(key);
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : undefined;
}

function codec(properties: Amf0Object, key: string): number | string | undefined {
  const value = properties.get(key);
  if (typeof value !== 'number') return text(properties, key);
  return value > 0xff ? fourCc(value) : value;
}

/** Enhanced RTMP writes a FourCC as a big-endian number: av01 is 1635135537. */
function fourCc(value: number): string | undefined {
  if (!Number.isInteger(value) || value > 0xffffffff) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '?');
}

/** Leaves out what is absent. */
const present = <T>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
