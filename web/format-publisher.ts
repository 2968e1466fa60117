/** What a publisher sends, as one line. */
import type { PublisherStatus } from './channel.js';
import { formatBitrate } from './format.js';

const CODECS: Readonly<Record<string, string>> = {
  avc: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  aac: 'AAC',
  opus: 'Opus',
  flac: 'FLAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  mp3: 'MP3',
};
const CHANNELS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' };

/** Its parts: `OBS Studio 30.2.3`, `1280×720 at 30 fps`, `H.264 High, 2.5 Mb/s`, `AAC 48 kHz stereo, 128 kb/s`. */
export function formatPublisher({ encoder, video, audio }: PublisherStatus): string[] {
  const parts: string[] = [];
  if (encoder !== null) parts.push(encoder);
  if (video !== null) {
    const { codec, profile, width, height, frameRate, bitrate } = video;
    parts.push(`${width}×${height} at ${Number(frameRate.toFixed(2))} fps`);
    parts.push(withBitrate(words(CODECS[codec] ?? codec, profile), bitrate));
  }
  if (audio !== null) {
    const { codec, sampleRate, channels, bitrate } = audio;
    const layout = CHANNELS[channels] ?? `${channels} channels`;
    parts.push(withBitrate(words(CODECS[codec] ?? codec, `${sampleRate / 1000} kHz`, layout), bitrate));
  }
  return parts;
}

const words = (...some: readonly (string | null)[]): string => some.filter((word) => word !== null).join(' ');

const withBitrate = (what: string, bitrate: number | null): string =>
  bitrate === null ? what : `${what}, ${formatBitrate(bitrate)}`;
