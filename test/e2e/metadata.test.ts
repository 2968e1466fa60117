import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, plays, stockPlayerSite } from '../support/browser.js';
import { FfmpegProcess } from '../support/ffmpeg.js';
import { readAttributes } from '../support/playlist.js';
import { ServerProcess, until } from '../support/server-process.js';

const SECONDS = 120;

let browser: Browser | undefined;
let server: ServerProcess;
let publisher: FfmpegProcess;
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-metadata-'));
  const subtitles = join(directory, 'lines.srt');
  const clock = (second: number): string =>
    `00:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')},000`;
  const lines = Array.from(
    { length: SECONDS },
    (_, n) => `${n + 1}\n${clock(n)} --> ${clock(n + 1)}\nLine ${n} says "hello"\nand more\n`,
  );
  writeFileSync(subtitles, lines.join('\n'));
  server = await ServerProcess.start({ ladder: [{ name: '90p', height: 90, videoBitrate: '200k' }] });
  publisher = new FfmpegProcess(
    ...['-re', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30', '-i', subtitles, '-map', '0:v', '-map', '1:s'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '60', '-pix_fmt', 'yuv420p'],
    ...['-c:s', 'text', '-t', String(SECONDS), '-f', 'flv', server.publishUrl],
  );
  await server.reaches('live');
});

afterEach(async () => {
  await browser?.close();
  browser = undefined;
  await publisher.stop('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
  expect(await server.stop()).toBe(0);
});

const dateRanges = async (rendition: string): Promise<Record<string, string>[]> =>
  (await server.text(`/live/live/${rendition}/index.m3u8`))
    .split('\n')
    .filter((line) => line.startsWith('#EXT-X-DATERANGE:'))
    .map(readAttributes);

describe('text that ffmpeg publishes with the picture', () => {
  it('P8: is a date range at its time, and a stock player shows it as metadata of both kinds', async () => {
    await until(async () => (await dateRanges('source')).length >= 5, 'date ranges');
    const ranges = (await dateRanges('90p')).slice(0, 5);
    expect(ranges.map((range) => range['X-MILLRACE-TEXT'])).toEqual(
      [0, 1, 2, 3, 4].map((n) => `Line ${n} says 'hello' and more`),
    );
    expect(new Set(ranges.map((range) => range.ID)).size).toBe(5);
    const dates = ranges.map((range) => Date.parse(range['START-DATE'] ?? ''));
    for (const [i, date] of dates.slice(1).entries()) expect(date - (dates[i] ?? 0)).toBe(1000);
    const dated = /#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(
      await server.text('/live/live/source/index.m3u8'),
    )?.[1];
    expect(Math.abs(Date.parse(dated ?? '') - (dates[0] ?? 0))).toBeLessThan(100);

    browser = await launchBrowser();
    const site = await stockPlayerSite();
    try {
      const page = await browser.newPage();
      await page.goto(site.url(server.url('/live/live/index.m3u8')));
      await plays(page, 4);
      const cues = await page.evaluate(() =>
        [...(document.querySelector('video')?.textTracks ?? [])].flatMap((track) =>
          [...(track.cues ?? [])].map((cue) => {
            const { type, value } = cue as TextTrackCue & {
              type?: string;
              value?: { key: string; info?: string; data?: string };
            };
            return {
              type: type ?? '',
              at: cue.startTime,
              key: value?.key,
              info: value?.info,
              data: String(value?.data),
            };
          }),
        ),
      );
      const inMedia = cues.filter(({ type }) => type.includes('emsg'));
      expect(inMedia.length).toBeGreaterThan(2);
      for (const { key, info, data } of inMedia) {
        expect({ key, info }).toEqual({ key: 'TXXX', info: 'text' });
        expect(data).toMatch(/^Line \d+ says "hello"\r?\nand more$/);
      }
      const listed = cues.filter(({ key, data }) => key === 'X-MILLRACE-TEXT' && data.startsWith('Line'));
      expect(listed.length).toBeGreaterThan(2);
      // What is said in the media and in the playlist is meant for one instant.
      for (const { data, at } of inMedia) {
        const same = listed.find((other) => other.data.startsWith(data.slice(0, data.indexOf('says'))));
        if (same !== undefined) expect(Math.abs(same.at - at)).toBeLessThan(0.1);
      }
      expect(await page.evaluate(() => window.fatal)).toEqual([]);
    } finally {
      site.close();
    }
  });
});
