import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFragments } from '../../src/check/boxes/fragments.js';
import { readInitSegment } from '../../src/check/boxes/init-segment.js';
import { formFault, readAttributes } from '../../src/check/playlist/attribute-list.js';
import { readMediaPlaylist } from '../../src/check/playlist/media-playlist.js';
import { readMultivariantPlaylist } from '../../src/check/playlist/multivariant-playlist.js';
import { nameOf } from '../../src/check/follow/renditions.js';
import { fakeInit, fakePart } from './support/fake-media.js';

const TAGS = ['#EXTINF:', '#EXT-X-PART:', '#EXT-X-KEY:', '#EXT-X-MAP:URI="', '#EXT-X-SKIP:SKIPPED-SEGMENTS='];
const line = fc.oneof(
  fc.string(),
  fc.tuple(fc.constantFrom(...TAGS), fc.string()).map((pair) => pair.join('')),
);

describe('the readers of playlists', () => {
  it('never throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join('\n');
        readMediaPlaylist(text);
        readMultivariantPlaylist(text);
        readAttributes(text);
      }),
    );
  });

  it('tell what is wrong with an attribute list', () => {
    expect(readAttributes('A=1,B="x"').faults).toEqual([]);
    expect(readAttributes('A=1,A=2').faults).toEqual(['A is given twice']);
    expect(readAttributes('A=1,').faults).toEqual(['ends in a comma']);
    expect(readAttributes('A=1, B=2').faults).toHaveLength(1);
    expect(formFault('DURATION', { text: '1e-3', quoted: false })).toContain('exponent');
    expect(formFault('DURATION', { text: '-1', quoted: false })).toContain('sign');
    expect(formFault('URI', { text: '', quoted: true })).toContain('empty');
    expect(formFault('METHOD', { text: 'NONE', quoted: true })).toContain('unquoted');
  });

  it('carry on dates, keys, maps and byte ranges from segment to segment', () => {
    const playlist = readMediaPlaylist(
      [
        ...['#EXTM3U', '#EXT-X-MEDIA-SEQUENCE:7', '#EXT-X-MAP:URI="i"', '#EXT-X-KEY:METHOD=AES-128,URI="k"'],
        ...['#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z', '#EXTINF:2,', '#EXT-X-BYTERANGE:10@5', 's'],
        ...[
          '#EXTINF:2,',
          '#EXT-X-BYTERANGE:20',
          's',
          '#EXT-X-KEY:METHOD=NONE',
          '#EXT-X-PART:DURATION=1,URI="p"',
        ],
      ].join('\n'),
    );
    const [first, second, open] = playlist.segments;
    expect(first).toMatchObject({
      msn: 7,
      byteRange: { start: 5, length: 10 },
      keys: 'METHOD=AES-128,URI="k"',
    });
    expect(second).toMatchObject({ msn: 8, byteRange: { start: 15, length: 20 }, map: { uri: 'i' } });
    expect((second?.start ?? 0) - (first?.start ?? 0)).toBe(2000);
    expect(open).toMatchObject({ msn: 9, uri: undefined, keys: '', duration: 1 });
  });
});

describe('the readers of boxes', () => {
  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const data = Buffer.from(bytes);
        readInitSegment(data);
        readFragments(data, undefined);
      }),
    );
  });

  it('never throw on media with a few bytes changed or cut off', () => {
    const init = readInitSegment(fakeInit('low'));
    const change = fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat({ max: 2000 }), (changes, cut) => {
        for (const original of [fakeInit('low'), fakePart('low', 6, true)]) {
          const data = Buffer.from(original.subarray(0, original.length - (cut % original.length)));
          for (const [at, value] of changes) if (at < data.length) data.writeUInt8(value, at);
          readInitSegment(data);
          readFragments(data, init);
        }
      }),
    );
  });

  it('read what the writer wrote', () => {
    const init = readInitSegment(fakeInit('low'));
    expect(init).toMatchObject({
      movieDuration: 0,
      hasMovieExtends: true,
      boxes: ['ftyp', 'moov'],
      faults: [],
    });
    expect(init.tracks).toMatchObject([
      { id: 1, handler: 'vide', timescale: 90_000, displayWidth: 160, displayHeight: 90, samples: 0 },
    ]);
    expect(init.tracks[0]?.entry).toMatchObject({ format: 'avc1', codec: 'avc1.42c00c', nalLengthSize: 4 });
    expect(readInitSegment(fakeInit('audio')).tracks[0]?.entry).toMatchObject({
      format: 'mp4a',
      codec: 'mp4a.40.2',
      channels: 2,
      sampleRate: 48_000,
    });

    const { tracks, faults, boxes } = readFragments(fakePart('low', 6, true), init);
    expect(faults).toEqual([]);
    expect(boxes).toEqual(['styp', 'moof', 'mdat']);
    expect(tracks).toMatchObject([
      { trackId: 1, baseIsMoof: true, baseDecodeTime: 540_000, baseDecodeTimeBits: 64 },
    ]);
    expect(tracks[0]?.samples.map(({ dts, sync }) => [dts, sync])).toEqual(
      Array.from({ length: 10 }, (_, i) => [540_000 + i * 9000, i === 0]),
    );
    expect(tracks[0]?.samples[0]?.randomAccess).toBe(true);
  });

  it('say where boxes do not add up', () => {
    const data = Buffer.from(fakePart('low', 6, true));
    data.writeUInt32BE(0x7fff_ffff, 0);
    expect(readFragments(data, undefined).faults).toEqual([expect.stringContaining('"styp" at 0')]);
  });
});

describe('the name of a rendition', () => {
  it('is what its URL does not share with the others', () => {
    const all = [
      'http://a/live/x/source/index.m3u8',
      'http://a/live/x/360p/index.m3u8',
      'http://a/live/x/a.m3u8?t=1',
    ];
    expect(all.map((url) => nameOf(url, all))).toEqual(['source', '360p', 'a']);
    const alike = ['http://a/p.m3u8?v=1', 'http://a/p.m3u8?v=2'];
    expect(alike.map((url) => nameOf(url, alike))).toEqual(alike);
  });
});
