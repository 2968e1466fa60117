import { describe, expect, it } from 'vitest';
import { initSegment } from '../../src/cmaf/init-segment.js';
import { encodeFlv, testPicture, testTone, X264, type FlvItem } from '../media/flv-source.js';
import { partsOf, publish } from './published.js';
import { decodedLength, ffprobe, md5, parseBoxes, readMovie, topLevel } from './read-back.js';

const AAC = ['-c:a', 'aac', '-ac', '2'];
const encodings: [string, string[]][] = [
  [
    'without B-frames',
    [...testPicture('320x180', '30', 2), ...testTone(48000, 2), ...X264, '-g', '30', '-bf', '0', ...AAC],
  ],
  [
    'with B-frames at 30000/1001',
    [
      ...testPicture('320x180', '30000/1001', 2),
      ...testTone(44100, 2),
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'medium',
        '-bf',
        '3',
        '-g',
        '20',
        '-pix_fmt',
        'yuv420p',
        '-threads',
        '1',
      ],
      ...AAC,
    ],
  ],
  [
    'with B-frames at 59.94, past 4 h 39 m (T5)',
    [
      ...testPicture('160x90', '60000/1001', 2),
      ...testTone(48000, 2),
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-bf',
        '2',
        '-g',
        '60',
        '-pix_fmt',
        'yuv420p',
        '-threads',
        '1',
      ],
      ...AAC,
      ...['-output_ts_offset', '16780'],
    ],
  ],
];

const payloads = (items: readonly FlvItem[], kind: 'video' | 'audio'): Buffer[] =>
  items.flatMap((item) => (item.type === kind ? [item.raw.data] : []));

describe.each(encodings)('H.264 and AAC %s', (_name, args) => {
  const items = encodeFlv(args);
  const { start, ...units } = publish(items);

  it.each([
    ['video' as const, 6],
    ['audio' as const, 9],
  ])('C1, C2, C4, T2: %s is read back sample for sample by ffprobe and mp4box.js', (kind, perPart) => {
    const track = start[kind];
    if (track === undefined) throw new Error(`no ${kind} track`);
    const shift = track.kind === 'video' ? track.compositionShift : 0;
    const expected = units[kind].map((unit) => ({ ...unit, md5: md5(unit.data) }));
    const file = Buffer.concat([initSegment(track), ...partsOf(kind, units[kind], perPart, { shift })]);

    const probed = ffprobe(file);
    expect(
      probed.packets.map(({ pts, dts, keyframe, md5: hash }) => ({ pts, dts, keyframe, md5: hash })),
    ).toEqual(
      expected.map(({ pts, dts, keyframe, md5: hash }) => ({ pts, dts: dts - shift, keyframe, md5: hash })),
    );
    expect(probed.stream).toMatchObject(
      kind === 'video'
        ? { codec_name: 'h264', codec_tag_string: 'avc1', time_base: '1/90000' }
        : { codec_name: 'aac', codec_tag_string: 'mp4a', channels: 2 },
    );

    const { movie, samples } = readMovie(file);
    expect(movie.tracks[0]?.codec).toBe(track.codecString);
    expect(
      samples.map(({ dts, cts, is_sync, data }) => ({
        dts,
        cts,
        is_sync,
        md5: md5(Buffer.from(data ?? [])),
      })),
    ).toEqual(
      expected.map(({ dts, pts, keyframe, md5: hash }) => ({
        dts,
        cts: pts + shift,
        is_sync: keyframe,
        md5: hash,
      })),
    );

    const decoded = decodedLength(file, kind);
    expect(decoded).toBe(kind === 'video' ? expected.length : expected.length * 1024);
  });

  it('T1: every unit sent is there, in order, with exact durations', () => {
    expect(units.video.map(({ data }) => data)).toEqual(payloads(items, 'video'));
    const sent = payloads(items, 'audio');
    expect(units.audio.map(({ data }) => data)).toEqual(sent.slice(sent.length - units.audio.length));
    const rate = start.video?.frameRate ?? { num: 1, den: 1 };
    const exact = units.video.map((_, i) => Math.round((i * 90_000 * rate.den) / rate.num));
    expect(units.video.map(({ dts }) => dts)).toEqual(exact);
    expect([...units.video.map(({ pts }) => pts)].sort((a, b) => a - b)).toEqual(exact);
    const firstSound = units.audio[0]?.dts ?? 0;
    expect(units.audio.map(({ dts }) => dts)).toEqual(units.audio.map((_, i) => firstSound + i * 1024));
  });

  it('C6: no composition offset in the file is negative', () => {
    const shift = start.video?.compositionShift ?? 0;
    expect(Math.min(...units.video.map(({ pts, dts }) => pts - dts + shift))).toBeGreaterThanOrEqual(0);
  });

  it('C3, C6: every keyframe is an IDR picture that is presented when it is decoded', () => {
    const keyframes = units.video.filter(({ keyframe }) => keyframe);
    expect(keyframes.length).toBeGreaterThan(1);
    for (const unit of keyframes) expect(unit.pts).toBe(unit.dts);
  });

  it('T2: sound keeps its place beside the picture to within a millisecond', () => {
    const video = items.find((item) => item.type === 'video')?.raw;
    const audio = items.filter((item) => item.type === 'audio').at(-1)?.raw;
    if (!video || !audio || !('compositionTime' in video)) throw new Error('a track is missing');
    const sent = audio.timestamp - (video.timestamp + video.compositionTime);
    const placed = ((units.audio.at(-1)?.pts ?? 0) * 1000) / (start.audio?.timescale ?? 1);
    expect(Math.abs(placed - sent)).toBeLessThan(2);
  });

  it('C4, C7: parts add up to a segment at any time of the timeline', () => {
    const track = start.video;
    if (track === undefined) throw new Error('no video track');
    const baseTime = 2 ** 33 + 77;
    const parts = partsOf('video', units.video, 6, { baseTime, withReference: true });
    expect(topLevel(parts[0] ?? Buffer.alloc(0))).toEqual(['styp', 'prft', 'moof', 'mdat']);
    for (const part of parts.slice(1)) expect(topLevel(part)).toEqual(['prft', 'moof', 'mdat']);
    const decodeTimes = parseBoxes(Buffer.concat(parts)).fetchAll('tfdt');
    expect(decodeTimes.map((box) => box['baseMediaDecodeTime'])).toEqual(
      units.video.filter((_, i) => i % 6 === 0).map(({ dts }) => dts + baseTime),
    );
    const probed = ffprobe(Buffer.concat([initSegment(track), ...parts]));
    const shift = track.compositionShift;
    expect(probed.packets.map(({ dts }) => dts)).toEqual(
      units.video.map(({ dts }) => dts + baseTime - shift),
    );
  });
});

describe('a segment on its own', () => {
  it('C3, C4: decodes behind the init segment from its first picture on', () => {
    const { start, video } = publish(
      encodeFlv([...testPicture('320x180', '25', 3), ...X264, '-g', '25', '-bf', '0']),
    );
    if (start.video === undefined) throw new Error('no video track');
    const second = video.slice(25, 50);
    expect(second[0]?.keyframe).toBe(true);
    expect(
      decodedLength(Buffer.concat([initSegment(start.video), ...partsOf('video', second, 5)]), 'video'),
    ).toBe(25);
  });
});
