import { describe, expect, test } from 'vitest';

import { EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import { avcNalus } from '../../src/rtmp/flv-writer.js';
import {
  acknowledgementMessage,
  setChunkSizeMessage,
  windowAckSizeMessage,
} from '../../src/rtmp/messages/control.js';
import { amfObject, commandMessage } from '../../src/rtmp/messages/command.js';
import type { RtmpLimits } from '../../src/rtmp/limits.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { userControlMessage } from '../../src/rtmp/messages/user-control.js';
import { WINDOW_ACK_SIZE } from '../../src/rtmp/protocol-link.js';
import { ScriptedPeer } from './scripted-peer.js';

const picture = avcNalus({ keyframe: true, compositionTime: 0, data: Buffer.alloc(300, 7) });

describe('flow control', () => {
  const acknowledgements = (peer: ScriptedPeer): number[] =>
    peer.received
      .filter(({ typeId }) => typeId === MessageType.Acknowledgement)
      .map(({ payload }) => payload.readUInt32BE(0));

  test('W2: acknowledges each window the peer announced, counting all bytes', () => {
    const peer = new ScriptedPeer();
    peer.send(windowAckSizeMessage(10_000));
    peer.publish();
    peer.received = [];
    for (let i = 0; i < 100; i++) peer.sendRaw(MessageType.Video, picture);
    const acks = acknowledgements(peer);
    expect(acks.length).toBeGreaterThanOrEqual(3);
    for (const [i, ack] of acks.entries()) expect(ack - (acks[i - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
  });

  test('W2: assumes its own announced window of a peer that announces none', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const large = Buffer.alloc(WINDOW_ACK_SIZE / 4, 1);
    for (let i = 0; i < 4; i++) peer.sendRaw(MessageType.Video, large);
    expect(acknowledgements(peer)).toHaveLength(1);
  });

  test('W3, W5: a peer that acknowledges and answers nothing is served; one that does, too', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.send(acknowledgementMessage(5));
    peer.send(userControlMessage(7, 1));
    expect(peer.fault()).toBeUndefined();
  });

  test('W1: control takes effect at once, whatever stream and time it comes with', () => {
    const peer = new ScriptedPeer();
    const size = setChunkSizeMessage(1000);
    peer.send({ ...size, chunkStreamId: 9, streamId: 3, timestamp: 0xfffffff0 });
    peer.writer.setChunkSize(1000);
    peer.connect({ swfUrl: 'x'.repeat(900) });
    expect(peer.commands('_result')).toHaveLength(1);
  });

  test('W1: what the server says in control goes on chunk stream 2, message stream 0', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const control = peer.received.filter(({ typeId }) => typeId <= 6);
    expect(control.length).toBeGreaterThan(3);
    for (const message of control)
      expect(message).toMatchObject({ chunkStreamId: 2, streamId: 0, timestamp: 0 });
  });

  test('W2: Set Peer Bandwidth is answered with a window of that size, once', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.received = [];
    const bandwidth = Buffer.of(0, 0x10, 0, 0, 2);
    peer.sendRaw(MessageType.SetPeerBandwidth, bandwidth, { chunkStreamId: 2, streamId: 0 });
    peer.sendRaw(MessageType.SetPeerBandwidth, bandwidth, { chunkStreamId: 2, streamId: 0 });
    expect(peer.received).toMatchObject([
      { typeId: MessageType.WindowAckSize, payload: Buffer.of(0, 0x10, 0, 0) },
    ]);
  });

  test('W4, A6: pings are answered with their own bytes, five in a second at most', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.received = [];
    for (let i = 0; i < 20; i++) peer.send(userControlMessage(6, 0xabcdef00 + i));
    expect(peer.received.map(({ payload }) => payload.readUInt32BE(2))).toEqual(
      Array.from({ length: 5 }, (_, i) => 0xabcdef00 + i),
    );
    peer.now += 1000;
    peer.send(userControlMessage(6, 1));
    expect(peer.received).toHaveLength(6);
    expect(peer.fault()).toBeUndefined();
  });

  test('W2, K2: what is owed while the host decides goes out before the answer', () => {
    const peer = new ScriptedPeer();
    peer.send(windowAckSizeMessage(10));
    peer.connect();
    peer.command('publish', 5, null, ['key', 'live'], 1);
    peer.received = [];
    peer.sendRaw(MessageType.Video, picture);
    expect(acknowledgements(peer)).toHaveLength(1);
    peer.take(peer.server.acceptPublish());
    expect(peer.received.map(({ typeId }) => typeId)).toEqual([
      MessageType.Acknowledgement,
      MessageType.UserControl,
      MessageType.CommandAmf0,
    ]);
  });

  test('W4, K2: what is owed goes out in the order of its writing, and a request is the last result', () => {
    const peer = new ScriptedPeer();
    const ping = (): Buffer => peer.writer.write(userControlMessage(6, 7));
    const command = (...[name, id, object, args, streamId]: Parameters<typeof commandMessage>): Buffer =>
      peer.writer.write(commandMessage(name, id, object, args, streamId));
    const connect = command('connect', 1, amfObject({ app: 'live', tcUrl: 'rtmp://host/live' }));
    peer.feed(Buffer.concat([ping(), connect, ping()]));
    expect(peer.received.map(({ typeId, streamId, timestamp }) => [typeId, streamId, timestamp])).toEqual([
      [MessageType.UserControl, 0, 0],
      [MessageType.WindowAckSize, 0, 0],
      [MessageType.SetPeerBandwidth, 0, 0],
      [MessageType.UserControl, 0, 0],
      [MessageType.SetChunkSize, 0, 0],
      [MessageType.CommandAmf0, 0, 0],
      [MessageType.UserControl, 0, 0],
    ]);
    const publish = command('publish', 5, null, ['key', 'live'], 1);
    const results = peer.server.receive(Buffer.concat([ping(), publish, ping()]), 0);
    expect(results.map(({ type }) => type)).toEqual(['send', 'publish']);
    expect(peer.server.acceptPublish().map(({ type }) => type)).toEqual(['send', 'send', 'send']);
  });
});

describe('A6: rates', () => {
  test('commands', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    for (let i = 0; i < 49; i++) peer.command('releaseStream', 0, null, ['key']);
    expect(peer.fault()).toBeUndefined();
    peer.command('releaseStream', 0, null, ['key']);
    expect(peer.fault()).toBe('RTMP_LIMIT');
  });

  test('commands spread over time are no flood', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    for (let i = 0; i < 500; i++) {
      peer.now += 25;
      peer.command('releaseStream', 0, null, ['key']);
    }
    expect(peer.fault()).toBeUndefined();
  });

  test('message streams', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    for (let i = 0; i < 8; i++) peer.command('createStream', i + 2);
    expect(peer.fault()).toBeUndefined();
    peer.command('createStream', 10);
    expect(peer.fault()).toBe('RTMP_LIMIT');
  });

  test('chunk sizes', () => {
    const peer = new ScriptedPeer();
    for (let i = 0; i < 10; i++) peer.send(setChunkSizeMessage(128));
    expect(peer.fault()).toBeUndefined();
    peer.send(setChunkSizeMessage(128));
    expect(peer.fault()).toBe('RTMP_LIMIT');
  });

  test('data messages beyond the rate are dropped, captions at frame rate end nothing', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const metadata = encodeAmf0('onMetaData', new EcmaArray([['width', 320]]));
    for (let i = 0; i < 200; i++) peer.sendRaw(MessageType.DataAmf0, metadata);
    expect(peer.types().filter((type) => type === 'metadata')).toHaveLength(50);
    expect(peer.fault()).toBeUndefined();
  });

  test('A4: small chunks, so that chunk size 1 cannot eat the processor', () => {
    const peer = new ScriptedPeer({ smallChunksPerSecond: 1000 });
    peer.publish();
    peer.feed(peer.writer.setChunkSize(1));
    for (let i = 0; i < 3; i++) {
      peer.now += 1000;
      peer.sendRaw(MessageType.Video, Buffer.alloc(900, 7));
    }
    expect(peer.fault()).toBeUndefined();
    expect(peer.types()).toEqual(['publish', 'video', 'video', 'video']);
    peer.sendRaw(MessageType.Video, Buffer.alloc(900, 7));
    expect(peer.fault()).toBe('RTMP_LIMIT');
  });

  test('A4: messages of no length count as small chunks', () => {
    const peer = new ScriptedPeer({ smallChunksPerSecond: 1000 });
    peer.publish();
    peer.sendRaw(MessageType.Audio, Buffer.alloc(0));
    peer.feed(Buffer.alloc(1000, 0xc5));
    expect(peer.fault()).toBe('RTMP_LIMIT');
  });

  test('A4: chunks of the smallest usual size are not small', () => {
    const peer = new ScriptedPeer({ smallChunksPerSecond: 100 });
    peer.publish();
    peer.feed(peer.writer.setChunkSize(128));
    for (let i = 0; i < 50; i++) peer.sendRaw(MessageType.Video, Buffer.alloc(12_800, 7));
    expect(peer.fault()).toBeUndefined();
  });
});

describe('limits other than the defaults', () => {
  test.each<[string, Partial<RtmpLimits>, (peer: ScriptedPeer) => void, string]>([
    [
      'the length of a video message',
      { videoMessage: 1000 },
      (peer) => peer.sendRaw(MessageType.Video, Buffer.alloc(1001)),
      'RTMP_MESSAGE_TOO_LONG',
    ],
    [
      'the length of an audio message',
      { audioMessage: 1000 },
      (peer) => peer.sendRaw(MessageType.Audio, Buffer.alloc(1001)),
      'RTMP_MESSAGE_TOO_LONG',
    ],
    [
      'the length of a data message',
      { dataMessage: 1000 },
      (peer) => peer.sendRaw(MessageType.DataAmf0, Buffer.alloc(1001)),
      'RTMP_MESSAGE_TOO_LONG',
    ],
    [
      'the length of a command',
      { commandMessage: 1000 },
      (peer) => peer.sendRaw(MessageType.CommandAmf0, Buffer.alloc(1001)),
      'RTMP_MESSAGE_TOO_LONG',
    ],
    [
      'bytes of incomplete messages',
      { partialBytes: 1000 },
      (peer) => peer.sendRaw(MessageType.Video, Buffer.alloc(2000)),
      'RTMP_LIMIT',
    ],
    [
      'chunk streams',
      { chunkStreams: 4 },
      (peer) => {
        for (let i = 0; i < 5; i++) peer.sendRaw(MessageType.Video, Buffer.of(1), { chunkStreamId: 10 + i });
      },
      'RTMP_LIMIT',
    ],
    ['message streams', { messageStreams: 1 }, (peer) => peer.command('createStream', 9), 'RTMP_LIMIT'],
    [
      'commands',
      { commandsPerSecond: 5 },
      (peer) => {
        for (let i = 0; i < 5; i++) peer.command('releaseStream', 0);
      },
      'RTMP_LIMIT',
    ],
  ])('hold for %s', (_, limits, exceed, code) => {
    const peer = new ScriptedPeer(limits);
    peer.publish();
    expect(peer.fault()).toBeUndefined();
    exceed(peer);
    expect(peer.fault()).toBe(code);
  });
});
