import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpListener } from '../../src/http/listener.js';
import type { Channel } from '../../src/origin/channel.js';
import { Origin } from '../../src/origin/origin.js';
import { ATTEMPT, newChannel } from '../support/channel.js';
import { publish } from '../support/stage.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

let channel: Channel;
let http: HttpListener;

beforeEach(async () => {
  channel = newChannel();
  http = new HttpListener({
    host: '127.0.0.1',
    port: 0,
    origin: new Origin([{ channel, streamKey: ATTEMPT.streamKey }]),
    rtmpPort: () => 1935,
    pushes: () => [],
    pages: '/nonexistent',
    observer: { answered: () => undefined },
    metrics: () => Promise.resolve({ body: '', contentType: 'text/plain' }),
    isReady: () => true,
  });
  await http.listen();
});

afterEach(async () => {
  await channel.close();
  http.close();
});

const get = async (path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${http.port}/api/v1/${path}`)).text();

it('the API tells what the publisher sends and what is wrong with it', async () => {
  expect(JSON.parse(await get('channels/live'))).toMatchObject({ publisher: null });
  const { session } = publish(channel);
  expect(JSON.parse(await get('channels/live'))).toMatchObject({
    publisher: { encoder: 'test', video: null, audio: null, findings: [] },
  });
  session?.event(started(videoTrack(29.97), audioTrack(32_000)));
  for (let n = 0; n < 31 * 5; n++) {
    session?.event({ type: 'unit', kind: 'video', unit: frame(n, 60, videoTrack(29.97)) });
    session?.event({ type: 'unit', kind: 'audio', unit: sound(n, audioTrack(32_000)) });
  }
  const all = JSON.parse(await get('channels')) as { channels: { publisher: unknown }[] };
  const one = JSON.parse(await get('channels/live')) as { publisher: unknown };
  expect(all.channels[0]).toEqual(one);
  expect(one.publisher).toEqual({
    encoder: 'test',
    video: {
      codec: 'avc',
      codecs: 'avc1.42c00c',
      profile: 'Constrained Baseline',
      level: '1.2',
      width: 320,
      height: 180,
      frameRate: 29.97,
      measuredFrameRate: 29.97,
      bitrate: expect.any(Number) as number,
      keyframeInterval: { last: 2.002, longest: 2.002, mean: 2.002 },
      bFrames: 0,
      scan: 'progressive',
      chroma: '4:2:0',
      bitDepth: 8,
      videoRange: 'SDR',
      colour: null,
    },
    audio: {
      codec: 'aac',
      codecs: 'mp4a.40.2',
      sampleRate: 32_000,
      channels: 2,
      bitrate: expect.any(Number) as number,
    },
    findings: [
      {
        code: 'SAMPLE_RATE_UNUSUAL',
        severity: 'warning',
        value: 32_000,
        unit: 'Hz',
        message: 'Sample rate is 32 kHz; not every device plays it',
        advice: 'Set it to 48 kHz: in OBS under Settings > Audio, Sample Rate; with ffmpeg -ar 48000.',
        since: expect.stringMatching(/^2026-01-02T03:04:05/) as string,
      },
    ],
  });
});

it('neither the stream key nor the address of the publisher is in the API', async () => {
  const { session } = publish(channel);
  session?.event(started(videoTrack(), audioTrack()));
  const text = (await get('channels/live')) + (await get('channels'));
  expect(text).not.toContain(ATTEMPT.streamKey);
  expect(text).not.toContain(ATTEMPT.remoteAddress);
});
