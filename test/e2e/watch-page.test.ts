import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, plays, shown, stockPlayerSite } from '../support/browser.js';
import { publishTestPicture, type FfmpegProcess } from '../support/ffmpeg.js';
import { ServerProcess, freePort, until } from '../support/server-process.js';

/** What the watch page tells of itself. */
interface Millrace {
  readonly state: string;
  readonly stalls: number;
  readonly rebuilds: number;
  readonly level: number;
  readonly levels: readonly { readonly name: string }[];
  latency(): number;
}

declare global {
  interface Window {
    millrace: Millrace;
    fatal?: string[];
  }
}

let browser: Browser;
let server: ServerProcess;
let publisher: FfmpegProcess | undefined;

const PICTURE = { size: '640x360', gop: '60' };
const LADDER = [{ name: '180p', height: 180, videoBitrate: '300k' }];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  server = await ServerProcess.start({ ladder: LADDER });
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await publisher?.stop('SIGKILL');
  publisher = undefined;
  expect(await server.stop()).toBe(0);
});

async function openWatchPage(): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(server.url('/watch/live'));
  return page;
}

const inState = (page: Page, state: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.body.dataset.state === wanted, state, { timeout: 60_000 });

async function goLive(): Promise<void> {
  publisher = publishTestPicture(server.publishUrl, PICTURE);
  await server.reaches('live');
}

describe('the watch page', () => {
  it('waits for a stream, plays it muted by itself, and shows where it ends', async () => {
    const page = await openWatchPage();
    await inState(page, 'offline');
    await goLive();
    await inState(page, 'playing');
    await plays(page, 3);
    expect(await page.evaluate(() => document.querySelector('video')?.muted)).toBe(true);
    expect(await page.evaluate(() => window.millrace.latency())).toBeGreaterThan(0);
    await publisher?.stop('SIGTERM');
    await server.reaches('ended');
    await inState(page, 'ended');
    await goLive();
    await inState(page, 'playing');
    await plays(page, 2);
  });

  it('switches to every quality and back, and goes on playing', async () => {
    await goLive();
    const page = await openWatchPage();
    await plays(page, 1);
    const levels = await page.evaluate(() => window.millrace.levels.map((level) => level.name));
    expect([...levels].sort()).toEqual(['180p', '360p']);
    for (const height of [180, 360, 180]) {
      await page.click('#quality-button');
      await page.locator('#quality-menu [role=menuitemradio]', { hasText: `${height}p` }).click();
      await page.waitForFunction(
        (wanted) => document.querySelector('video')?.videoHeight === wanted,
        height,
        { timeout: 60_000 },
      );
      await plays(page, 1);
    }
    expect(await page.evaluate(() => window.millrace.rebuilds)).toBe(0);
  });

  it('gives sound with one click', async () => {
    await goLive();
    const page = await openWatchPage();
    await plays(page, 1);
    await page.click('#unmute');
    expect(await page.evaluate(() => document.querySelector('video')?.muted)).toBe(false);
    await plays(page, 1);
  });

  it('plays on by itself after media that does not decode', async () => {
    await goLive();
    const page = await openWatchPage();
    await plays(page, 1);
    let damaged = 0;
    await page.route(/\.m4s$/, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      // Lengths of NAL units that do not add up: no decoder takes them.
      if (damaged < 2 && !route.request().url().includes('/audio/')) {
        damaged += 1;
        body.fill(0xff, body.indexOf('mdat') + 4);
      }
      await route.fulfill({ response, body });
    });
    await until(() => damaged === 2, 'damaged parts to be taken');
    await plays(page, 4);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it('plays on by itself when the server was killed and is back', async () => {
    await server.stop();
    const http = { host: '127.0.0.1', port: await freePort() };
    server = await ServerProcess.start({ ladder: LADDER, http });
    await goLive();
    const page = await openWatchPage();
    await plays(page, 1);
    await server.stop('SIGKILL');
    await publisher?.stop('SIGKILL');
    server = await ServerProcess.start({ ladder: LADDER, http });
    await goLive();
    await plays(page, 3);
  });
});

describe.each([1, 3, 8])('a publisher that is killed and back after %i s', (seconds) => {
  it('is followed by the watch page and by stock hls.js, with no reload', async () => {
    await goLive();
    const site = await stockPlayerSite();
    const watch = await openWatchPage();
    const stock = await (await browser.newContext()).newPage();
    await stock.goto(site.url(server.url('/live/live/index.m3u8')));
    await Promise.all([plays(watch, 2), plays(stock, 2)]);
    const marks = await Promise.all(
      [watch, stock].map((page) => page.evaluate(() => performance.timeOrigin)),
    );

    await publisher?.stop('SIGKILL');
    await server.reaches('reconnecting');
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000)); // the outage itself
    publisher = publishTestPicture(server.publishUrl, PICTURE);
    await server.reaches('live');
    const playlist = await server.text('/live/live/source/index.m3u8');
    expect(playlist).toContain('-2/init.mp4');

    await Promise.all([plays(watch, 3), plays(stock, 3)]);
    expect(await stock.evaluate(() => window.fatal)).toEqual([]);
    expect(await watch.evaluate(() => document.body.dataset.state)).toBe('playing');
    expect(
      await Promise.all([watch, stock].map((page) => page.evaluate(() => performance.timeOrigin))),
    ).toEqual(marks);
    expect((await shown(stock)).error).toBeUndefined();
    site.close();
  });
});
