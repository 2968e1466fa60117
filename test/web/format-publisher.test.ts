import { expect, it } from 'vitest';
import { formatPublisher } from '../../web/format-publisher.js';

const video = {
  codec: 'avc',
  profile: 'High',
  width: 1280,
  height: 720,
  frameRate: 29.97,
  bitrate: 2_512_345,
};
const audio = { codec: 'aac', sampleRate: 44_100, channels: 2, bitrate: 128_400 };

it('what a publisher sends is told in a few words', () => {
  expect(formatPublisher({ encoder: 'OBS Studio 30.2.3', video, audio, findings: [] })).toEqual([
    'OBS Studio 30.2.3',
    '1280×720 at 29.97 fps',
    'H.264 High, 2.5 Mb/s',
    'AAC 44.1 kHz stereo, 128 kb/s',
  ]);
});

it('what is not known is left out', () => {
  const young = { ...video, codec: 'vvc', profile: null, frameRate: 30, bitrate: null };
  expect(formatPublisher({ encoder: null, video: young, audio: null, findings: [] })).toEqual([
    '1280×720 at 30 fps',
    'vvc',
  ]);
  const surround = { ...audio, channels: 4, bitrate: null };
  expect(formatPublisher({ encoder: null, video: null, audio: surround, findings: [] })).toEqual([
    'AAC 44.1 kHz 4 channels',
  ]);
});
