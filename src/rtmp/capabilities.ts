import type { Amf0Object, Amf0Value } from './amf0.js';
import { amfObject, propertyOf } from './messages/command.js';

/** What a peer can do with a codec (Enhanced RTMP v2, FourCcInfoMask). */
export const FourCcFlag = { Decode: 1, Encode: 2, Forward: 4 } as const;

/** Extended capabilities (Enhanced RTMP v2, CapsExMask). */
export const CapsEx = { Reconnect: 1, Multitrack: 2, ModEx: 4, NanoOffset: 8 } as const;

/** What a peer stated of Enhanced RTMP in connect or in the answer to it. */
export interface PeerCapabilities {
  /** The peer stated something, so it knows Enhanced RTMP. */
  readonly enhanced: boolean;
  /** FourCCs of codecs it takes, video and audio together; `*` means all. The older way of saying it. */
  readonly fourCcs: ReadonlySet<string>;
  /** `FourCcFlag` bits by FourCC; those of `*` hold for every codec. */
  readonly video: ReadonlyMap<string, number>;
  readonly audio: ReadonlyMap<string, number>;
  /** `CapsEx` bits. */
  readonly capsEx: number;
}

/** Codecs kept of one statement. */
const MAX_CODECS = 64;

export const NO_CAPABILITIES: PeerCapabilities = {
  enhanced: false,
  fourCcs: new Set(),
  video: new Map(),
  audio: new Map(),
  capsEx: 0,
};

/**
 * What both our sides state: every codec is carried on as it comes, tracks of several kinds are told apart, ModEx
 * headers are read, and a request to reconnect is followed.
 */
export const OWN_CAPABILITIES: PeerCapabilities = {
  enhanced: true,
  fourCcs: new Set(['avc1', 'hvc1', 'av01', 'vp09', 'mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3']),
  video: forwarded('avc1', 'hvc1', 'av01', 'vp09'),
  audio: forwarded('mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3'),
  capsEx: CapsEx.Reconnect | CapsEx.Multitrack | CapsEx.ModEx,
};

function forwarded(...fourCcs: string[]): ReadonlyMap<string, number> {
  return new Map(fourCcs.map((fourCc) => [fourCc, FourCcFlag.Forward]));
}

/** True when the peer takes this codec, to show it or to pass it on. */
export function takesCodec(peer: PeerCapabilities, kind: 'video' | 'audio', fourCc: string): boolean {
  const flags = (peer[kind].get(fourCc) ?? 0) | (peer[kind].get('*') ?? 0);
  if ((flags & (FourCcFlag.Decode | FourCcFlag.Forward)) !== 0) return true;
  return peer.fourCcs.has(fourCc) || peer.fourCcs.has('*');
}

/** Reads the statement from a command object; what is malformed in it reads as absent. */
export function parseCapabilities(object: Amf0Value): PeerCapabilities {
  const list = propertyOf(object, 'fourCcList');
  const video = propertyOf(object, 'videoFourCcInfoMap');
  const audio = propertyOf(object, 'audioFourCcInfoMap');
  const capsEx = propertyOf(object, 'capsEx');
  if (list === undefined && video === undefined && audio === undefined && capsEx === undefined) {
    return NO_CAPABILITIES;
  }
  return {
    enhanced: true,
    fourCcs: new Set(stringsOf(list)),
    video: flagsOf(video),
    audio: flagsOf(audio),
    capsEx: bits(capsEx),
  };
}

/** The properties that state capabilities in a command object. */
export function capabilityProperties(capabilities: PeerCapabilities): Readonly<Record<string, Amf0Value>> {
  return {
    fourCcList: [...capabilities.fourCcs],
    videoFourCcInfoMap: objectOf(capabilities.video),
    audioFourCcInfoMap: objectOf(capabilities.audio),
    capsEx: capabilities.capsEx,
  };
}

const objectOf = (flags: ReadonlyMap<string, number>): Amf0Object => amfObject(Object.fromEntries(flags));

/** A strict array by the book; some senders write an object with the indices for keys. */
function stringsOf(value: Amf0Value): string[] {
  const items = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : [];
  return items.slice(0, MAX_CODECS).filter(isCodecName);
}

function flagsOf(value: Amf0Value): Map<string, number> {
  const flags = new Map<string, number>();
  if (!(value instanceof Map)) return flags;
  for (const [fourCc, mask] of value) {
    if (flags.size === MAX_CODECS) break;
    if (isCodecName(fourCc)) flags.set(fourCc, bits(mask));
  }
  return flags;
}

const isCodecName = (value: Amf0Value): value is string =>
  value === '*' || (typeof value === 'string' && value.length === 4);

const bits = (value: Amf0Value): number => (typeof value === 'number' ? value >>> 0 : 0);
