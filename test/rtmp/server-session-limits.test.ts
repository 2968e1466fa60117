import { describe, expect, test } from 'vitest';

import { EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import { avcNalus } from '../../src/rtmp/flv-writer.js';
import {
  acknowledgementMessage,
  setChunkSizeMessage,
  windowAckSizeMessage,
} from '../../src/rtmp/messages/control.js';
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
});
