import { describe, expect, it } from 'vitest';
import { buildAc3Config, buildEac3Config, readAc3Unit } from '../../src/media/ac3-config.js';
import { audioRecordFromFrame, inspectAudioUnit, parseAudioConfig } from '../../src/media/audio-config.js';
import { parseOpusConfig } from '../../src/media/opus-config.js';
import { codeOf } from '../rtmp/support.js';
import { AC3, EAC3_SURROUND, FLAC, MP3, OPUS, padded } from './codec-fixtures.js';
import { BitWriter } from './sps-writer.js';

const NOTHING = Buffer.alloc(0);

describe('Opus', () => {
  const config = parseAudioConfig('opus', OPUS.stereo);

  it('reads an identification header', () => {
    expect(config).toEqual({
      codec: 'opus',
      codecString: 'opus',
      decoderConfig: OPUS.stereo,
      sampleRate: 48_000,
      channels: 2,
      frameSamples: undefined,
    });
    expect(parseOpusConfig(OPUS.stereo)).toMatchObject({
      preSkip: 312,
      inputSampleRate: 48_000,
      outputGain: 0,
    });
    expect(parseOpusConfig(OPUS.surround)).toMatchObject({
      channels: 6,
      mappingFamily: 1,
      mapping: Buffer.of(4, 2, 0, 4, 1, 2, 3, 5),
    });
  });

  it('refuses a header that is none, of another version, or cut off', () => {
    const version = Buffer.from(OPUS.stereo);
    version[8] = 0x10;
    const tooMany = Buffer.from(OPUS.stereo);
    tooMany[9] = 3;
    const { length } = OPUS.surround;
    for (const record of [NOTHING, version, tooMany, OPUS.surround.subarray(0, length - 1)])
      expect(codeOf(() => parseAudioConfig('opus', record))).toBe('MEDIA_BAD_CONFIG');
  });

  it.each([
    ['SILK, 10 ms', [0x00], 480],
    ['SILK, 60 ms', [0x18], 2880],
    ['hybrid, 20 ms', [0x68], 960],
    ['CELT, 2.5 ms', [0x80], 120],
    ['CELT, 20 ms', [0xfc], 960],
    ['two frames of 20 ms', [0xfd], 1920],
    ['three frames of 20 ms', [0xff, 0x03], 2880],
    ['no frame', [0xff, 0x00], undefined],
    ['more than 120 ms', [0x1b, 0x03], undefined],
    ['nothing', [], undefined],
  ])('tells how long a packet of %s lasts', (_what, packet, samples) => {
    expect(inspectAudioUnit(config, Buffer.from(packet))).toBe(samples);
  });
});

describe('FLAC', () => {
  const config = parseAudioConfig('flac', FLAC.block);

  it('reads the stream information in each form that encoders send it in', () => {
    expect(config).toMatchObject({
      codecString: 'fLaC',
      sampleRate: 96_000,
      channels: 2,
      frameSamples: 8192,
    });
    expect(config.decoderConfig).toEqual(FLAC.block);
    const marker = Buffer.from('fLaC');
    const notLast = Buffer.concat([Buffer.of(0), FLAC.block.subarray(1), Buffer.of(0x84, 0, 0, 0)]);
    for (const record of [
      Buffer.concat([marker, FLAC.block]),
      FLAC.block.subarray(4),
      Buffer.concat([marker, FLAC.block.subarray(4)]),
      Buffer.concat([marker, notLast]),
    ])
      expect(parseAudioConfig('flac', record)).toEqual(config);
  });

  it('refuses what is cut off, another block, or makes no sense', () => {
    const comment = Buffer.concat([Buffer.of(0x84), FLAC.block.subarray(1)]);
    for (const record of [NOTHING, FLAC.block.subarray(4, -1), comment, Buffer.alloc(34)])
      expect(codeOf(() => parseAudioConfig('flac', record))).toBe('MEDIA_BAD_CONFIG');
  });

  it.each([
    [0x1, [0], 192],
    [0x2, [0], 576],
    [0x5, [0], 4608],
    [0x6, [0, 0xbf], 192],
    [0x7, [0, 0x03, 0xe7], 1000],
    [0x7, [0xe2, 0x82, 0xac, 0x03, 0xe7], 1000],
    [0x8, [0], 256],
    [0xf, [0], 32_768],
    [0x0, [0], undefined],
    [0x7, [0xfe, 0x82], undefined],
  ])('tells a block of size code %i', (code, rest, samples) => {
    const frame = Buffer.from([0xff, 0xf8, code << 4, 0x18, ...rest, 0x42]);
    expect(inspectAudioUnit(config, frame)).toBe(samples);
  });

  it('reads the frame of a real encoder, and refuses what is none', () => {
    expect(inspectAudioUnit(config, FLAC.frame)).toBe(8192);
    expect(inspectAudioUnit(config, Buffer.from('fLaC\0\0\0\0'))).toBeUndefined();
    expect(inspectAudioUnit(config, FLAC.frame.subarray(0, 3))).toBeUndefined();
  });
});

describe('AC-3', () => {
  it.each([
    [AC3.surround, 1950, 44_100, 6],
    [AC3.mono, 576, 32_000, 1],
  ])('makes the configuration from a frame (%#)', (start, length, sampleRate, channels) => {
    const frame = padded(start, length);
    const record = audioRecordFromFrame('ac3', frame) ?? NOTHING;
    expect(record).toHaveLength(3);
    const config = parseAudioConfig('ac3', record);
    expect(config).toMatchObject({ codecString: 'ac-3', sampleRate, channels, frameSamples: 1536 });
    expect(inspectAudioUnit(config, frame)).toBe(1536);
  });

  it('refuses a frame that is cut off, has bytes behind it, or is E-AC-3', () => {
    const frame = padded(AC3.mono, 576);
    for (const data of [
      frame.subarray(0, -1),
      Buffer.concat([frame, Buffer.of(0)]),
      padded(EAC3_SURROUND, 1792),
      NOTHING,
    ])
      expect(buildAc3Config(data)).toBeUndefined();
  });
});

describe('E-AC-3', () => {
  const frame = padded(EAC3_SURROUND, 1792);

  it('makes the configuration from a frame', () => {
    const record = buildEac3Config(frame) ?? NOTHING;
    expect(record.readUInt16BE(0) >> 3).toBe(448);
    const config = parseAudioConfig('eac3', record);
    expect(config).toMatchObject({
      codecString: 'ec-3',
      sampleRate: 48_000,
      channels: 6,
      decoderConfig: record,
    });
    expect(inspectAudioUnit(config, frame)).toBe(1536);
    expect(inspectAudioUnit(config, padded(AC3.mono, 576))).toBeUndefined();
  });

  /** The start of a syncframe of 64 bytes at 48 kHz. */
  const syncframe = (type: number, blocks: number, channelMap?: number): Buffer => {
    const w = new BitWriter()
      .bits(0x0b77, 16)
      .bits(type, 2)
      .bits(0, 3)
      .bits(31, 11)
      .bits(0, 2)
      .bits(blocks, 2);
    w.bits(2, 3).bits(0, 1).bits(16, 5).bits(27, 5).bits(1, 1).bits(0, 8);
    if (type === 1) w.bits(1, 1).bits(channelMap ?? 0, 16);
    return padded(w.rbsp(), 64);
  };

  it('adds the channels of a dependent substream', () => {
    const backPair = 1 << (15 - 6);
    const secondLowFrequency = 1 << (15 - 14);
    const unit = Buffer.concat([syncframe(0, 3), syncframe(1, 3, backPair | secondLowFrequency)]);
    const config = parseAudioConfig('eac3', buildEac3Config(unit) ?? NOTHING);
    expect(config.channels).toBe(5);
    expect(config.decoderConfig).toHaveLength(6);
    expect(inspectAudioUnit(config, unit)).toBe(1536);
  });

  it('adds up short frames, and refuses a unit that begins with anything but the first programme', () => {
    const unit = Buffer.concat([syncframe(0, 0), syncframe(0, 0), syncframe(0, 1)]);
    const config = parseAudioConfig('eac3', buildEac3Config(unit) ?? NOTHING);
    expect(inspectAudioUnit(config, unit)).toBe(4 * 256);
    expect(readAc3Unit(syncframe(1, 3, 1))).toBeUndefined();
    const secondProgramme = syncframe(0, 3);
    secondProgramme[2] = 0x08;
    expect(readAc3Unit(secondProgramme)).toBeUndefined();
    expect(readAc3Unit(Buffer.concat(Array<Buffer>(10).fill(syncframe(0, 0))))).toBeUndefined();
  });
});

describe('MP3', () => {
  it.each([
    [MP3.stereo, 44_100, 2, 1152],
    [MP3.mono, 22_050, 1, 576],
    [Buffer.from('ffe3 1840'.replace(' ', ''), 'hex'), 8000, 2, 576],
  ])('reads the header of a frame (%#)', (frame, sampleRate, channels, frameSamples) => {
    const record = audioRecordFromFrame('mp3', frame) ?? NOTHING;
    const config = parseAudioConfig('mp3', record);
    expect(config).toEqual({
      codec: 'mp3',
      codecString: 'mp4a.40.34',
      decoderConfig: NOTHING,
      sampleRate,
      channels,
      frameSamples,
    });
    expect(inspectAudioUnit(config, frame)).toBe(frameSamples);
  });

  it.each(['', 'fffb90', 'fffd9064', 'ffeb9064', 'fffb9c64', 'fffbf064', 'fff19064'])('refuses %s', (hex) => {
    const frame = Buffer.from(hex, 'hex');
    expect(audioRecordFromFrame('mp3', frame)).toBeUndefined();
    expect(codeOf(() => parseAudioConfig('mp3', frame))).toBe('MEDIA_BAD_CONFIG');
  });
});

it('codecs with a record of their own need no frame', () => {
  for (const codec of ['aac', 'opus', 'flac'] as const)
    expect(audioRecordFromFrame(codec, FLAC.frame)).toBeUndefined();
});
