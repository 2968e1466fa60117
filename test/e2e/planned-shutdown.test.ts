import { afterEach, describe, expect, it } from 'vitest';
import { OWN_CAPABILITIES } from '../../src/rtmp/capabilities.js';
import { aacRaw, aacSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { TestPublisher } from '../ingest/support.js';
import { readPlaylist } from '../support/playlist.js';
import { KEY, ServerProcess, until } from '../support/server-process.js';

describe('a planned shutdown', () => {
  let server: ServerProcess;

  afterEach(async () => {
    await server.stop('SIGKILL');
  });

  /** Publishes sound from an encoder that knows how to reconnect, and resolves when the channel is live. */
  async function live(): Promise<TestPublisher> {
    server = await ServerProcess.start({ ladder: 'off' });
    const url = server.publishUrl.slice(0, -KEY.length - 1);
    const publisher = new TestPublisher(url, KEY, OWN_CAPABILITIES);
    await publisher.ready;
    publisher.send(publisher.session.audio(0, aacSequenceHeader(Buffer.of(0x11, 0x90))));
    for (let i = 0; i < 600; i++)
      publisher.send(publisher.session.audio(Math.round((i * 1024) / 48), aacRaw(Buffer.of(0x21, i & 255))));
    await server.reaches('live');
    return publisher;
  }

  it('E9: asks the encoder to reconnect, takes what it still sends, and is over when it has left', async () => {
    const publisher = await live();
    const exit = server.stop('SIGTERM');
    await until(() => publisher.reconnects.length > 0, 'the request to reconnect');
    const playlist = readPlaylist(await server.text('/live/live/audio/index.m3u8'));
    expect(playlist.ended).toBe(false);
    publisher.send(publisher.session.goodbye());
    publisher.socket.end();
    expect(await exit).toBe(0);
    expect(server.output).toContain('"reason":"goodbye"');
  });

  it('E9: tells an encoder goodbye that does not leave', async () => {
    const publisher = await live();
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(publisher.reconnects).toHaveLength(1);
    expect(server.output).toContain('"reason":"dropped"');
  });
});
