import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { encodeAmf0 } from '../../src/rtmp/amf0.js';
import { FOUR_CC } from '../../src/rtmp/flv-constants.js';
import {
  audioConfigBody,
  audioFrameBody,
  videoConfigBody,
  videoFrameBody,
} from '../../src/rtmp/flv-writer.js';
import { amfObject } from '../../src/rtmp/messages/command.js';
import { AC3, AV1, EAC3_SURROUND, FLAC, HEVC, MP3, OPUS, padded, VP9 } from '../media/codec-fixtures.js';
import { ASC, OTHER_ASC, OTHER_RECORD, RECORD, RECORD_25 } from '../media/synthetic-publisher.js';
import { mutate } from './mutate.js';
import type { Random } from './random.js';

const lengthPrefixed = (...units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, unit.length), unit]));
const withStartCodes = (...units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit]));

const avcUnits = [
  Buffer.from('6588840021', 'hex'),
  Buffer.from('419a0215', 'hex'),
  Buffer.from('0605ff01', 'hex'),
];
const hevcUnits = [
  Buffer.from('2601af08', 'hex'),
  Buffer.from('0201d009', 'hex'),
  Buffer.from('2a01ac', 'hex'),
];
/** The SPS and PPS of an avcC, as they would come in-band. */
const parameterSets = [RECORD.subarray(8, 8 + RECORD.readUInt16BE(6)), Buffer.from('68ce3c80', 'hex')];

/** Records that are real, by codec. */
export const VIDEO_RECORDS: Readonly<Record<VideoCodec, readonly Buffer[]>> = {
  avc: [RECORD, RECORD_25, OTHER_RECORD],
  hevc: Object.values(HEVC),
  av1: [AV1.main, AV1.pq, AV1.yuv444, AV1.monochrome],
  vp9: [VP9.main, VP9.pq, VP9.yuv444],
};

/** Access units that are real, or look so, by codec. */
export const VIDEO_UNITS: Readonly<Record<VideoCodec, readonly Buffer[]>> = {
  avc: [
    lengthPrefixed(avcUnits[0]!),
    lengthPrefixed(avcUnits[1]!),
    lengthPrefixed(...parameterSets, ...avcUnits),
    withStartCodes(...parameterSets, avcUnits[0]!),
  ],
  hevc: [
    lengthPrefixed(hevcUnits[0]!),
    lengthPrefixed(hevcUnits[1]!),
    lengthPrefixed(...hevcUnits),
    withStartCodes(...hevcUnits),
  ],
  av1: [AV1.keyframe, AV1.interFrame],
  vp9: [VP9.keyframe, VP9.keyframe10, VP9.keyframe444, VP9.interFrame],
};

export const AUDIO_RECORDS: Readonly<Record<AudioCodec, readonly Buffer[]>> = {
  aac: [ASC, OTHER_ASC, Buffer.from('121056e500', 'hex')],
  opus: Object.values(OPUS),
  flac: [FLAC.block],
  ac3: [Buffer.from('10dc40', 'hex')],
  eac3: [Buffer.from('07000f00', 'hex')],
  mp3: [MP3.stereo, MP3.mono],
};

export const AUDIO_UNITS: Readonly<Record<AudioCodec, readonly Buffer[]>> = {
  aac: [Buffer.from('211049900219', 'hex')],
  opus: [Buffer.from('fcfffe', 'hex'), Buffer.from('7c8702', 'hex')],
  flac: [FLAC.frame],
  ac3: [padded(AC3.surround, 1950), padded(AC3.mono, 576)],
  eac3: [padded(EAC3_SURROUND, 1792)],
  mp3: [MP3.stereo, MP3.mono],
};

export const VIDEO_CODECS = Object.keys(VIDEO_RECORDS) as VideoCodec[];
export const AUDIO_CODECS = Object.keys(AUDIO_RECORDS) as AudioCodec[];

/** Mostly not damaged at all. */
const damaged = (bytes: Buffer, random: Random): Buffer =>
  random.chance(0.2) ? mutate(bytes, random) : bytes;

/** Colour beside the bitstream: BT.2020 with PQ, and one that takes it back. */
const COLOURS = [
  encodeAmf0(
    'colorInfo',
    amfObject({
      colorConfig: amfObject({ colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 }),
    }),
  ),
  encodeAmf0('colorInfo', undefined),
];

/** The body of a video message: legacy or enhanced, with modifiers, of one track or several. */
export function videoBody(random: Random): Buffer {
  const codec = random.of(VIDEO_CODECS);
  const isConfig = random.chance(0.3);
  const payload = (name: VideoCodec): Buffer =>
    damaged(random.of(isConfig ? VIDEO_RECORDS[name] : VIDEO_UNITS[name]), random);
  if (random.chance(0.4)) {
    const id = random.chance(0.95)
      ? ({ avc: 7, hevc: 12, av1: 13, vp9: 7 } as const)[codec]
      : random.below(16);
    const frameType = random.chance(0.95) ? random.of([1, 1, 2]) : random.below(8);
    const packetType = isConfig ? 0 : random.chance(0.97) ? 1 : random.below(5);
    return Buffer.concat([
      Buffer.of((frameType << 4) | id, packetType),
      Buffer.from(random.of(['000000', '000028', 'ffffff', '7fffff']), 'hex'),
      payload(codec),
    ]);
  }
  const packetType = isConfig ? 0 : random.of([1, 1, 3, 3, 2, 4, 5, random.below(16)]);
  const frameType = random.of([1, 1, 2, random.below(8)]);
  const coded = (name: VideoCodec): Buffer =>
    packetType === 4
      ? random.of(COLOURS)
      : packetType === 1 && (name === 'avc' || name === 'hevc')
        ? Buffer.concat([Buffer.of(0, 0, random.below(100)), payload(name)])
        : payload(name);
  return enhanced(random, 0x80 | (frameType << 4), packetType, 6, codec, random.of(VIDEO_CODECS), coded);
}

/** The body of an audio message; as `videoBody`. */
export function audioBody(random: Random): Buffer {
  const codec = random.of(AUDIO_CODECS);
  const isConfig = random.chance(0.3);
  const payload = (name: AudioCodec): Buffer =>
    damaged(random.of(isConfig ? AUDIO_RECORDS[name] : AUDIO_UNITS[name]), random);
  if (random.chance(0.4)) {
    const isMp3 = random.chance(0.3);
    const header = isMp3 ? [random.of([0x2f, 0xef])] : [0xaf, isConfig ? 0 : 1];
    const start = random.chance(0.97) ? header : [random.below(256), random.below(4)];
    return Buffer.concat([Buffer.from(start), payload(isMp3 ? 'mp3' : 'aac')]);
  }
  const packetType = isConfig ? 0 : random.of([1, 1, 1, 2, 4, random.below(16)]);
  return enhanced(random, 0x90, packetType, 5, codec, random.of(AUDIO_CODECS), payload);
}

function enhanced<Codec extends VideoCodec | AudioCodec>(
  random: Random,
  first: number,
  packetType: number,
  multitrack: number,
  codec: Codec,
  other: Codec,
  payload: (codec: Codec) => Buffer,
): Buffer {
  const fourCc = (name: Codec): Buffer =>
    random.chance(0.97) ? Buffer.from(FOUR_CC[name], 'latin1') : random.bytes(4);
  const several = random.chance(0.4);
  const outer = several ? multitrack : packetType;
  const modifiers: Buffer[] = [];
  // Each names the packet type that follows it: the last one the real one.
  const count = random.chance(0.2) ? 1 + random.below(4) : 0;
  for (let i = 1; i <= count; i++) {
    const next = i === count ? outer : 7;
    const data = random.chance(0.9)
      ? Buffer.of(2, 0, 0, random.below(256))
      : Buffer.of(random.below(256), 0, 0, 0);
    modifiers.push(data, Buffer.of((random.chance(0.9) ? 0 : random.below(16) << 4) | next));
  }
  const start = [Buffer.of(first | (count > 0 ? 7 : outer)), ...modifiers];
  if (!several) return Buffer.concat([...start, fourCc(codec), payload(codec)]);

  const type = random.chance(0.97) ? random.below(3) : random.below(16);
  const shared = type === 2 ? [] : [fourCc(codec)];
  const tracks = Array.from({ length: type === 0 ? 1 : 1 + random.below(4) }, () => {
    const name = type === 2 && random.chance(0.5) ? other : codec;
    const body = payload(name);
    const size = Buffer.of(0, body.length >> 8, body.length & 0xff);
    const own = type === 2 ? [fourCc(name)] : [];
    return Buffer.concat([...own, Buffer.of(random.below(4)), ...(type === 0 ? [] : [size]), body]);
  });
  return Buffer.concat([...start, Buffer.of((type << 4) | packetType), ...shared, ...tracks]);
}

/** What one encoder sends: configurations, then frames of its codecs, all of it as it should be. */
export class PlainEncoder {
  readonly #random: Random;
  readonly #video: VideoCodec;
  readonly #audio: AudioCodec;
  readonly #tracks: number;
  #record = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#video = random.of(VIDEO_CODECS);
    this.#audio = random.of(AUDIO_CODECS);
    this.#tracks = random.chance(0.7) ? 1 : 2 + random.below(3);
  }

  /** A configuration; now and then another one than before. */
  config(isVideo: boolean): Buffer {
    const { random, track } = this.#choice();
    if (random.chance(0.3)) this.#record++;
    const of = (records: readonly Buffer[]): Buffer => records[this.#record % records.length]!;
    return isVideo
      ? videoConfigBody(track, this.#video, of(VIDEO_RECORDS[this.#video]))
      : (audioConfigBody(track, this.#audio, of(AUDIO_RECORDS[this.#audio])) ?? this.frame(false));
  }

  frame(isVideo: boolean): Buffer {
    const { random, track } = this.#choice();
    if (!isVideo) return audioFrameBody(track, this.#audio, random.of(AUDIO_UNITS[this.#audio]));
    const keyframe = random.chance(0.4);
    const units = VIDEO_UNITS[this.#video];
    const data = keyframe ? units[0]! : random.of(units);
    const compositionTime = random.chance(0.9) ? random.of([0, 0, 40, 80]) : random.below(2 ** 24) - 2 ** 23;
    return videoFrameBody(track, this.#video, { keyframe, compositionTime, data });
  }

  #choice(): { readonly random: Random; readonly track: number } {
    return { random: this.#random, track: this.#random.below(this.#tracks) };
  }
}
