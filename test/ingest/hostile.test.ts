import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { DEFAULT_LIMITS } from '../../src/ingest/limits.js';
import type { IngestLimits } from '../../src/ingest/limits.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { aacRaw, aacSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { DEFAULT_RTMP_LIMITS } from '../../src/rtmp/limits.js';
import type { RtmpLimits } from '../../src/rtmp/limits.js';
import { amfObject, commandMessage } from '../../src/rtmp/messages/command.js';
import { controlMessage, setChunkSizeMessage } from '../../src/rtmp/messages/control.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import type { RtmpMessage } from '../../src/rtmp/messages/message.js';
import { UserControlEvent, userControlMessage } from '../../src/rtmp/messages/user-control.js';
import { buildAvcConfig } from '../../src/media/avc-config.js';
import { PLAIN_PPS, PLAIN_SPS, writeSps } from '../media/sps-writer.js';
import { GOOD_KEY, startIngest, stopIngests, TestPublisher } from './support.js';
import type { Ingest } from './support.js';

afterEach(stopIngests);

const ASC = Buffer.of(0x11, 0x90);

const rtmp = (limits: Partial<RtmpLimits>): Partial<IngestLimits> => ({
  rtmp: { ...DEFAULT_RTMP_LIMITS, ...limits },
});

/** A socket past the handshake, on which a test may send anything. */
async function stranger(ingest: Ingest, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: ingest.listener.port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_SIZE)]));
  return socket;
}

/** One that publishes, and may send anything from then on. */
async function publishing(ingest: Ingest) {
  const publisher = new TestPublisher(ingest.url);
  await publisher.ready;
  return { publisher, publish: await ingest.target.publishes.next(), socket: publisher.socket };
}

const connectCommand = commandMessage('connect', 1, amfObject({ app: 'live' }), []);

const message = (typeId: number, payload: Buffer, chunkStreamId = 6, timestamp = 0): RtmpMessage => ({
  ...{ typeId, payload, chunkStreamId, timestamp },
  streamId: 1,
});

/** A type 0 chunk header that declares a message of this length. */
function header(chunkStreamId: number, typeId: number, length: number): Buffer {
  const bytes = Buffer.alloc(chunkStreamId < 64 ? 12 : 13);
  const at = bytes.length - 11;
  bytes[0] = chunkStreamId < 64 ? chunkStreamId : 0;
  if (chunkStreamId >= 64) bytes[1] = chunkStreamId - 64;
  bytes.writeUIntBE(length, at + 3, 3);
  bytes[at + 6] = typeId;
  bytes.writeUInt32LE(1, at + 7);
  return bytes;
}

/** The connection ends for this reason, and nothing else suffers from it. */
async function endsWith(ingest: Ingest, code: string, words?: string): Promise<void> {
  expect(await ingest.observer.closed.next()).toBe(code);
  expect(ingest.observer.faults).toEqual([code]);
  if (words !== undefined) expect(ingest.log()).toContain(words);
  const { publisher, publish } = await publishing(ingest);
  publisher.send(publisher.session.audio(0, aacSequenceHeader(ASC)));
  publisher.send(publisher.session.audio(0, aacRaw(Buffer.of(0x21, 1))));
  publisher.send(publisher.session.goodbye());
  expect(await publish.ended).toBe('goodbye');
}

describe('a peer that is slow on purpose', () => {
  test('A1: gets no further by a connect command of one byte at a time', async () => {
    const ingest = await startIngest({ connectTimeout: 400 });
    const socket = await stranger(ingest);
    const tcUrl = `rtmp://127.0.0.1/${'x'.repeat(20_000)}`;
    const bytes = new ChunkWriter().write(
      commandMessage('connect', 1, amfObject({ app: 'live', tcUrl }), []),
    );
    let sent = 0;
    const trickle = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 5);
    await endsWith(ingest, 'RTMP_TIMEOUT', 'no connect within 400 ms');
    clearInterval(trickle);
  });

  test('A1: gets no further by commands that lead nowhere', async () => {
    const ingest = await startIngest({ publishTimeout: 600 });
    const socket = await stranger(ingest);
    const writer = new ChunkWriter();
    socket.write(writer.write(connectCommand));
    const chatter = setInterval(
      () => socket.write(writer.write(commandMessage('_checkbw', 2, null, []))),
      40,
    );
    await endsWith(ingest, 'RTMP_TIMEOUT', 'no publish within 600 ms');
    clearInterval(chatter);
  });
});

describe('a peer that sends absurd things', () => {
  test('A2: is let go at one chunk stream too many', async () => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    const part = Buffer.alloc(128);
    for (let id = 3; id < 90; id++) socket.write(Buffer.concat([header(id, 9, 1000), part]));
    await endsWith(ingest, 'RTMP_LIMIT', 'chunk streams');
  });

  test('A2: is let go when its incomplete messages hold too much together', async () => {
    const ingest = await startIngest(rtmp({ partialBytes: 100_000 }));
    const { socket } = await publishing(ingest);
    socket.write(new ChunkWriter().write(setChunkSizeMessage(40_000)));
    for (let id = 10; id < 14; id++)
      socket.write(Buffer.concat([header(id, MessageType.Video, 60_000), Buffer.alloc(40_000)]));
    await endsWith(ingest, 'RTMP_LIMIT', 'incomplete messages');
  });

  test.each([
    ['video', MessageType.Video, DEFAULT_RTMP_LIMITS.videoMessage],
    ['audio', MessageType.Audio, DEFAULT_RTMP_LIMITS.audioMessage],
    ['command', MessageType.CommandAmf0, DEFAULT_RTMP_LIMITS.commandMessage],
    ['data', MessageType.DataAmf0, DEFAULT_RTMP_LIMITS.dataMessage],
  ])('A3, K12: is let go for declaring a %s message that is too long', async (_, typeId, limit) => {
    const ingest = await startIngest();
    const { socket } = await publishing(ingest);
    socket.write(header(6, typeId, limit + 1));
    await endsWith(ingest, 'RTMP_MESSAGE_TOO_LONG');
  });

  test('A4: is let go for a flood of chunks of one byte', async () => {
    const ingest = await startIngest(rtmp({ smallChunksPerSecond: 1000 }));
    const { socket } = await publishing(ingest);
    const writer = new ChunkWriter();
    socket.write(writer.setChunkSize(1));
    socket.write(writer.write(message(MessageType.Audio, aacRaw(Buffer.alloc(4000)))));
    await endsWith(ingest, 'RTMP_LIMIT', 'small chunks');
  });

  test('A4, K9: may announce the largest chunk size there is', async () => {
    const ingest = await startIngest();
    const { publisher, publish, socket } = await publishing(ingest);
    const writer = new ChunkWriter();
    socket.write(writer.setChunkSize(0xffffff));
    socket.write(writer.write(message(MessageType.Audio, aacSequenceHeader(ASC))));
    socket.write(writer.write(message(MessageType.Audio, aacRaw(Buffer.of(0x21, 1)))));
    socket.end();
    expect(await publish.ended).toBe('vanished');
    expect(publish.events.map(({ type }) => type)).toEqual(['start', 'unit']);
    await publisher.gone;
  });

  test.each([
    ['nesting', Buffer.alloc(60_000, Buffer.of(0x03, 0, 1, 0x61))],
    ['an array that claims 2^32 elements', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff])],
    ['a string that claims 4 GiB', Buffer.from([0x0c, 0xff, 0xff, 0xff, 0xff, 0x61])],
  ])('A5: is let go for an AMF bomb of %s', async (_, bomb) => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    const name = Buffer.from([0x02, 0, 7, ...Buffer.from('connect'), 0x00, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
    const payload = Buffer.concat([name, bomb]);
    socket.write(new ChunkWriter().write(message(MessageType.CommandAmf0, payload, 3)));
    await endsWith(ingest, 'AMF_MALFORMED');
  });

  test('A8: moves the timeline by hours without anything being made up for it', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    publisher.send(publisher.session.audio(0, aacSequenceHeader(ASC)));
    for (let i = 0; i < 100; i++) publisher.send(publisher.session.audio(i * 21, aacRaw(Buffer.of(0x21, i))));
    for (let i = 0; i < 100; i++)
      publisher.send(publisher.session.audio(36_000_000 + i * 21, aacRaw(Buffer.of(0x21, i))));
    publisher.send(publisher.session.goodbye());
    await publish.ended;
    expect(publish.events.filter(({ type }) => type === 'discontinuity')).toHaveLength(1);
    expect(publish.events.filter(({ type }) => type === 'unit')).toHaveLength(200);
  });

  test('A9: is told that its picture is too large', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    const sps = writeSps({ ...PLAIN_SPS, widthInMacroblocks: 512, heightInMapUnits: 288 });
    const record = buildAvcConfig([sps], [PLAIN_PPS]);
    publisher.send(publisher.session.video(0, Buffer.concat([Buffer.of(0x17, 0, 0, 0, 0), record])));
    const idr = Buffer.of(0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21);
    for (let t = 0; t < 4000; t += 40) publisher.send(publisher.session.video(t, idr));
    const { error } = await publisher.closed;
    expect(error?.message).toContain('8192x4608');
    expect(publish.events).toEqual([]);
  });
});

describe('a flood', () => {
  test('A6: of commands ends the connection', async () => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    const writer = new ChunkWriter();
    socket.write(writer.write(connectCommand));
    for (let i = 0; i < 200; i++) socket.write(writer.write(commandMessage('_checkbw', i, null, [])));
    await endsWith(ingest, 'RTMP_LIMIT', 'too many commands');
  });

  test('A6: of streams ends the connection', async () => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    const writer = new ChunkWriter();
    socket.write(writer.write(connectCommand));
    for (let i = 0; i < 12; i++) socket.write(writer.write(commandMessage('createStream', i, null, [])));
    await endsWith(ingest, 'RTMP_LIMIT', 'streams');
  });

  test('A6: of chunk sizes ends the connection', async () => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    for (let i = 0; i < 20; i++) socket.write(new ChunkWriter().write(setChunkSizeMessage(4096)));
    await endsWith(ingest, 'RTMP_LIMIT', 'chunk size');
  });

  test('A6: of pings is answered a few times only', async () => {
    const ingest = await startIngest();
    const { publisher, publish, socket } = await publishing(ingest);
    const before = socket.bytesRead;
    const ping = userControlMessage(UserControlEvent.PingRequest, 7);
    const writer = new ChunkWriter();
    for (let i = 0; i < 1000; i++) socket.write(writer.write(ping));
    publisher.send(publisher.session.goodbye());
    await publish.ended;
    socket.end();
    await publisher.gone;
    expect(socket.bytesRead - before).toBeLessThan(50 * 18 + 1000);
    expect(ingest.observer.faults).toEqual([]);
  });

  test('A3: of malformed control messages costs no more than its connection', async () => {
    const ingest = await startIngest();
    const socket = await stranger(ingest);
    socket.write(new ChunkWriter().write(controlMessage(MessageType.SetChunkSize, Buffer.of(1))));
    await endsWith(ingest, 'RTMP_BAD_CHUNK');
  });

  test('A7: of bytes beyond twice the ceiling for ten seconds ends the publish', async () => {
    const ingest = await startIngest({ maxBitrate: 8000 });
    const { publish, socket } = await publishing(ingest);
    const writer = new ChunkWriter();
    for (let i = 0; i < 50; i++)
      socket.write(writer.write(message(MessageType.Audio, aacRaw(Buffer.alloc(500)), 6, i * 20)));
    expect(await publish.ended).toBe('vanished');
    await endsWith(ingest, 'RTMP_LIMIT', 'far more than 8000 bits a second');
  });

  test('A7: of connections from one address is refused at its cap, and others still get in', async () => {
    const cap = 20;
    const ingest = await startIngest({ connectionsPerAddress: cap });
    const kept = await Promise.all(Array.from({ length: cap }, () => stranger(ingest, '127.0.0.2')));
    const refused = 1500;
    for (let i = 0; i < refused; i += 50) {
      const sockets = Array.from({ length: 50 }, () =>
        connect({ port: ingest.listener.port, host: '127.0.0.1', localAddress: '127.0.0.2' }),
      );
      await Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => undefined);
          socket.resume();
          await new Promise((resolve) => socket.once('close', resolve));
        }),
      );
    }
    expect(ingest.observer.rejected.size).toBe(refused);
    expect(ingest.observer.opened).toBe(cap);
    expect(ingest.listener.connections).toBe(cap);
    await publishing(ingest);
    for (const socket of kept) socket.destroy();
  });

  test('A7: of publishers is refused at its cap, without a word that would keep them from coming back', async () => {
    const ingest = await startIngest({ publishers: 1 });
    const first = await publishing(ingest);
    const second = new TestPublisher(ingest.url);
    const { error } = await second.closed;
    expect(error).toBeUndefined();
    expect(await ingest.observer.rejected.next()).toBe('publishers');
    expect(await ingest.observer.closed.next()).toBe('refused');
    first.publisher.socket.destroy();
    await ingest.observer.closed.next();
    await publishing(ingest);
  });
});

describe('a guess at a key', () => {
  /** Everything that the server says to one that tries this key. */
  async function answerTo(ingest: Ingest, key: string): Promise<string> {
    const publisher = new TestPublisher(ingest.url, key);
    let said = '';
    publisher.socket.on('data', (bytes: Buffer) => (said += bytes.subarray(-400).toString('latin1')));
    await publisher.gone;
    return said.slice(said.indexOf('onStatus'));
  }

  test('A10: gets the same answer, however near it is; the log shows none of them whole', async () => {
    const ingest = await startIngest();
    const near = GOOD_KEY.slice(0, -1);
    const guesses = [`${near}4`, near, `${GOOD_KEY}0`, GOOD_KEY.toUpperCase(), 'nothing-like-it'];
    const answers: string[] = [];
    for (const guess of guesses) answers.push(await answerTo(ingest, guess));
    expect(answers[0]).toContain('NetStream.Publish.Denied');
    expect(new Set(answers).size).toBe(1);
    for (const guess of guesses) expect(ingest.log()).not.toContain(guess);
    expect(ingest.observer.refused).toEqual(guesses.map(() => 'PUBLISH_DENIED'));
  });

  test('A10: is not in the log either where an encoder put it in another place', async () => {
    const ingest = await startIngest();
    const key = 'a-key-in-the-wrong-place';
    const socket = await stranger(ingest);
    const writer = new ChunkWriter();
    const tcUrl = `rtmp://127.0.0.1/${key}?token=${key}`;
    socket.write(
      writer.write(commandMessage('connect', 1, amfObject({ app: key, tcUrl, flashVer: 'x' }), [])),
    );
    socket.write(writer.write(commandMessage('publish', 2, null, [`live?key=${key}`, 'live'], 1)));
    expect(await ingest.observer.closed.next()).toBe('refused');
    expect(ingest.log()).toContain('publish refused');
    expect(ingest.log()).not.toContain(key);
  });
});

test('the defaults are as they are documented', () => {
  expect(DEFAULT_LIMITS).toMatchObject({
    ...{ handshakeTimeout: 10_000, connectTimeout: 10_000, publishTimeout: 10_000, mediaTimeout: 15_000 },
    ...{ connections: 1000, connectionsPerAddress: 100, publishers: 1000, maxBitrate: 100_000_000 },
  });
});
