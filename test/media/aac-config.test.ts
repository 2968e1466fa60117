import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { MAX_AUDIO_CONFIG_BYTES, parseAudioSpecificConfig } from '../../src/media/aac-config.js';
import { encodeFlv, testTone } from './flv-source.js';
import { BitWriter } from './sps-writer.js';

const hex = (text: string) => parseAudioSpecificConfig(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** The header fields before GASpecificConfig. */
const header = (objectType: number, rateIndex: number, channels: number) =>
  new BitWriter().bits(objectType, 5).bits(rateIndex, 4).bits(channels, 4);

describe('parseAudioSpecificConfig', () => {
  it.each([
    ['12 10', 44100, 2],
    ['11 90', 48000, 2],
    ['11 88', 48000, 1],
    ['14 08', 16000, 1],
    ['11 b0', 48000, 6],
    ['11 b8', 48000, 8],
  ])('D5: reads AAC-LC %s', (text, sampleRate, channels) => {
    expect(hex(text)).toEqual({
      objectType: 2,
      codecString: 'mp4a.40.2',
      sampleRate,
      channels,
      frameSamples: 1024,
      sbr: undefined,
    });
  });

  it('D5: reads the five bytes of ffmpeg, whose extension says that there is no SBR', () => {
    const config = encodeFlv([...testTone(48000, 0.2), '-ac', '2', '-c:a', 'aac']).find(
      (i) => i.type === 'audio-config',
    );
    if (config?.type !== 'audio-config') throw new Error('the encoder made no configuration');
    expect(config.record).toHaveLength(5);
    expect(parseAudioSpecificConfig(config.record)).toMatchObject({
      codecString: 'mp4a.40.2',
      sampleRate: 48000,
      channels: 2,
      sbr: undefined,
    });
  });

  it('V5, V19: names HE-AAC by its explicit signalling in front of the core', () => {
    const he = header(5, 7, 2).bits(4, 4).bits(2, 5).bits(0, 3).rbsp();
    expect(parseAudioSpecificConfig(he)).toEqual({
      objectType: 2,
      codecString: 'mp4a.40.5',
      sampleRate: 22050,
      channels: 2,
      frameSamples: 1024,
      sbr: { sampleRate: 44100, parametricStereo: false },
    });
  });

  it('V5: names HE-AAC v2, whose mono core comes out as stereo', () => {
    const heV2 = header(29, 6, 1).bits(3, 4).bits(2, 5).bits(0, 3).rbsp();
    expect(parseAudioSpecificConfig(heV2)).toMatchObject({
      codecString: 'mp4a.40.29',
      sampleRate: 24000,
      channels: 2,
      sbr: { sampleRate: 48000, parametricStereo: true },
    });
  });

  it('reads SBR and parametric stereo signalled behind the core', () => {
    const sbr = () => header(2, 6, 1).bits(0, 3).bits(0x2b7, 11).bits(5, 5).bits(1, 1).bits(3, 4);
    expect(parseAudioSpecificConfig(sbr().rbsp())).toMatchObject({ codecString: 'mp4a.40.5', channels: 1 });
    expect(parseAudioSpecificConfig(sbr().bits(0x548, 11).bits(1, 1).rbsp())).toMatchObject({
      codecString: 'mp4a.40.29',
      channels: 2,
    });
  });

  it('reads escaped object types and sample rates', () => {
    const escaped = new BitWriter().bits(2, 5).bits(15, 4).bits(37800, 24).bits(2, 4).bits(0, 3).rbsp();
    expect(parseAudioSpecificConfig(escaped)).toMatchObject({ sampleRate: 37800, channels: 2 });
    const usac = new BitWriter()
      .bits(31, 5)
      .bits(42 - 32, 6)
      .bits(3, 4)
      .bits(2, 4)
      .bits(0, 3)
      .rbsp();
    expect(() => parseAudioSpecificConfig(usac)).toThrow(
      expect.objectContaining({ code: 'MEDIA_UNSUPPORTED' }),
    );
  });

  it('reads frames of 960 samples and a core coder delay', () => {
    const config = header(2, 3, 2).bits(1, 1).bits(1, 1).bits(1234, 14).bits(0, 1).rbsp();
    expect(parseAudioSpecificConfig(config)).toMatchObject({ frameSamples: 960, channels: 2 });
  });

  it('counts the channels of a program config element and reads on behind it', () => {
    // 5.1: front centre and pair, back pair, one low frequency element, a comment of two bytes.
    const config = header(2, 3, 0)
      .bits(0, 3)
      .bits(0, 10)
      .bits(2, 4)
      .bits(0, 4)
      .bits(1, 4)
      .bits(1, 2)
      .bits(0, 3)
      .bits(0, 4)
      .bits(0, 3)
      .bits(0, 1)
      .bits(0, 4)
      .bits(1, 1)
      .bits(0, 4)
      .bits(1, 1)
      .bits(1, 4)
      .bits(0, 4);
    const aligned = Buffer.concat([config.rbsp(), Buffer.from([2, 0x68, 0x69])]);
    expect(parseAudioSpecificConfig(aligned)).toMatchObject({ channels: 6, sampleRate: 48000 });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0x12])],
    ['a reserved sample rate', header(2, 13, 2).bits(0, 3).rbsp()],
    ['a sample rate of 0', new BitWriter().bits(2, 5).bits(15, 4).bits(0, 24).bits(2, 4).bits(0, 3).rbsp()],
    ['a reserved channel configuration', header(2, 3, 9).bits(0, 3).rbsp()],
    ['a program config element that is cut off', header(2, 3, 0).bits(0, 3).bits(0, 10).bits(15, 4).rbsp()],
    ['more bytes than allowed', Buffer.alloc(MAX_AUDIO_CONFIG_BYTES + 1, 0x12)],
  ])('refuses %s', (_name, asc) => {
    expect(() => parseAudioSpecificConfig(asc)).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
  });

  it('never throws anything but a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          const config = parseAudioSpecificConfig(Buffer.from(bytes));
          expect(config.sampleRate).toBeGreaterThan(0);
          expect(config.channels).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof MillraceError)) throw error;
          expect(['MEDIA_BAD_CONFIG', 'MEDIA_UNSUPPORTED']).toContain(error.code);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
