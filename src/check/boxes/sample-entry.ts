import { Cursor, find, readBoxes, type Box } from './box-reader.js';

/** What an init segment says of a track's coding. */
export interface SampleEntry {
  /** Four characters: `avc1`, `hvc1`, `mp4a` ... the original one for an encrypted track. */
  readonly format: string;
  /** RFC 6381, where it can be told from the entry. */
  readonly codec: string | undefined;
  /** Bytes of the length before each NAL unit; 0 for codings without NAL units. */
  readonly nalLengthSize: number;
  readonly width: number;
  readonly height: number;
  /** transfer_characteristics (ITU-T H.273); undefined where it is not said. */
  readonly transfer: number | undefined;
  readonly channels: number;
  readonly sampleRate: number;
  readonly encrypted: boolean;
}

const VISUAL = new Set(['avc1', 'avc3', 'hvc1', 'hev1', 'av01', 'vp09', 'vp08', 'dvh1', 'dvhe', 'encv']);
const AUDIO = new Set(['mp4a', 'ac-3', 'ec-3', 'Opus', 'fLaC', 'alac', 'mp3 ', 'enca', 'ac-4']);

/** Reads the first sample entry of `stsd`. Never throws. */
export function readSampleEntry(stsd: Box | undefined): SampleEntry | undefined {
  const entry = stsd === undefined ? undefined : readBoxes(stsd.body.subarray(8)).boxes[0];
  if (entry === undefined) return undefined;
  const kind = VISUAL.has(entry.type) ? 'video' : AUDIO.has(entry.type) ? 'audio' : 'other';
  const cursor = new Cursor(entry.body);
  cursor.skip(8);
  const video = kind === 'video' ? readVisual(cursor) : { width: 0, height: 0 };
  const audio = kind === 'audio' ? readAudio(cursor) : { channels: 0, sampleRate: 0 };
  const boxes = kind === 'other' ? [] : readBoxes(cursor.rest()).boxes;
  const original = find(readBoxes(find(boxes, 'sinf')?.body ?? Buffer.alloc(0)).boxes, 'frma');
  const format = original === undefined ? entry.type : original.body.toString('latin1', 0, 4);
  const nclx = find(boxes, 'colr')?.body;
  return {
    ...video,
    ...audio,
    format,
    codec: codecOf(format, boxes),
    nalLengthSize: nalLengthSize(boxes),
    transfer:
      nclx?.toString('latin1', 0, 4) === 'nclx' && nclx.length >= 10 ? nclx.readUInt16BE(6) : undefined,
    encrypted: original !== undefined,
  };
}

function readVisual(cursor: Cursor) {
  cursor.skip(16);
  const size = { width: cursor.unsigned(2), height: cursor.unsigned(2) };
  cursor.skip(50);
  return size;
}

function readAudio(cursor: Cursor) {
  cursor.skip(8);
  const channels = cursor.unsigned(2);
  cursor.skip(6);
  return { channels, sampleRate: cursor.unsigned(4) / 65_536 };
}

function nalLengthSize(boxes: readonly Box[]): number {
  const avc = find(boxes, 'avcC')?.body;
  if (avc !== undefined) return ((avc[4] ?? 3) & 3) + 1;
  const hevc = find(boxes, 'hvcC')?.body;
  return hevc === undefined ? 0 : ((hevc[21] ?? 3) & 3) + 1;
}

function codecOf(format: string, boxes: readonly Box[]): string | undefined {
  const body = (type: string): Buffer | undefined => find(boxes, type)?.body;
  switch (format) {
    case 'avc1':
    case 'avc3': {
      const avc = body('avcC');
      return avc === undefined ? undefined : `${format}.${avc.toString('hex', 1, 4)}`;
    }
    case 'hvc1':
    case 'hev1': {
      const hevc = body('hvcC');
      return hevc === undefined || hevc.length < 13 ? undefined : `${format}.${hevcProfile(hevc)}`;
    }
    case 'av01': {
      const av1 = body('av1C');
      return av1 === undefined || av1.length < 3 ? undefined : `av01.${av1Profile(av1)}`;
    }
    case 'mp4a': {
      const audio = objectType(body('esds'));
      return audio === undefined ? undefined : `mp4a.${audio}`;
    }
    default:
      return AUDIO.has(format) && format !== 'enca' ? format : undefined;
  }
}

/** ISO/IEC 14496-15 annex E: profile, reversed compatibility flags, tier and level, constraint bytes. */
function hevcProfile(hevc: Buffer): string {
  const profile = hevc.readUInt8(1);
  const space = ['', 'A', 'B', 'C'][profile >> 6] ?? '';
  let flags = hevc.readUInt32BE(2);
  let reversed = 0;
  for (let i = 0; i < 32; i++, flags >>>= 1) reversed = (reversed * 2 + (flags & 1)) >>> 0;
  const tier = profile & 0x20 ? 'H' : 'L';
  const constraints = [...hevc.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    `${space}${profile & 0x1f}`,
    reversed.toString(16).toUpperCase(),
    `${tier}${hevc.readUInt8(12)}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

/** AV1 in ISOBMFF 5: profile, level and tier, bit depth; optional fields are not made. */
function av1Profile(av1: Buffer): string {
  const [, first = 0, second = 0] = av1;
  const depth = second & 0x40 ? (second & 0x20 ? 12 : 10) : 8;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${first >> 5}.${two(first & 0x1f)}${second & 0x80 ? 'H' : 'M'}.${two(depth)}`;
}

/** Object type indication and audio object type, `40.2`, from the elementary stream descriptor. */
function objectType(esds: Buffer | undefined): string | undefined {
  if (esds === undefined) return undefined;
  const cursor = new Cursor(esds);
  cursor.skip(4);
  if (!enter(cursor, 3)) return undefined;
  cursor.skip(2);
  const flags = cursor.unsigned(1);
  if (flags & 0x80) cursor.skip(2);
  if (flags & 0x40) cursor.skip(cursor.unsigned(1));
  if (flags & 0x20) cursor.skip(2);
  if (!enter(cursor, 4)) return undefined;
  const indication = cursor.unsigned(1);
  if (indication !== 0x40) return indication.toString(16);
  cursor.skip(12);
  if (!enter(cursor, 5)) return undefined;
  const first = cursor.unsigned(1);
  const second = cursor.unsigned(1);
  const type = first >> 3;
  return `40.${type === 31 ? 32 + (((first & 7) << 3) | (second >> 5)) : type}`;
}

/** Steps into a descriptor with an expandable size (ISO/IEC 14496-1 8.3.3). */
function enter(cursor: Cursor, tag: number): boolean {
  if (cursor.unsigned(1) !== tag) return false;
  for (let i = 0; i < 4; i++) if (cursor.unsigned(1) < 0x80) return true;
  return true;
}
