import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildWeb } from '../../web/build.mjs';
import type { Finding } from '../../web/channel.js';
import { encodeClip, type ClipTrack } from './live-clip.js';
import { StubOrigin } from './stub-origin.js';

const CLIP_SECONDS = 40;
const PATIENCE = { timeout: 15_000, interval: 50 };
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--autoplay-policy=no-user-gesture-required',
];

let folder: string;
let clip: readonly ClipTrack[];
let browser: Browser;
let stub: StubOrigin;
let page: Page;
let base: string;
let faults: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-web-'));
  [clip] = await Promise.all([encodeClip(folder, CLIP_SECONDS), buildWeb({ outdir: join(folder, 'web') })]);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  stub = new StubOrigin(join(folder, 'web'), clip);
  base = await stub.listen();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
});

afterEach(async () => {
  await page.close();
  await stub.close();
  expect(faults).toEqual([]);
});

async function read(expression: string): Promise<unknown> {
  return await page.evaluate(expression);
}

/** Waits until the expression is true in the page. (The pages' policy forbids Playwright's own way, which evals.) */
async function becomes(expression: string): Promise<void> {
  await expect.poll(() => read(expression), { ...PATIENCE, message: expression }).toBe(true);
}

/** Waits until the page's body is in this state. */
async function reaches(state: string): Promise<void> {
  await expect.poll(() => read('document.body.dataset.state'), PATIENCE).toBe(state);
}

/** Waits until the playhead has moved on by this many seconds. */
async function playsOn(seconds: number): Promise<void> {
  const from = (await read(`document.querySelector('video').currentTime`)) as number;
  await becomes(`document.querySelector('video').currentTime >= ${from + seconds}`);
}

describe('the watch page in a browser', { timeout: 60_000 }, () => {
  it('waits for the channel, plays by itself once it is live, muted, and turns the sound on at one click', async () => {
    await page.goto(base + stub.watchPath);
    await reaches('offline');
    expect(await page.textContent('#notice-title')).toBe('Waiting for the stream');
    stub.goLive();
    await reaches('playing');
    await playsOn(2);
    expect(await read(`document.querySelector('video').muted`)).toBe(true);
    await page.click('#unmute');
    expect(await read(`document.querySelector('video').muted`)).toBe(false);
    expect(await page.isVisible('#unmute')).toBe(false);
    await playsOn(1);
    expect(await read('millrace.rebuilds')).toBe(0);
  });

  it('shows the true latency and changes the quality with the same player', async () => {
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    await playsOn(3);
    const latency = await read('millrace.latency()');
    expect(latency).toBeGreaterThan(0.2);
    expect(latency).toBeLessThan(3);
    for (const [quality, width] of [
      [0, 426],
      [1, 640],
    ] as const) {
      await page.click('#quality-button');
      await page.click(`[data-quality="${quality}"]`);
      const shown = `Math.abs(document.querySelector('video').videoWidth - ${width}) < 4`;
      await becomes(shown);
      expect(await read('millrace.level')).toBe(quality);
    }
    await playsOn(1);
    expect(await read('millrace.rebuilds')).toBe(0);
  });

  it('plays on by itself, with the same player, when the publisher was away', async () => {
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    await playsOn(1);
    stub.vanish();
    await reaches('reconnecting');
    expect(await page.textContent('#notice-title')).toBe('The streamer is reconnecting…');
    stub.comeBack();
    await reaches('playing');
    await playsOn(2);
    expect(await read('millrace.rebuilds')).toBe(0);
  });

  it('says that the stream has ended and plays the next one by itself', async () => {
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    await playsOn(1);
    stub.end();
    await reaches('ended');
    stub.goLive();
    await reaches('playing');
    await playsOn(2);
  });

  it('recovers by itself when the network or the server was gone', async () => {
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    await page.context().setOffline(true);
    await reaches('unreachable');
    await page.context().setOffline(false);
    await reaches('playing');
    await playsOn(1);
    stub.state = 'offline';
    await reaches('ended');
    stub.goLive();
    await reaches('playing');
    await playsOn(1);
  });

  it('pauses, stays behind, and goes live again', async () => {
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    await page.keyboard.press(' ');
    await reaches('paused');
    await becomes('millrace.latency() > 3');
    await page.keyboard.press(' ');
    await reaches('playing');
    await becomes(`document.querySelector('#live-label').textContent === 'Go live'`);
    await page.click('#live');
    await becomes('millrace.latency() < 2.5');
    await playsOn(1);
    expect(await page.textContent('#live-label')).toBe('LIVE');
  });

  it('fits a phone: nothing sticks out of 390 pixels', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    stub.goLive();
    await page.goto(base + stub.watchPath);
    await reaches('playing');
    expect(await read('document.documentElement.scrollWidth')).toBe(390);
    await page.click('#quality-button');
    const menu = await page.locator('#quality-menu').boundingBox();
    expect(menu).not.toBeNull();
    expect(menu!.x).toBeGreaterThanOrEqual(0);
    expect(menu!.x + menu!.width).toBeLessThanOrEqual(390);
    expect(menu!.y).toBeGreaterThanOrEqual(0);
  });
});

describe('the index page in a browser', { timeout: 60_000 }, () => {
  it('explains how to start a stream while nothing is live', async () => {
    await page.goto(base);
    await reaches('empty');
    const visible = `document.querySelector('#guide').hidden === false`;
    expect(await read(visible)).toBe(true);
    await page.locator('#server-url', { hasText: 'rtmp://127.0.0.1:1935/live' }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await read('document.documentElement.scrollWidth')).toBe(390);
  });

  it('lists a live channel with a link to its page', async () => {
    stub.goLive();
    await page.goto(base);
    await reaches('live');
    expect(await page.getAttribute('.card', 'href')).toBe(stub.watchPath);
    expect(await page.textContent('.card-facts')).toMatch(/^360p · on for \d+ s$/);
    expect(await page.textContent('.badge')).toBe('Live');
    expect(await page.isVisible('.publisher')).toBe(false);
  });

  it('tells what the publisher sends and what is wrong with it, and how to set that right when asked', async () => {
    const video = { codec: 'avc', profile: 'High', width: 640, height: 360, frameRate: 30, bitrate: 900_000 };
    const audio = { codec: 'aac', sampleRate: 48_000, channels: 2, bitrate: 128_000 };
    const finding = (code: string, severity: 'info' | 'problem', message: string): Finding => ({
      ...{ code, severity, message },
      advice: `Advice on ${code}.`,
    });
    const rare = finding('KEYFRAMES_RARE', 'problem', 'Keyframe interval is 8.3 s');
    const hint = finding('B_FRAMES', 'info', 'x'.repeat(300));
    const encoder = '<img src=x onerror="document.title=1">';
    stub.publisher = { encoder, video, audio, findings: [rare, hint] };
    stub.goLive();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(base);
    await reaches('live');
    expect(await page.textContent('.publisher-sent')).toBe(
      `${encoder} · 640×360 at 30 fps · H.264 High, 900 kb/s · AAC 48 kHz stereo, 128 kb/s`,
    );
    expect(await page.locator('.publisher img').count()).toBe(0);

    expect(await page.isVisible('text=Advice on KEYFRAMES_RARE.')).toBe(false);
    await page.click('[data-code="KEYFRAMES_RARE"] summary');
    expect(await page.isVisible('text=Advice on KEYFRAMES_RARE.')).toBe(true);
    expect(await page.isVisible('[data-code="B_FRAMES"]')).toBe(false);
    await page.click('text=1 hint');
    expect(await page.isVisible('[data-code="B_FRAMES"]')).toBe(true);
    expect(await read('document.documentElement.scrollWidth')).toBe(390);

    // Another question to the server: what was opened stays open, what is gone goes.
    stub.publisher = { encoder, video, audio, findings: [{ ...rare, message: 'Keyframe interval is 4 s' }] };
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
    await page.locator('text=Keyframe interval is 4 s').waitFor();
    expect(await page.isVisible('text=Advice on KEYFRAMES_RARE.')).toBe(true);
    expect(await page.isVisible('text=1 hint')).toBe(false);
  });
});
