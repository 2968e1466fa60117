import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRendition } from '../../src/check/report/json-report.js';
import { publishTestPicture, type FfmpegProcess } from '../support/ffmpeg.js';
import { check, faults, lacking, type Judged } from '../support/judged.js';
import { ServerProcess } from '../support/server-process.js';

describe('the server, judged by the checker, over a real publish with a ladder', () => {
  let server: ServerProcess;
  let publisher: FfmpegProcess;
  let live: Judged;
  let recorded: Judged;

  beforeAll(async () => {
    server = await ServerProcess.start({ ladder: [{ name: 'low', height: 180, videoBitrate: '200k' }] });
    publisher = publishTestPicture(server.publishUrl, { size: '640x360' });
    await server.reaches('live');
    const url = server.url('/live/live/index.m3u8');
    live = await check(url, 12);
    await publisher.stop('SIGINT');
    await server.reaches('ended');
    recorded = await check(url, 5);
  });

  afterAll(async () => {
    await server.stop();
  });

  it('breaks no rule while it is live', () => {
    expect(faults(live)).toEqual({});
    const renditions = live.seen.renditions.map(jsonRendition);
    const names = ['audio', 'low', 'low/iframes', 'source', 'source/iframes'];
    expect(renditions.map(({ name }) => name).sort()).toEqual(names);
    for (const { name, playlists, segments, parts } of renditions) {
      expect(segments).toBeGreaterThan(3);
      if (!name.endsWith('iframes')) expect(Math.min(playlists, parts)).toBeGreaterThan(20);
    }
    expect(lacking(live)).toEqual(['tls']);
  });

  it('breaks no rule when the presentation has ended', () => {
    expect(faults(recorded)).toEqual({});
    expect(recorded.seen.renditions.every(({ versions }) => versions.at(-1)?.playlist.ended === true)).toBe(
      true,
    );
  });
});
