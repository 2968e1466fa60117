import type { AudioCodec, VideoCodec } from '../../media/codec.js';
import { CODEC_NAMES, heardSampleRate } from '../codec-format.js';
import { AT_ONCE, type Rule, type StreamFacts } from '../rule.js';
import { framesPerSecond, kilohertz } from '../words.js';

/** FLV codec ids and FourCCs; a claim that is not here says nothing. */
const VIDEO_CODECS = new Map<number | string, VideoCodec>([
  [7, 'avc'],
  [12, 'hevc'],
  [13, 'av1'],
  ['avc1', 'avc'],
  ['hvc1', 'hevc'],
  ['av01', 'av1'],
  ['vp09', 'vp9'],
]);
const AUDIO_CODECS = new Map<number | string, AudioCodec>([
  [2, 'mp3'],
  [10, 'aac'],
  ['mp4a', 'aac'],
  ['Opus', 'opus'],
  ['fLaC', 'flac'],
  ['ac-3', 'ac3'],
  ['ec-3', 'eac3'],
  ['.mp3', 'mp3'],
]);

/** Frame rates that differ by less than this share are the same, written down with more or fewer digits. */
const SAME_RATE = 0.02;

export const metadataWrong: Rule = {
  code: 'METADATA_WRONG',
  ...AT_ONCE,
  look(facts) {
    const wrong = contradictions(facts);
    if (wrong.length === 0) return undefined;
    return {
      severity: 'info',
      value: wrong.length,
      unit: 'count',
      message: `The metadata contradict the stream: ${wrong.join('; ')}`,
      remedy: { what: 'harmless here, where the stream itself counts; other servers may believe them' },
    };
  },
};

/** What is said and what is sent, where these differ. */
function contradictions({ video, audio, claims }: StreamFacts): string[] {
  const found: string[] = [];
  const compare = (what: string, claimed: string | undefined, sent: string): void => {
    if (claimed !== undefined && claimed !== sent) found.push(`${what} is ${sent}, they say ${claimed}`);
  };
  if (video !== undefined) {
    const { width, height, displayWidth, displayHeight, codec } = video;
    const { frameRate } = claims;
    const said = sizeOf(claims.width, claims.height);
    if (said !== sizeOf(displayWidth, displayHeight)) compare('the size', said, `${width}x${height}`);
    const rate = video.frameRate.num / video.frameRate.den;
    if (frameRate !== undefined && Math.abs(frameRate / rate - 1) > SAME_RATE)
      compare('the frame rate', framesPerSecond(frameRate), framesPerSecond(rate));
    compare('the video codec', nameOf(VIDEO_CODECS.get(claims.videoCodec ?? '')), CODEC_NAMES[codec]);
  }
  if (audio !== undefined) {
    const { audioSampleRate: sampleRate, audioChannels: channels } = claims;
    compare('the audio codec', nameOf(AUDIO_CODECS.get(claims.audioCodec ?? '')), CODEC_NAMES[audio.codec]);
    compare('the sample rate', textOf(sampleRate, kilohertz), kilohertz(heardSampleRate(audio)));
    compare('the number of channels', textOf(channels, String), String(audio.channels));
  }
  return found;
}

const sizeOf = (width: number | undefined, height: number | undefined): string | undefined =>
  width === undefined || height === undefined ? undefined : `${width}x${height}`;

const textOf = (value: number | undefined, write: (value: number) => string): string | undefined =>
  value === undefined ? undefined : write(value);

const nameOf = (codec: VideoCodec | AudioCodec | undefined): string | undefined =>
  codec && CODEC_NAMES[codec];
