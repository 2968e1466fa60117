import { MillraceError } from '../errors.js';
import { AudioPacket, ModExType, MultitrackType, VideoPacket } from './flv-constants.js';

/** What an enhanced body says of one track (Enhanced RTMP v2, ExVideoTagBody and ExAudioTagBody). */
export interface EnhancedPart {
  /** 0 unless the message carries several tracks. */
  readonly track: number;
  /** As sent: four bytes, not all of them printable perhaps. */
  readonly fourCc: string;
  /** A view over the message body, or a copy of a small part of it; empty where the packet type says it all. */
  readonly payload: Buffer;
}

export interface EnhancedBody {
  /** `VideoPacket` or `AudioPacket`; never Multitrack or ModEx, which have been taken off. */
  readonly packetType: number;
  /** None for a command. */
  readonly parts: readonly EnhancedPart[];
}

/** More tracks in one message are refused: as many as there are track ids. */
export const MAX_TRACKS_IN_MESSAGE = 256;

/** A timestamp offset stays below a millisecond, which the message's own timestamp counts. */
const MAX_NANO_OFFSET = 999_999;

const FOUR_CC_LENGTH = 4;
const MULTITRACK = { video: VideoPacket.Multitrack, audio: AudioPacket.Multitrack } as const;
/** The same number for both kinds. */
const MOD_EX = VideoPacket.ModEx;

const malformed = (what: string): MillraceError => new MillraceError('FLV_MALFORMED', what);

/**
 * Takes an enhanced header off and the tracks apart. Modifiers (ModEx) are checked and passed over: a nanosecond offset
 * is finer than the frame grid that all times are placed on.
 * @param command a frame type that is followed by a command unless the packet is metadata
 * @throws MillraceError FLV_MALFORMED when the body is truncated or a multitrack message lies in another.
 */
export function readEnhanced(body: Buffer, kind: 'video' | 'audio', command = false): EnhancedBody {
  const cursor = new Cursor(body);
  let packetType = cursor.u8() & 0x0f;
  while (packetType === MOD_EX) packetType = skipModifier(cursor);

  if (command && packetType !== VideoPacket.Metadata) return { packetType, parts: [] };
  if (packetType !== MULTITRACK[kind]) {
    const fourCc = cursor.fourCc();
    return { packetType, parts: [{ track: 0, fourCc, payload: cursor.rest() }] };
  }

  const types = cursor.u8();
  const multitrackType = types >> 4;
  packetType = types & 0x0f;
  if (packetType === MULTITRACK[kind] || packetType === MOD_EX)
    throw malformed(`${kind} packet type ${packetType} inside a multitrack message`);
  return { packetType, parts: readTracks(cursor, multitrackType) };
}

/** One modifier: its data, then its type and the packet type that follows. */
function skipModifier(cursor: Cursor): number {
  const size = cursor.u8() + 1;
  const data = cursor.take(size === 256 ? cursor.u16() + 1 : size);
  const types = cursor.u8();
  if (types >> 4 === ModExType.TimestampOffsetNano) {
    const nanoseconds = data.length >= 3 ? data.readUIntBE(0, 3) : Number.POSITIVE_INFINITY;
    if (nanoseconds > MAX_NANO_OFFSET) throw malformed('a timestamp offset that is not below a millisecond');
  }
  return types & 0x0f;
}

function readTracks(cursor: Cursor, multitrackType: number): EnhancedPart[] {
  if (multitrackType > MultitrackType.ManyTracksManyCodecs)
    throw malformed(`multitrack type ${multitrackType}`);
  const ownFourCcs = multitrackType === MultitrackType.ManyTracksManyCodecs;
  const shared = ownFourCcs ? '' : cursor.fourCc();
  const parts: EnhancedPart[] = [];
  do {
    if (parts.length === MAX_TRACKS_IN_MESSAGE)
      throw malformed(`more than ${MAX_TRACKS_IN_MESSAGE} tracks in a message`);
    const fourCc = ownFourCcs ? cursor.fourCc() : shared;
    const track = cursor.u8();
    const payload = multitrackType === MultitrackType.OneTrack ? cursor.rest() : cursor.own(cursor.u24());
    parts.push({ track, fourCc, payload });
  } while (!cursor.atEnd);
  return parts;
}

/** Reads a body front to back; past its end is FLV_MALFORMED. */
class Cursor {
  readonly #body: Buffer;
  #position = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get atEnd(): boolean {
    return this.#position === this.#body.length;
  }

  u8(): number {
    return this.#body.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#body.readUInt16BE(this.#advance(2));
  }

  u24(): number {
    return this.#body.readUIntBE(this.#advance(3), 3);
  }

  fourCc(): string {
    const start = this.#advance(FOUR_CC_LENGTH);
    return this.#body.toString('latin1', start, start + FOUR_CC_LENGTH);
  }

  take(length: number): Buffer {
    const start = this.#advance(length);
    return this.#body.subarray(start, start + length);
  }

  /** As `take`, but a copy of what is less than half of the body: who keeps it would keep the whole body with it. */
  own(length: number): Buffer {
    const part = this.take(length);
    return 2 * length < this.#body.length ? Buffer.from(part) : part;
  }

  rest(): Buffer {
    return this.take(this.#body.length - this.#position);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#body.length - start) throw malformed('an enhanced header or track is cut off');
    this.#position += length;
    return start;
  }
}
