import { describe, expect, it } from 'vitest';
import { initSegment } from '../../src/cmaf/init-segment.js';
import { parseAudioConfig } from '../../src/media/audio-config.js';
import { buildAvcConfig } from '../../src/media/avc-config.js';
import { describeAudioTrack, describeVideoTrack } from '../../src/media/describe-track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import { OPUS } from '../media/codec-fixtures.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps, type SpsFields } from '../media/sps-writer.js';
import { ASC, RECORD } from '../media/synthetic-publisher.js';
import { only, parseBoxes, readMovie, topLevel } from './read-back.js';

const FRAME_RATE = { num: 30, den: 1 };
const videoTrack = (fields: Partial<SpsFields> = {}) =>
  describeVideoTrack(
    parseVideoConfig('avc', buildAvcConfig([writeSps({ ...PLAIN_SPS, ...fields })], [PLAIN_PPS])),
    { frameRate: FRAME_RATE },
  );
const audioTrack = (asc: Buffer = ASC) => describeAudioTrack(parseAudioConfig('aac', asc), 1024);

/** The first bytes inside the first box of a type, for what the parser does not know. */
function contentOf(bytes: Buffer, type: string, length: number): Buffer {
  const start = bytes.indexOf(type) + 4;
  return bytes.subarray(start, start + length);
}

describe.each([
  ['video', videoTrack(), 90_000, 1, 'vide', 'vmhd'],
  ['audio', audioTrack(), 48_000, 2, 'soun', 'smhd'],
])('the init segment of %s', (_kind, track, timescale, trackId, handler, mediaHeader) => {
  const bytes = initSegment(track);
  const file = parseBoxes(bytes);

  it('C1: is ftyp with a brand of iso6 or later, then moov, and nothing else', () => {
    expect(topLevel(bytes)).toEqual(['ftyp', 'moov']);
    expect(only(file, 'ftyp')).toMatchObject({
      major_brand: 'iso6',
      compatible_brands: ['iso6', 'cmfc', 'mp41'],
    });
  });

  it('C1: has no duration and no samples', () => {
    expect(only(file, 'mvhd')['duration']).toBe(0);
    expect(only(file, 'tkhd')['duration']).toBe(0);
    expect(only(file, 'mdhd')['duration']).toBe(0);
    expect(contentOf(bytes, 'stsz', 12)).toEqual(Buffer.alloc(12));
    for (const table of ['stts', 'stsc', 'stco']) expect(contentOf(bytes, table, 8)).toEqual(Buffer.alloc(8));
  });

  it('C1, C2: announces fragments of one track that lies in the file itself', () => {
    expect(only(file, 'trex')).toMatchObject({ track_ID: trackId, default_sample_description_index: 1 });
    expect(only(file, 'tkhd')).toMatchObject({ track_ID: trackId, flags: 7 });
    expect(contentOf(bytes, 'url ', 4).readUInt32BE(0)).toBe(1); // the self-contained flag
    expect(only(file, 'hdlr')['handler_type']).toBe(handler);
    expect(only(file, mediaHeader)).toBeDefined();
  });

  it('C5: states the timescale and is the same whenever it is made', () => {
    expect(only(file, 'mdhd')['timescale']).toBe(timescale);
    expect(initSegment({ ...track })).toEqual(bytes);
  });

  it('C5: is accepted by mp4box.js with the codec string of the playlist', () => {
    const { movie, samples } = readMovie(bytes);
    expect(movie.tracks).toHaveLength(1);
    expect(movie.isFragmented).toBe(true);
    expect(movie.tracks[0]).toMatchObject({ id: trackId, timescale, codec: track.codecString });
    expect(samples).toEqual([]);
  });
});

describe('the sample entry of video', () => {
  it('holds the configuration record byte for byte and the coded size', () => {
    const bytes = initSegment(videoTrack());
    const at = bytes.indexOf('avcC');
    expect(bytes.readUInt32BE(at - 4)).toBe(8 + RECORD.length);
    expect(bytes.subarray(at + 4, at + 4 + RECORD.length)).toEqual(RECORD);
    expect(readMovie(bytes).movie.tracks[0]?.video).toEqual({ width: 1280, height: 720 });
  });

  it('has neither colr nor pasp when nothing needs them', () => {
    const bytes = initSegment(videoTrack());
    expect(bytes.includes('colr')).toBe(false);
    expect(bytes.includes('pasp')).toBe(false);
  });

  it('states the colour description as the stream does', () => {
    const bytes = initSegment(videoTrack({ colour: [9, 16, 9], fullRange: true }));
    const at = bytes.indexOf('colr');
    expect(bytes.subarray(at + 4, at + 15)).toEqual(
      Buffer.concat([Buffer.from('nclx'), Buffer.from([0, 9, 0, 16, 0, 9, 0x80])]),
    );
  });

  it('V6: states pixels that are not square, and the display size in the track header', () => {
    const bytes = initSegment(videoTrack({ sar: [4, 3] }));
    const at = bytes.indexOf('pasp');
    expect([bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)]).toEqual([4, 3]);
    expect(only(parseBoxes(bytes), 'tkhd')).toMatchObject({ width: 1707, height: 720 });
  });
});

describe('the sample entry of audio', () => {
  it('holds the AudioSpecificConfig byte for byte', () => {
    const asc = Buffer.from('119056e500', 'hex');
    const bytes = initSegment(audioTrack(asc));
    const at = bytes.indexOf(asc);
    expect(bytes.subarray(at - 5, at)).toEqual(Buffer.from([5, 0x80, 0x80, 0x80, asc.length]));
    expect(readMovie(bytes).movie.tracks[0]?.audio).toMatchObject({ sample_rate: 48000, channel_count: 2 });
  });

  it('turns the identification header of Opus into big-endian values', () => {
    const track = describeAudioTrack(parseAudioConfig('opus', OPUS.surround), 960);
    const bytes = initSegment(track);
    const at = bytes.indexOf('dOps');
    expect(bytes.subarray(at + 4, at + 23).toString('hex')).toBe(
      '00060138' + '0000bb80' + '000001' + '0402000401020305',
    );
    expect(() => initSegment({ ...track, decoderConfig: OPUS.surround.subarray(0, 20) })).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
  });

  it('leaves out a sample rate that its field cannot hold: the timescale has it', () => {
    const bytes = initSegment(audioTrack(Buffer.from([0x10, 0x10])));
    expect(readMovie(bytes).movie.tracks[0]).toMatchObject({ timescale: 96_000, audio: { sample_rate: 0 } });
  });
});
