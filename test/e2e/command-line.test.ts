import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decode, ffmpeg, publishTestPicture } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { KEY, ServerProcess, until } from '../support/server-process.js';

let server: ServerProcess | undefined;

afterEach(async () => {
  await server?.stop('SIGKILL');
  server = undefined;
});

describe('millrace serve', () => {
  it('prints the server URL, the key and the watch URL of each channel', async () => {
    server = await ServerProcess.start({
      channels: [
        { name: 'one', streamKey: 'key-one' },
        { name: 'two', streamKey: 'key-two' },
      ],
    });
    expect(server.output).toContain(`rtmp://127.0.0.1:${server.rtmpPort}/live`);
    for (const name of ['one', 'two']) {
      expect(server.output).toContain(`Stream key  key-${name}`);
      expect(server.output).toContain(`http://127.0.0.1:${server.httpPort}/watch/${name}`);
    }
  });

  it('ends with every fault of the configuration and exit code 1', async () => {
    await expect(ServerProcess.start({ http: { port: 'x' }, nonsense: 1 })).rejects.toThrow(
      /CONFIG_INVALID[\s\S]*http\.port: expected[\s\S]*nonsense: expected/,
    );
  });

  it('ends with a coded error when a port is in use', async () => {
    server = await ServerProcess.start();
    const http = { host: '127.0.0.1', port: server.httpPort };
    await expect(ServerProcess.start({ http })).rejects.toThrow(/LISTEN_FAILED/);
    const rtmp = { host: '127.0.0.1', port: server.rtmpPort };
    await expect(ServerProcess.start({ rtmp })).rejects.toThrow(/LISTEN_FAILED/);
  });

  it('finishes on SIGTERM: publisher told, last parts out, ENDLIST, waiters released, exit 0', async () => {
    const running = await ServerProcess.start({
      ladder: [{ name: '180p', height: 180, videoBitrate: '200k' }],
    });
    server = running;
    const publisher = publishTestPicture(server.publishUrl, { size: '480x270' });
    await server.reaches('live');
    const { segments } = readPlaylist(await server.text('/live/live/180p/index.m3u8'));
    // Beyond the segment that is open and will be closed short.
    const next = (segments.at(-1)?.msn ?? 0) + 2;
    const waiting = ['source', '180p', 'audio'].map((name) =>
      running.text(`/live/live/${name}/index.m3u8?_HLS_msn=${next}`),
    );
    await until(async () => (await running.metric('millrace_http_waiters')) === 3, 'three waiters');
    const exit = server.stop('SIGTERM');
    for (const text of await Promise.all(waiting)) expect(readPlaylist(text).ended).toBe(true);
    expect(await exit).toBe(0);
    expect(await publisher.exited()).toBeTypeOf('number');
    server = undefined;
  });

  it('refuses an unknown key and a second publisher, and never logs a key whole', async () => {
    server = await ServerProcess.start({ ladder: 'off' });
    const wrong = publishTestPicture(server.publishUrl.replace(KEY, 'a-wrong-secret-key'), {
      size: '320x180',
      seconds: 20,
    });
    expect(await wrong.exited()).not.toBe(0);
    const first = publishTestPicture(server.publishUrl, { size: '320x180' });
    await server.reaches('live');
    const second = publishTestPicture(server.publishUrl, { size: '320x180', seconds: 20 });
    expect(await second.exited()).not.toBe(0);
    expect(await server.state()).toBe('live');
    const logged = server.output.split('\n').filter((line) => line.startsWith('{'));
    expect(logged.join('\n')).toMatch(/PUBLISH_DENIED/);
    expect(logged.join('\n')).toMatch(/PUBLISH_BUSY/);
    expect(logged.join('\n')).not.toContain(KEY);
    expect(logged.join('\n')).not.toContain('a-wrong-secret-key');
    await first.stop('SIGTERM');
  });

  it('serves the source rendition alone, and says so, where the addon cannot be loaded', async () => {
    server = await ServerProcess.start({}, [], { MILLRACE_NO_ADDON: '1' });
    expect(server.output).toContain('No transcoding');
    const publisher = publishTestPicture(server.publishUrl, { size: '1280x720' });
    await server.reaches('live');
    const names = [...(await server.text('/live/live/index.m3u8')).matchAll(/^(\w+)\/index\.m3u8$/gm)].map(
      ([, name]) => name,
    );
    expect(names).toEqual(['source']);
    await publisher.stop('SIGTERM');
  });

  it('shows the demo with no encoder at all', async () => {
    server = await ServerProcess.start({ channels: [] }, ['--demo']);
    await server.reaches('live', 'demo');
    const file = join(mkdtempSync(join(tmpdir(), 'millrace-demo-')), 'demo.mp4');
    await ffmpeg('-t', '2', '-i', server.url('/live/demo/360p/index.m3u8'), '-c', 'copy', file);
    const { frames, height } = await decode(file, 'v');
    expect(height).toBe(360);
    expect(frames).toBeGreaterThan(30);
    expect(await server.stop('SIGTERM')).toBe(0);
    server = undefined;
  });
});
