import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, publishTestPicture } from '../support/ffmpeg.js';
import { ServerProcess } from '../support/server-process.js';

const run = promisify(execFile);

describe('players that share no code with ours', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start({ ladder: [{ name: '180p', height: 180, videoBitrate: '200k' }] });
  });

  afterAll(async () => {
    await server.stop();
  });

  it('ffmpeg plays picture and sound of the live stream', async () => {
    const publisher = publishTestPicture(server.publishUrl, { size: '480x270', seconds: 8 });
    await server.reaches('live');
    const streams = ['-map', '0:v:0', '-map', '0:a:0'];
    await ffmpeg(
      '-xerror',
      '-i',
      server.url('/live/live/index.m3u8'),
      '-t',
      '2',
      ...streams,
      '-f',
      'null',
      '-',
    );
    expect(await publisher.exited()).toBe(0);
    await server.reaches('ended');
  });

  it('GStreamer plays it whole, to ENDLIST', async () => {
    const sink = 'fakesink sync=false silent=false';
    const { stdout } = await run(
      'gst-launch-1.0',
      [
        '-v',
        'playbin3',
        `uri=${server.url('/live/live/index.m3u8')}`,
        `video-sink=${sink} name=v`,
        `audio-sink=${sink} name=a`,
      ],
      { maxBuffer: 1 << 26, timeout: 60_000 },
    );
    const buffers = (name: string): number =>
      stdout.split('\n').filter((line) => line.includes(`:${name}: last-message`) && line.includes('chain'))
        .length;
    expect(buffers('v')).toBeGreaterThan(180);
    expect(buffers('a')).toBeGreaterThan(200);
    expect(stdout).toContain('Got EOS from element');
  });
});
