import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSyntheticPublish } from '../../src/publish/synthetic-publish.js';
import { readClock } from '../../src/publish/machine-clock.js';
import { ffmpeg, ffprobe, scratch } from './ffmpeg.js';
import { RecordingServer, flvFile } from './recording-server.js';

const SMALL = { width: 640, height: 360, videoBitrate: 500_000 };
const logger = pino({ level: 'silent' });

let files: Awaited<ReturnType<typeof scratch>>;
let server: RecordingServer;
beforeAll(async () => {
  files = await scratch();
});
afterAll(() => files.remove());
beforeEach(async () => {
  server = await RecordingServer.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

describe('the synthetic publish', () => {
  it('is a stream that plays: both tracks from 0 on, keyframes each 2 s, sound where the picture has it', async () => {
    const before = Date.now();
    const publishing = startSyntheticPublish({ url: server.url(), ...SMALL, logger });
    await server.until(() => (server.recordings[0]?.messages.at(-1)?.timestamp ?? 0) >= 3500);
    await publishing.stop();
    await publishing.done;
    const recording = server.recordings[0]!;
    await server.until(() => recording.end !== undefined);
    expect(recording).toMatchObject({ metadata: 1, end: 'goodbye' });

    const file = files.path('published.flv');
    await writeFile(file, flvFile(recording.messages));
    const probe = await ffprobe(file, '-show_packets');
    const video = probe.streams.find(({ codec_type }) => codec_type === 'video')!;
    const audio = probe.streams.find(({ codec_type }) => codec_type === 'audio')!;
    expect(video).toMatchObject({ codec_name: 'h264', width: 640, height: 360 });
    expect(audio).toMatchObject({ codec_name: 'aac', profile: 'LC', sample_rate: '48000', channels: 2 });
    const pictures = probe.packets!.filter(({ codec_type }) => codec_type === 'video');
    const times = pictures.map(({ pts_time }) => Number(pts_time));
    // A picture may be skipped where the machine is busy; every one there is stands on the grid of 30 a second.
    for (const time of times) expect(Math.abs(time * 30 - Math.round(time * 30))).toBeLessThan(0.05);
    expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
    const keys = pictures
      .filter(({ flags }) => flags.startsWith('K'))
      .map(({ pts_time }) => Number(pts_time));
    expect(keys.map((time) => Math.floor(time / 2))).toEqual([0, 1]);
    const sound = probe.packets!.filter(({ codec_type }) => codec_type === 'audio');
    sound.forEach(({ pts_time }, i) =>
      expect(Math.abs(Number(pts_time) - (i * 1024) / 48_000)).toBeLessThan(0.0011),
    );

    // The picture's clock runs with its timestamps, and the beep is heard at its full second.
    const luma = await ffmpeg(
      '-i',
      file,
      '-fps_mode',
      'passthrough',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-',
    );
    const clocks = times.map((_, i) =>
      readClock(luma.subarray(i * 640 * 360, (i + 1) * 640 * 360), 640, 360)!,
    );
    const zero = clocks[0]! - times[0]! * 1000;
    expect(zero).toBeGreaterThanOrEqual(before - 1);
    clocks.forEach((clock, i) => expect(Math.abs(clock - zero - times[i]! * 1000)).toBeLessThan(45));
    const pcm = await ffmpeg('-i', file, '-f', 'f32le', '-ac', '1', '-');
    const samples = new Float32Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 4));
    const loud = (sample: number): boolean => Math.abs(sample) > 0.06;
    // Not the beep that the stream may have begun in: this one has quiet before it.
    const beep = samples.findIndex(
      (sample, i) => i > 2400 && loud(sample) && !samples.subarray(i - 2400, i).some(loud),
    );
    const clockAtBeep = (zero + beep / 48) % 1000;
    expect(Math.min(clockAtBeep, 1000 - clockAtBeep)).toBeLessThan(45);
  });

  it('connects again when the server goes away, and begins again with configurations and a keyframe', async () => {
    const publishing = startSyntheticPublish({ url: server.url(), ...SMALL, logger });
    await server.until(() => (server.recordings[0]?.messages.length ?? 0) > 5);
    server.cut();
    await server.until(() => (server.recordings[1]?.messages.length ?? 0) > 5);
    await publishing.stop();
    const { messages } = server.recordings[1]!;
    const video = messages.filter(({ type }) => type === 'video');
    expect(video.slice(0, 2).map(({ body }) => [body[0], body[1]])).toEqual([
      [0x17, 0],
      [0x17, 1],
    ]);
    expect(messages.find(({ type }) => type === 'audio')?.body[1]).toBe(0);
    expect(server.recordings[0]?.end).toBe('lost');
  });

  it('ends when its first connection is refused', async () => {
    server.admits = () => false;
    const { done } = startSyntheticPublish({ url: server.url(), ...SMALL, logger });
    await expect(done).rejects.toMatchObject({ code: 'RTMP_REFUSED' });
  });

  it('says that there is no test picture where beamcoder is missing', async () => {
    vi.stubEnv('MILLRACE_NO_ADDON', '1');
    const { done } = startSyntheticPublish({ url: server.url(), ...SMALL, logger });
    await expect(done).rejects.toMatchObject({
      code: 'TRANSCODE_UNAVAILABLE',
      message: expect.stringContaining('MILLRACE_NO_ADDON') as string,
    });
  });

  it('stops while it waits for a server that is not there', async () => {
    const url = server.url();
    await server.close();
    server = await RecordingServer.start();
    const publishing = startSyntheticPublish({ url: url.replace(/:\d+/, ':9'), ...SMALL, logger });
    await publishing.stop();
    await expect(publishing.done).resolves.toBeUndefined();
  });
});
