import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Hls from 'hls.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, plays, stockPlayerSite } from '../support/browser.js';
import { FfmpegProcess, keyframeHashes } from '../support/ffmpeg.js';
import { readPlaylist, type ReadPlaylist, type ReadSegment } from '../support/playlist.js';
import { ServerProcess, until } from '../support/server-process.js';

const SECONDS = 9;

/** What the stock player's page has. */
declare const hls: Hls;

declare global {
  interface Window {
    Hls: typeof Hls;
  }
}

describe('the I-frames of a live stream', () => {
  let directory: string;
  let server: ServerProcess;
  let browser: Browser;
  let publisher: FfmpegProcess;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-i-frames-'));
    browser = await launchBrowser();
    server = await ServerProcess.start({ ladder: [{ name: 'low', height: 180, videoBitrate: '200k' }] });
    // Two keyframes a segment, and reordered pictures between them.
    publisher = new FfmpegProcess(
      ...['-re', '-f', 'lavfi', '-i', 'testsrc2=s=480x270:r=25', '-f', 'lavfi', '-i', 'sine=r=48000'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-pix_fmt', 'yuv420p'],
      ...['-c:a', 'aac', '-t', String(SECONDS), '-f', 'flv', server.publishUrl],
    );
    const iFrameStreams = async (): Promise<number> =>
      (await server.text('/live/live/index.m3u8')).split('#EXT-X-I-FRAME-STREAM-INF').length - 1;
    await until(async () => (await iFrameStreams()) === 2, 'the I-frames of source and rung');
  });

  afterAll(async () => {
    await publisher.stop('SIGKILL');
    await browser.close();
    expect(await server.stop()).toBe(0);
    rmSync(directory, { recursive: true, force: true });
  });

  const read = async (name: string): Promise<ReadPlaylist> =>
    readPlaylist(await server.text(`/live/live/${name}`));

  async function fetchRange(path: string, [start, end]: readonly [number, number]): Promise<Buffer> {
    const response = await fetch(server.url(path), { headers: { Range: `bytes=${start}-${end - 1}` } });
    expect(response.status).toBe(206);
    return Buffer.from(await response.arrayBuffer());
  }

  it('V16 show in hls.js, which goes on to play the stream', async () => {
    const site = await stockPlayerSite();
    const page = await browser.newPage();
    await page.goto(site.url(server.url('/live/live/index.m3u8')));
    await plays(page, 1);
    const variants = await page.evaluate(() =>
      hls.iframeVariants.map(({ width, height }) => [width, height]),
    );
    expect(variants).toEqual([
      [480, 270],
      [320, 180],
    ]);
    const shown = await page.evaluate(async () => {
      const video = document.createElement('video');
      const player = hls.createIFramePlayer();
      if (player === null) throw new Error('no I-frames');
      const errors: string[] = [];
      const { Events } = window.Hls;
      player.on(Events.ERROR, (_, { details }) => errors.push(details));
      player.attachMedia(video);
      const pictures: [number, boolean, boolean][] = [];
      for (const time of [0.5, 2.2, 1.5]) {
        const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
        player.loadMediaAt(time);
        await seeked;
        pictures.push([
          video.currentTime,
          video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA,
          video.videoWidth > 0,
        ]);
      }
      player.destroy();
      return { pictures, errors };
    });
    expect(shown.errors).toEqual([]);
    expect(shown.pictures).toEqual([0.5, 2.2, 1.5].map((time) => [time, true, true]));
    await plays(page, 2);
    expect(await page.evaluate(() => window.fatal)).toEqual([]);
    await page.close();
    site.close();
  });

  it.each(['source', 'low'])('V16 of %s decode one by one, each to the very picture', async (name) => {
    await publisher.exited();
    await server.reaches('ended');
    const [own, media] = [await read(`${name}/iframes.m3u8`), await read(`${name}/index.m3u8`)];
    const base = `/live/live/${name}/`;
    const init = await server.bytes(`${base}${own.segments[0]?.map}`);
    const save = (file: string, ...bytes: readonly Buffer[]): string => {
      const path = join(directory, file);
      writeFileSync(path, Buffer.concat(bytes));
      return path;
    };
    const one = async ({ msn, uri, range = [0, 0] }: ReadSegment): Promise<string | undefined> => {
      const file = save(`${name}-${msn}.mp4`, init, await fetchRange(`${base}${uri}`, range));
      return (await keyframeHashes(file, 1))[0];
    };
    const whole = save(
      `${name}.mp4`,
      init,
      ...(await Promise.all(media.segments.map((s) => server.bytes(`${base}${s.uri}`)))),
    );
    const keyframes = await keyframeHashes(whole);
    const single: (string | undefined)[] = [];
    for (const entry of own.segments) single.push(await one(entry));
    expect(single).toEqual(keyframes);
    expect(keyframes).toHaveLength(SECONDS);
  });
});
