import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RtmpPublisher } from '../../src/publish/publisher.js';
import { launchBrowser, plays } from '../support/browser.js';
import { encodeAudio, encodeVideo } from '../support/elementary-stream.js';
import {
  enhancedMessages,
  multitrackMessages,
  sendMessages,
  type TimedMessage,
} from '../support/enhanced-publisher.js';
import { decode, ffmpeg } from '../support/ffmpeg.js';
import { readAttributes, readPlaylist } from '../support/playlist.js';
import { ServerProcess } from '../support/server-process.js';

/** Of every stream; keyframes are two seconds apart. */
const SECONDS = 4;
const FRAMES = 25 * SECONDS;
/** How often each is sent at least, one after the other, and how often at most while it is still being watched. */
const TIMES = 3;
const MAX_TIMES = 10;

const SOURCE = { size: '320x180', seconds: SECONDS, gop: 50 } as const;

const hevc = encodeVideo('hevc', SOURCE);
const av1 = encodeVideo('av1', SOURCE);
const pictures = ['320x180', '256x144', '160x90'].map((size) => encodeVideo('avc', { ...SOURCE, size }));
const stereo = encodeAudio('aac', { seconds: SECONDS });
const mono = encodeAudio('aac', { seconds: SECONDS, channels: 1 });
const opus = encodeAudio('opus', { seconds: SECONDS });
const ac3 = encodeAudio('ac3', { seconds: SECONDS });

let browser: Browser;
let server: ServerProcess;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-enhanced-'));
  browser = await launchBrowser();
  server = await ServerProcess.start({
    // Not for the picture of several tracks; the names of its own are others.
    ladder: [{ name: 'low', height: 90, videoBitrate: '100k' }],
    channels: ['hevc', 'av1', 'ac3', 'several'].map((name) => ({ name, streamKey: `key-of-${name}` })),
  });
});

afterAll(async () => {
  await browser.close();
  expect(await server.stop()).toBe(0);
  rmSync(directory, { recursive: true, force: true });
});

/** The stream again and again on one clock, as long as it is to be sent once more; configurations once. */
function* repeated(
  messages: readonly TimedMessage[],
  again: (times: number) => boolean,
): Iterable<TimedMessage> {
  for (let times = 0; again(times); times++) {
    for (const message of messages) {
      if (times > 0 && message.kind === 'config') continue;
      yield { ...message, timestamp: message.timestamp + times * SECONDS * 1000 };
    }
  }
}

/** A publish that goes on until it has been watched, however slow the machine is. */
interface Publish {
  /** Ends it behind the repetition that is under way, and gives how often the stream was sent. */
  end(): Promise<number>;
}

function publish(channel: string, messages: readonly TimedMessage[]): Publish {
  let watched = false;
  let sent = 0;
  const again = (times: number): boolean => {
    sent = times;
    return times < TIMES || (!watched && times < MAX_TIMES);
  };
  const send = async (): Promise<void> => {
    const publisher = await RtmpPublisher.connect(server.publishUrl.replace(/[^/]*$/, `key-of-${channel}`));
    await sendMessages(publisher, repeated(messages, again));
    await publisher.close();
  };
  const done = send();
  return {
    end: async () => {
      watched = true;
      await done;
      return sent;
    },
  };
}

/** Every segment of a rendition behind its init segment, as one file. */
async function fetchAll(channel: string, rendition: string): Promise<string> {
  const base = `/live/${channel}/${rendition}/`;
  const playlist = readPlaylist(await server.text(`${base}index.m3u8`));
  expect(playlist.ended).toBe(true);
  const uris = [playlist.segments[0]?.map ?? '', ...playlist.segments.map((s) => s.uri ?? '')];
  const file = join(directory, `${channel}-${rendition}.mp4`);
  writeFileSync(file, Buffer.concat(await Promise.all(uris.map((uri) => server.bytes(`${base}${uri}`)))));
  return file;
}

/** ffmpeg as a viewer of the live stream: rejects at the first thing that does not decode. */
const watchWithFfmpeg = (channel: string): Promise<string> =>
  ffmpeg(
    ...['-xerror', '-i', server.url(`/live/${channel}/index.m3u8`), '-t', '2'],
    ...['-map', '0:v:0', '-map', '0:a:0', '-f', 'null', '-'],
  );

async function openWatchPage(channel: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(server.url(`/watch/${channel}`));
  return page;
}

const tagsOf = (playlist: string, tag: string): Record<string, string>[] =>
  playlist
    .split('\n')
    .filter((line) => line.startsWith(`${tag}:`))
    .map((line) => readAttributes(line.slice(tag.length + 1)));

describe.concurrent('Enhanced RTMP', () => {
  it('E1, E2, V5: HEVC with AAC plays in ffmpeg, every frame of it, and as H.264 where HEVC does not play', async () => {
    const published = publish('hevc', enhancedMessages(hevc, stereo));
    await server.reaches('live', 'hevc');
    const multivariant = await server.text('/live/hevc/index.m3u8');
    const source = tagsOf(multivariant, '#EXT-X-STREAM-INF').find((list) => list.RESOLUTION === '320x180');
    expect(source?.CODECS).toMatch(/^hvc1\.1\.6\.L\d+\.[0-9A-F.]+,mp4a\.40\.2$/);
    // Chromium here decodes no HEVC: it begins with the rung.
    const page = await openWatchPage('hevc');
    await plays(page, 2);
    expect(await page.evaluate(() => window.millrace.levels.map(({ name }) => name))).toEqual(['90p']);
    await watchWithFfmpeg('hevc');
    await page.context().close();
    const sent = await published.end();
    await server.reaches('ended', 'hevc');
    const decoded = await decode(await fetchAll('hevc', 'source'), 'v');
    expect(decoded).toMatchObject({ codec_name: 'hevc', frames: sent * FRAMES });
  });

  it('E1, E2, E10: AV1 with Opus plays in ffmpeg and on the watch page', async () => {
    const published = publish('av1', enhancedMessages(av1, opus));
    await server.reaches('live', 'av1');
    const page = await openWatchPage('av1');
    await plays(page, 3);
    expect(await page.evaluate(() => window.millrace.levels.map(({ name }) => name))).toContain('180p');
    await watchWithFfmpeg('av1');
    await page.context().close();
    const sent = await published.end();
    await server.reaches('ended', 'av1');
    const decoded = await decode(await fetchAll('av1', 'source'), 'v');
    expect(decoded).toMatchObject({ codec_name: 'av1', frames: sent * FRAMES });
    expect(await decode(await fetchAll('av1', 'audio'), 'a')).toMatchObject({ codec_name: 'opus' });
  });

  it('E2: AC-3 plays in ffmpeg, and where it does not, its picture does', async () => {
    const published = publish('ac3', enhancedMessages(pictures[0], ac3));
    await server.reaches('live', 'ac3');
    const page = await openWatchPage('ac3');
    await plays(page, 2);
    await watchWithFfmpeg('ac3');
    await page.context().close();
    await published.end();
  });

  it('E5, V11: three pictures and two sounds of one encoder become three rungs and two audio renditions', async () => {
    const messages = multitrackMessages(
      pictures.map((stream, track) => ({ track, stream })),
      [stereo, mono].map((stream, track) => ({ track, stream })),
      'many-tracks',
    );
    const published = publish('several', messages);
    await server.reaches('live', 'several');
    const multivariant = await server.text('/live/several/index.m3u8');
    const sizes = tagsOf(multivariant, '#EXT-X-STREAM-INF').map((list) => list.RESOLUTION);
    expect(sizes.sort()).toEqual(['160x90', '256x144', '320x180']);
    const sounds = tagsOf(multivariant, '#EXT-X-MEDIA').map((list) => [list.NAME, list.CHANNELS, list.URI]);
    expect(sounds).toEqual([
      ['Audio', '2', 'audio/index.m3u8'],
      ['Audio 2', '1', 'audio-2/index.m3u8'],
    ]);
    // No encoder runs.
    expect(await server.text('/metrics')).not.toMatch(/millrace_transcode_\w+\{channel="several"/);

    const page = await openWatchPage('several');
    await plays(page, 1);
    const fetched = page.waitForResponse((response) => /\/audio-2\/.+\.m4s$/.test(response.url()));
    await page.click('#track-button');
    await page.locator('#track-menu [role=menuitemradio]', { hasText: 'Audio 2' }).click();
    await page.waitForFunction(() => document.querySelector('#track-current')?.textContent === 'Audio 2');
    expect((await fetched).ok()).toBe(true);
    await plays(page, 2);
    await page.setViewportSize({ width: 390, height: 844 });
    const last = await page.locator('#fullscreen').boundingBox();
    expect((last?.x ?? 390) + (last?.width ?? 0)).toBeLessThanOrEqual(390);
    await page.context().close();
    const sent = await published.end();
    await server.reaches('ended', 'several');

    const renditions = ['source', '144p', '90p'];
    for (const name of renditions)
      expect((await decode(await fetchAll('several', name), 'v')).frames).toBe(sent * FRAMES);
    const lists = await Promise.all(
      renditions.map(async (name) => readPlaylist(await server.text(`/live/several/${name}/index.m3u8`))),
    );
    const [first, ...others] = lists.map((p) => p.segments.map((s) => [s.msn, s.duration, s.dateTime]));
    for (const other of others) expect(other).toEqual(first);
  });
});
