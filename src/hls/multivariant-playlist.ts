import type { PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';
import { attributes, quoted } from './tags.js';

const AUDIO_GROUP = 'audio';

/** A media playlist's URL, relative to the multivariant playlist. */
const playlistUri = (name: string): string => `${name}/index.m3u8`;

/** Renders the multivariant playlist (RFC 8216bis 4.4.6): one variant a video rendition, one shared audio rendition. */
export function renderMultivariantPlaylist({ renditions }: PresentationSnapshot): string {
  const audio = renditions.find((r) => r.active && r.kind === 'audio');
  const video = renditions.filter((r) => r.active && r.kind === 'video');
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (video.length === 0 && audio !== undefined) {
    lines.push(`#EXT-X-STREAM-INF:${variantAttributes(audio, undefined)}`, playlistUri(audio.name));
    return `${lines.join('\n')}\n`;
  }
  if (audio !== undefined) lines.push(`#EXT-X-MEDIA:${audioAttributes(audio)}`);
  for (const rendition of [...video].sort((a, b) => b.peakBandwidth - a.peakBandwidth)) {
    lines.push(`#EXT-X-STREAM-INF:${variantAttributes(rendition, audio)}`, playlistUri(rendition.name));
  }
  return `${lines.join('\n')}\n`;
}

function audioAttributes(audio: RenditionSnapshot): string {
  return attributes({
    TYPE: 'AUDIO',
    'GROUP-ID': quoted(AUDIO_GROUP),
    NAME: quoted('Audio'),
    LANGUAGE: quoted('und'),
    DEFAULT: 'YES',
    AUTOSELECT: 'YES',
    CHANNELS: quoted(String(audio.channels)),
    URI: quoted(playlistUri(audio.name)),
  });
}

/** @param audio the audio rendition played together with `main`; its rate and codec count too (RFC 8216bis 4.4.6.2) */
function variantAttributes(main: RenditionSnapshot, audio: RenditionSnapshot | undefined): string {
  return attributes({
    BANDWIDTH: main.peakBandwidth + (audio?.peakBandwidth ?? 0),
    'AVERAGE-BANDWIDTH': main.averageBandwidth + (audio?.averageBandwidth ?? 0),
    CODECS: quoted([main.codecString, ...(audio ? [audio.codecString] : [])].join(',')),
    RESOLUTION: main.kind === 'video' ? `${String(main.width)}x${String(main.height)}` : undefined,
    'FRAME-RATE': main.kind === 'video' ? main.frameRate.toFixed(3) : undefined,
    AUDIO: audio === undefined ? undefined : quoted(AUDIO_GROUP),
  });
}
