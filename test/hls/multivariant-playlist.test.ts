import { describe, expect, it } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import { renderMultivariantPlaylist } from '../../src/hls/multivariant-playlist.js';
import type { AudioTrack, VideoTrack } from '../../src/media/track.js';
import { captioned, channel, service, type Triplet } from '../support/captions.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { readAttributes } from '../support/playlist.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

function render(): string {
  const presentation = newPresentation();
  feed(newEpoch(presentation), 0, 200);
  return renderMultivariantPlaylist(presentation.snapshot());
}

describe('the multivariant playlist', () => {
  it('V1 V4 V5 V6 describes a variant by what its init segments say', () => {
    const lines = render().split('\n');
    const at = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'));
    const list = readAttributes(lines[at]?.slice('#EXT-X-STREAM-INF:'.length) ?? '');
    expect(list).toMatchObject({
      CODECS: 'avc1.42c00c,mp4a.40.2',
      RESOLUTION: '320x180',
      'FRAME-RATE': '30.000',
      AUDIO: 'audio',
    });
    expect(lines[at + 1]).toBe('source/index.m3u8');
  });

  it('T6 T7 states no version, since nothing in it needs one', () => {
    expect(render()).not.toContain('#EXT-X-VERSION');
    expect(render()).not.toMatch(/^#EXT-X-DEFINE|INSTREAM-ID|REQ-/m);
  });

  it('V8 V9 scores no variant and gives none an identifier', () => {
    expect(render()).not.toMatch(/SCORE=|STABLE-/);
  });

  it('V15 says once for all playlists that segments begin with an independent picture', () => {
    const presentation = newPresentation();
    feed(newEpoch(presentation), 0, 200);
    presentation.open();
    const snapshot = presentation.snapshot();
    expect(renderMultivariantPlaylist(snapshot)).toContain('#EXT-X-INDEPENDENT-SEGMENTS\n');
    for (const name of ['source', 'audio'])
      expect(renderMediaPlaylist(snapshot, name)).not.toContain('INDEPENDENT-SEGMENTS');
  });

  it('N2 names its playlists by paths alone, so that all come from the server that it came from', () => {
    const uris = render()
      .split('\n')
      .flatMap((line) => (line.startsWith('#') ? (readAttributes(line).URI ?? []) : line))
      .filter((uri) => uri !== '');
    expect(uris).toEqual(expect.arrayContaining(['audio/index.m3u8', 'source/index.m3u8']));
    for (const uri of uris) expect(uri).toMatch(/^[\w-]+\/[\w-]+\.m3u8$/);
  });

  it('V2 states a bandwidth that was measured, container and sound included', () => {
    const list = readAttributes(
      render()
        .split('\n')
        .find((line) => line.startsWith('#EXT-X-STREAM-INF:')) ?? '',
    );
    const payload = 30 * 12 * 8 + (48_000 / 1024) * 8 * 8;
    expect(Number(list.BANDWIDTH)).toBeGreaterThan(payload);
    expect(Number(list.BANDWIDTH)).toBeLessThan(payload * 8);
    expect(Number(list['AVERAGE-BANDWIDTH'])).toBeLessThanOrEqual(Number(list.BANDWIDTH));
  });

  it('V16 names the I-frames of each picture, with what they cost alone', () => {
    const lines = render().split('\n');
    const inf = readAttributes(lines.find((line) => line.startsWith('#EXT-X-STREAM-INF:')) ?? '');
    const iFrames = lines.filter((line) => line.startsWith('#EXT-X-I-FRAME-STREAM-INF:')).map(readAttributes);
    expect(iFrames).toHaveLength(1);
    const [{ BANDWIDTH, 'AVERAGE-BANDWIDTH': average, ...others } = {}] = iFrames;
    expect(others).toEqual({
      CODECS: 'avc1.42c00c',
      RESOLUTION: '320x180',
      URI: 'source/iframes.m3u8',
    });
    // Of 12 bytes of picture in two seconds, the rest is the fragment's header.
    expect(Number(BANDWIDTH)).toBeGreaterThan((12 * 8) / 2);
    expect(Number(BANDWIDTH)).toBeLessThan(Number(inf.BANDWIDTH) / 4);
    expect(Number(average)).toBeLessThanOrEqual(Number(BANDWIDTH));
  });

  it('V16 V18 names I-frames as soon as one has begun to be there, for no more than all pictures cost', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: started(videoTrack(), undefined) });
    feed(epoch, 0, 50);
    const snapshot = presentation.snapshot();
    const bandwidth = (tag: string): string | undefined =>
      readAttributes(renderMultivariantPlaylist(snapshot).match(`#${tag}:(.*)`)?.[1] ?? '').BANDWIDTH;
    expect(bandwidth('EXT-X-I-FRAME-STREAM-INF')).toBe(bandwidth('EXT-X-STREAM-INF'));
    const without = snapshot.renditions.map((r) => ({ ...r, segments: [] }));
    expect(renderMultivariantPlaylist({ ...snapshot, renditions: without })).not.toContain('I-FRAME');
  });

  it('V10 V11 V12 declares one audio rendition that every variant shares', () => {
    const media = render()
      .split('\n')
      .filter((line) => line.startsWith('#EXT-X-MEDIA:'));
    expect(media).toHaveLength(1);
    expect(readAttributes(media[0] ?? '')).toEqual({
      TYPE: 'AUDIO',
      'GROUP-ID': 'audio',
      NAME: 'Audio',
      LANGUAGE: 'und',
      DEFAULT: 'YES',
      AUTOSELECT: 'YES',
      CHANNELS: '2',
      URI: 'audio/index.m3u8',
    });
  });

  it('makes a variant of the sound where there is no picture', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: started(undefined, audioTrack()) });
    for (let n = 0; n < 200; n++) epoch.push('audio', sound(n));
    const text = renderMultivariantPlaylist(presentation.snapshot());
    expect(text).toContain('CODECS="mp4a.40.2"\naudio/index.m3u8\n');
    expect(text).not.toContain('RESOLUTION');
  });

  it('names no audio group where there is no sound', () => {
    const presentation = newPresentation();
    feed(newEpoch(presentation, { start: started(videoTrack(), undefined) }), 0, 100);
    const text = renderMultivariantPlaylist(presentation.snapshot());
    expect(text).not.toContain('AUDIO');
    expect(text).toContain('CODECS="avc1.42c00c"');
  });

  describe('of several pictures and sounds', () => {
    const aac = audioTrack();
    /** Two channels, 312 samples of pre-skip, 48 kHz. */
    const opusHead = Buffer.from('4f707573486561640102380180bb0000000000', 'hex');
    const opus: AudioTrack = { ...aac, codec: 'opus', codecString: 'opus', decoderConfig: opusHead };

    /** Of a presentation whose first sound is AAC and that has these besides. */
    function lines(others: readonly AudioTrack[], over: Partial<VideoTrack> = {}): Record<string, string>[] {
      const video = videoTrack(30, over);
      const small = videoTrack(30, { displayWidth: 160, displayHeight: 90 });
      const alternates = [{ id: 1, track: small }, ...others.map((track, i) => ({ id: i + 1, track }))];
      const presentation = newPresentation();
      const epoch = newEpoch(presentation, { start: { ...started(video, aac), alternates } });
      let next = 0;
      for (let n = 0; n < 100; n++) {
        for (const id of [undefined, 1]) epoch.push('video', frame(n), id);
        for (; next * 1024 < (n + 1) * 1600; next++)
          for (const id of [undefined, ...others.map((_, i) => i + 1)]) epoch.push('audio', sound(next), id);
      }
      return renderMultivariantPlaylist(presentation.snapshot())
        .split('\n')
        .filter((line) => /^#EXT-X-(MEDIA|STREAM-INF|I-FRAME-STREAM-INF):/.test(line))
        .map((line) => ({ tag: line.slice(1, line.indexOf(':')), ...readAttributes(line) }));
    }

    const media = (list: readonly Record<string, string>[]): (string | undefined)[][] =>
      list
        .filter(({ tag }) => tag === 'EXT-X-MEDIA')
        .map((l) => [l['GROUP-ID'], l.NAME, l.DEFAULT, l.AUTOSELECT, l.URI]);
    const variants = (list: readonly Record<string, string>[]): (string | undefined)[][] =>
      list.filter(({ tag }) => tag === 'EXT-X-STREAM-INF').map((l) => [l.RESOLUTION, l.AUDIO, l.CODECS]);

    it('V10 V11: sounds of one codec are one group, of which the first is the default', () => {
      const list = lines([aac, { ...aac, channels: 1 }]);
      expect(media(list)).toEqual([
        ['audio', 'Audio', 'YES', 'YES', 'audio/index.m3u8'],
        ['audio', 'Audio 2', 'NO', 'NO', 'audio-2/index.m3u8'],
        ['audio', 'Audio 3', 'NO', 'NO', 'audio-3/index.m3u8'],
      ]);
      expect(list.map((l) => l.CHANNELS).filter(Boolean)).toEqual(['2', '2', '1']);
      expect(variants(list)).toEqual([
        ['320x180', 'audio', 'avc1.42c00c,mp4a.40.2'],
        ['160x90', 'audio', 'avc1.42c00c,mp4a.40.2'],
      ]);
    });

    it('V4 V11: sounds of another codec are a group of their own, with every variant', () => {
      const list = lines([opus]);
      expect(media(list)).toEqual([
        ['audio', 'Audio', 'YES', 'YES', 'audio/index.m3u8'],
        ['audio-opus', 'Audio', 'YES', 'YES', 'audio-2/index.m3u8'],
      ]);
      expect(variants(list)).toEqual([
        ['320x180', 'audio', 'avc1.42c00c,mp4a.40.2'],
        ['160x90', 'audio', 'avc1.42c00c,mp4a.40.2'],
        ['320x180', 'audio-opus', 'avc1.42c00c,opus'],
        ['160x90', 'audio-opus', 'avc1.42c00c,opus'],
      ]);
    });

    it('V11: groups that do not correspond member by member are not made', () => {
      const list = lines([aac, opus]);
      expect(media(list).map(([group, name]) => [group, name])).toEqual([
        ['audio', 'Audio'],
        ['audio', 'Audio 2'],
      ]);
      expect(variants(list)).toHaveLength(2);
    });

    it('V7: states VIDEO-RANGE on all variants as soon as one is not SDR', () => {
      const ranges = (list: readonly Record<string, string>[]): (string | undefined)[] =>
        list.filter(({ tag }) => tag?.endsWith('STREAM-INF')).map((l) => l['VIDEO-RANGE']);
      expect(ranges(lines([], { videoRange: 'PQ' }))).toEqual(['PQ', 'SDR', 'PQ', 'SDR']);
      expect(ranges(lines([]))).toEqual([undefined, undefined, undefined, undefined]);
    });

    it('V2 V3: states the rate of the dearest sound that a variant can be played with', () => {
      const bandwidth = (list: readonly Record<string, string>[]): number =>
        Number(list.find(({ tag }) => tag === 'EXT-X-STREAM-INF')?.BANDWIDTH);
      expect(bandwidth(lines([aac, aac]))).toBe(bandwidth(lines([aac])));
    });
  });
});

describe('captions in the multivariant playlist', () => {
  function withCaptions(...triplets: Triplet[]): string[] {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation);
    feed(epoch, 0, 200);
    epoch.push('video', { ...frame(200), data: captioned(...triplets) });
    presentation.open();
    return renderMultivariantPlaylist(presentation.snapshot()).split('\n');
  }
  const ofType = (lines: readonly string[]): Record<string, string>[] =>
    lines.filter((line) => line.includes('TYPE=CLOSED-CAPTIONS')).map(readAttributes);

  it('V10 V11: are announced once they were seen, and every variant has them', () => {
    const lines = withCaptions(channel(1), channel(3));
    expect(ofType(lines)).toEqual([
      {
        TYPE: 'CLOSED-CAPTIONS',
        'GROUP-ID': 'cc',
        NAME: 'CC1',
        LANGUAGE: 'und',
        DEFAULT: 'NO',
        AUTOSELECT: 'YES',
        'INSTREAM-ID': 'CC1',
      },
      expect.objectContaining({ NAME: 'CC3', AUTOSELECT: 'NO', 'INSTREAM-ID': 'CC3' }),
    ]);
    const variants = lines.filter((line) => line.startsWith('#EXT-X-STREAM-INF:')).map(readAttributes);
    expect(variants.length).toBeGreaterThan(0);
    for (const variant of variants) expect(variant['CLOSED-CAPTIONS']).toBe('cc');
    expect(lines.some((line) => line.startsWith('#EXT-X-VERSION'))).toBe(false);
  });

  it('T6: services of CEA-708 need version 7', () => {
    const lines = withCaptions(channel(1), service(1));
    expect(ofType(lines).map((list) => list['INSTREAM-ID'])).toEqual(['CC1', 'SERVICE1']);
    expect(lines).toContain('#EXT-X-VERSION:7');
  });

  it('V10: are neither announced nor denied where none were seen', () => {
    const lines = withCaptions();
    expect(lines.join('\n')).not.toContain('CLOSED-CAPTIONS');
  });
});
