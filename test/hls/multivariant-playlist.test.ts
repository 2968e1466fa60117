import { describe, expect, it } from 'vitest';
import { renderMultivariantPlaylist } from '../../src/hls/multivariant-playlist.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { readAttributes } from '../support/playlist.js';
import { audioTrack, sound, started, videoTrack } from '../support/synthetic-stream.js';

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
});
