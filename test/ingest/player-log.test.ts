import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { IngestListener } from '../../src/ingest/listener.js';
import { Feed } from '../../src/origin/feed.js';
import { audioTrack, started, videoTrack } from '../support/synthetic-stream.js';
import { FakeTarget, RecordingObserver } from './support.js';
import { TestPlayer } from './test-player.js';

test('A6: players, who need no key, cannot fill the log', async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  const feed = new Feed((error) => {
    throw error;
  });
  feed.event(started(videoTrack(), audioTrack()));
  let plays = 0;
  const observer = {
    ...{ playStarted: () => plays++, playEnded: () => undefined, playRefused: () => undefined },
    ...{ bytesOut: () => undefined, mediaDropped: () => undefined },
  };
  const listener = new IngestListener({
    ...{ host: '127.0.0.1', port: 0, target: new FakeTarget(), observer: new RecordingObserver() },
    play: { source: { channel: () => ({ feed }) }, observer },
    logger: pino({ level: 'info' }, sink),
  });
  await listener.listen();
  const player = await TestPlayer.play(listener.port, 'live');
  for (let i = 0; i < 15; i++) {
    player.command('closeStream', 0, null, [], 1);
    player.command('play', 0, null, ['live'], 1);
  }
  const ended = once(player.socket, 'close');
  player.socket.end();
  await ended;
  await listener.close();
  expect(plays).toBe(16);
  expect(lines.length).toBeLessThan(plays);
});
