import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.js';
import { publishTestPicture, type FfmpegProcess } from '../support/ffmpeg.js';
import { KEY, ServerProcess, until } from '../support/server-process.js';

interface Answer {
  readonly publisher: {
    readonly encoder: string;
    readonly video: Record<string, unknown>;
    readonly audio: Record<string, unknown>;
    readonly findings: readonly { code: string; severity: string; message: string; advice: string }[];
  } | null;
}

describe('what ffmpeg sends with a keyframe every 250 frames', () => {
  let server: ServerProcess;
  let publisher: FfmpegProcess;
  let browser: Browser;
  let answer: Answer['publisher'];

  beforeAll(async () => {
    [server, browser] = await Promise.all([ServerProcess.start({ ladder: 'off' }), launchBrowser()]);
    publisher = publishTestPicture(server.publishUrl, { size: '320x180', gop: '250' });
    await until(async () => {
      answer = (JSON.parse(await server.text('/api/v1/channels/live')) as Answer).publisher;
      return answer?.findings.some(({ message }) => message === 'Keyframe interval is 8.3 s') === true;
    }, 'the keyframe interval to be found too long');
  });

  afterAll(async () => {
    await publisher.stop();
    await Promise.all([server.stop(), browser.close()]);
  });

  it('is described by the API', () => {
    expect(answer).toMatchObject({
      encoder: expect.stringMatching(/^FFmpeg \(libavformat [\d.]+\)$/) as string,
      video: {
        codec: 'avc',
        width: 320,
        height: 180,
        frameRate: 30,
        bFrames: 0,
        scan: 'progressive',
        keyframeInterval: { last: 8.333, longest: 8.333, mean: 8.333 },
      },
      audio: { codec: 'aac', sampleRate: 48_000, channels: 1 },
    });
    expect(answer?.video['bitrate']).toBeGreaterThan(10_000);
    expect(answer?.audio['bitrate']).toBeGreaterThan(10_000);
  });

  it('is found wrong, with what to do about it in the terms of ffmpeg', () => {
    expect(answer?.findings).toContainEqual(
      expect.objectContaining({
        code: 'KEYFRAMES_RARE',
        severity: 'problem',
        value: 8.333,
        unit: 's',
        advice: 'Set it to 2 s: with ffmpeg -g 60.',
      }),
    );
  });

  it('is in the log once and in the metrics', async () => {
    const lines = server.output.split('\n').filter((line) => line.includes('"finding":"KEYFRAMES_RARE"'));
    expect(lines).toHaveLength(1);
    expect(
      await server.metric(
        'millrace_publisher_findings{channel="live",code="KEYFRAMES_RARE",severity="problem"}',
      ),
    ).toBe(1);
  });

  it('is on the index page, with nothing that only the streamer may know', async () => {
    const page = await browser.newPage();
    await page.goto(server.url('/'));
    await page.locator('text=Keyframe interval is 8.3 s').waitFor();
    expect(await page.textContent('.publisher-sent')).toMatch(/^FFmpeg .* · 320×180 at 30 fps · H\.264 /);
    await page.click('[data-code="KEYFRAMES_RARE"] summary');
    expect(await page.isVisible('text=Set it to 2 s: with ffmpeg -g 60.')).toBe(true);
    expect((await page.content()) + (await server.text('/api/v1/channels'))).not.toContain(KEY);
  });
});
