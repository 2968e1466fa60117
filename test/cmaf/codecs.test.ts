import { describe, expect, it } from 'vitest';
import { fragment } from '../../src/cmaf/fragment.js';
import { initSegment } from '../../src/cmaf/init-segment.js';
import { audioRecordFromFrame, inspectAudioUnit, parseAudioConfig } from '../../src/media/audio-config.js';
import type { AudioCodec, VideoCodec } from '../../src/media/codec.js';
import { describeAudioTrack, describeVideoTrack } from '../../src/media/describe-track.js';
import type { Track } from '../../src/media/track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import { parseVp9Frame } from '../../src/media/vp9-frame.js';
import { encodeAudio, encodeVideo, type ElementaryStream } from '../support/elementary-stream.js';
import { decodedLength, ffprobe, md5, readMovie } from './read-back.js';

const RATE = 25;
const HDR = [
  '-pix_fmt',
  'yuv420p10le',
  '-color_primaries',
  'bt2020',
  '-color_trc',
  'smpte2084',
  '-colorspace',
  'bt2020nc',
];

/** A file of one track: its init segment and one fragment with every unit. */
function fileOf(track: Track, { units }: ElementaryStream): Buffer {
  const ticks = (ms: number): number => Math.round((ms * track.timescale) / 1000);
  const shift = track.kind === 'video' ? track.compositionShift : 0;
  const samples = units.map(({ dts, pts, keyframe, data }, index) => ({
    duration: ticks(units[index + 1]?.dts ?? 2 * dts - (units[index - 1]?.dts ?? 0)) - ticks(dts),
    compositionOffset: ticks(pts) - ticks(dts) + shift,
    keyframe,
    data,
  }));
  return Buffer.concat([initSegment(track), fragment({ sequence: 1, track, baseDecodeTime: 0, samples })]);
}

function videoTrack({ codec, record, units }: ElementaryStream<VideoCodec>) {
  const size = codec === 'vp9' ? units[0] && parseVp9Frame(units[0].data)?.size : undefined;
  return describeVideoTrack(parseVideoConfig(codec, record, size), { frameRate: { num: RATE, den: 1 } });
}

function audioTrack({ codec, record, units }: ElementaryStream<AudioCodec>) {
  const first = units[0]?.data ?? Buffer.alloc(0);
  const config = parseAudioConfig(codec, audioRecordFromFrame(codec, first) ?? record);
  return describeAudioTrack(config, inspectAudioUnit(config, first) ?? 0);
}

describe.each<[VideoCodec, string, readonly string[]]>([
  ['hevc', 'hvc1', []],
  ['hevc', 'hvc1', [...HDR, '-bf', '3']],
  ['av1', 'av01', []],
  ['av1', 'av01', [...HDR, '-b:v', '200k']],
  ['vp9', 'vp09', []],
])('a file of %s in %s with %j', (codec, entry, args) => {
  const stream = encodeVideo(codec, { size: '322x182', rate: RATE, seconds: 1, gop: 10, args });
  const track = videoTrack(stream);
  const file = fileOf(track, stream);

  it('C1, C2: is read back by ffprobe and mp4box.js, byte for byte', () => {
    const { stream: probed, packets } = ffprobe(file);
    expect(probed).toMatchObject({ codec_name: codec, codec_tag_string: entry, width: 322, height: 182 });
    expect(packets.map((packet) => packet.md5)).toEqual(stream.units.map(({ data }) => md5(data)));
    expect(packets.map(({ keyframe }) => keyframe)).toEqual(stream.units.map(({ keyframe }) => keyframe));
    const isHdr = args.includes('smpte2084');
    expect(track.videoRange).toBe(isHdr ? 'PQ' : 'SDR');
    if (isHdr) expect(probed).toMatchObject({ color_transfer: 'smpte2084', color_primaries: 'bt2020' });
    // mp4box.js leaves out what stands behind the bit depth of AV1.
    const spoken = codec === 'av1' ? /^av01\.\d\.\d\d[MH]\.\d\d/ : /.+/;
    expect(readMovie(file).movie.tracks[0]?.codec).toBe(spoken.exec(track.codecString)?.[0]);
  });

  it('C4: decodes, every picture of it', () => {
    expect(decodedLength(file, 'video')).toBe(RATE);
  });
});

describe.each<[AudioCodec, string, string, number]>([
  ['opus', 'opus', 'Opus', 2],
  ['flac', 'flac', 'fLaC', 2],
  ['ac3', 'ac3', 'ac-3', 6],
  ['eac3', 'eac3', 'ec-3', 6],
  ['mp3', 'mp3', 'mp4a', 2],
])('a file of %s', (codec, name, entry, channels) => {
  const stream = encodeAudio(codec, { seconds: 1, channels });
  const track = audioTrack(stream);
  const file = fileOf(track, stream);

  it('C1, C2: is read back by ffprobe and mp4box.js, byte for byte', () => {
    const { stream: probed, packets } = ffprobe(file);
    expect(probed).toMatchObject({
      codec_name: name,
      codec_tag_string: entry,
      channels,
      sample_rate: '48000',
    });
    expect(packets.map((packet) => packet.md5)).toEqual(stream.units.map(({ data }) => md5(data)));
    expect(readMovie(file).movie.tracks[0]).toMatchObject({
      audio: { sample_rate: 48_000, channel_count: channels },
    });
  });

  it('C4: decodes to as many samples as its frames have', () => {
    const config = parseAudioConfig(
      codec,
      codec === 'mp3' ? (stream.units[0]?.data ?? Buffer.alloc(0)) : track.decoderConfig,
    );
    const samples = stream.units.reduce((sum, { data }) => sum + (inspectAudioUnit(config, data) ?? 0), 0);
    const decoded = decodedLength(file, 'audio');
    expect(Math.abs(decoded - samples)).toBeLessThanOrEqual(track.frameSamples);
  });
});
