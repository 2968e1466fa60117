import { describe, expect, test } from 'vitest';

import { EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import { avcNalus } from '../../src/rtmp/flv-writer.js';
import { amfObject, commandMessage, propertyOf } from '../../src/rtmp/messages/command.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import { ScriptedPeer } from './scripted-peer.js';

const picture = avcNalus({ keyframe: true, compositionTime: 0, data: Buffer.alloc(300, 7) });

describe('connecting', () => {
  test('W6: connect is answered with window, bandwidth, StreamBegin 0, chunk size, then _result', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    expect(peer.received.map(({ typeId }) => typeId)).toEqual([
      MessageType.WindowAckSize,
      MessageType.SetPeerBandwidth,
      MessageType.UserControl,
      MessageType.SetChunkSize,
      MessageType.CommandAmf0,
    ]);
    expect(peer.received[1]?.payload[4]).toBe(2);
    expect(peer.received[2]?.payload).toEqual(Buffer.alloc(6));
    const [result] = peer.commands('_result');
    expect(result).toMatchObject({ transactionId: 1 });
    expect(propertyOf(result?.args[0], 'code')).toBe('NetConnection.Connect.Success');
    expect(propertyOf(result?.args[0], 'objectEncoding')).toBe(0);
    expect(peer.server.stage).toBe('connected');
  });

  test('K10: a chunk size before connect is obeyed, as OBS sends it', () => {
    const peer = new ScriptedPeer();
    peer.feed(peer.writer.setChunkSize(4096));
    peer.connect({ swfUrl: 'x'.repeat(1000) });
    expect(peer.commands('_result')).toHaveLength(1);
  });

  test('Q6: connect in an AMF3 message is understood, and AMF0 is answered', () => {
    const peer = new ScriptedPeer();
    const connect = encodeAmf0('connect', 1, amfObject({ app: 'live', objectEncoding: 3 }));
    peer.sendRaw(MessageType.CommandAmf3, Buffer.concat([Buffer.of(0), connect]), { streamId: 0 });
    const [result] = peer.commands('_result');
    expect(propertyOf(result?.args[0], 'objectEncoding')).toBe(0);
  });

  test('a command before connect, and connect twice, are faults', () => {
    const early = new ScriptedPeer();
    early.command('createStream', 2);
    expect(early.fault()).toBe('RTMP_BAD_COMMAND');
    const twice = new ScriptedPeer();
    twice.connect();
    twice.connect();
    expect(twice.fault()).toBe('RTMP_BAD_COMMAND');
    expect(twice.server.stage).toBe('ended');
  });

  test('H1: HTTP instead of RTMP is a fault, and nothing follows it', () => {
    const session = new ServerSession();
    const results = session.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 0);
    expect(results).toMatchObject([{ type: 'fault', error: { code: 'RTMP_BAD_VERSION' } }]);
    expect(session.receive(Buffer.of(3), 1)).toEqual([]);
  });
});

describe('publishing', () => {
  test.each([
    { encoder: 'OBS, ffmpeg', release: 2, announce: 3, create: 4, publish: 5 },
    { encoder: 'rtmp2sink', release: 0, announce: 0, create: 2, publish: 0 },
  ])('Q1 to Q4: the flow of $encoder is answered', ({ release, announce, create, publish }) => {
    const peer = new ScriptedPeer();
    peer.connect();
    const before = peer.commands().length;
    peer.command('releaseStream', release, null, ['key']);
    peer.command('FCPublish', announce, null, ['key']);
    peer.command('createStream', create);
    const answers = peer.commands().slice(before);
    // Transaction id 0 wants no answer; the others get theirs with their own id.
    const expected = [release, announce, create].filter((id) => id > 0);
    expect(answers.filter(({ name }) => name === '_result').map((a) => a.transactionId)).toEqual(expected);
    expect(answers.filter(({ name }) => name === 'onFCPublish').map((a) => a.transactionId)).toEqual(
      announce > 0 ? [announce] : [],
    );
    expect(answers.at(-1)).toMatchObject({ name: '_result', object: null, args: [1] });

    peer.command('publish', publish, null, ['key', 'live'], 1);
    expect(peer.results).toMatchObject([
      { type: 'publish', request: { app: 'live', streamKey: 'key', publishType: 'live', encoder: 'test' } },
    ]);
    peer.received = [];
    peer.take(peer.server.acceptPublish());
    expect(peer.received[0]?.payload).toEqual(Buffer.of(0, 0, 0, 0, 0, 1));
    expect(peer.commands('onStatus')).toMatchObject([{ transactionId: 0, object: null, streamId: 1 }]);
    expect(peer.lastStatus()).toMatchObject({ level: 'status', code: 'NetStream.Publish.Start' });
    expect(peer.server.stage).toBe('publishing');
  });

  test('Q3: FCPublish is answered with NetStream.Publish.Start, which FMLE waits for', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('FCPublish', 3, null, ['key']);
    const [notice] = peer.commands('onFCPublish');
    expect(propertyOf(notice?.args[0], 'code')).toBe('NetStream.Publish.Start');
  });

  test('Q2: publish on message stream 0 is accepted', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('publish', 5, null, ['key', 'live'], 0);
    peer.take(peer.server.acceptPublish());
    expect(peer.commands('onStatus')).toMatchObject([{ streamId: 0 }]);
  });

  test.each([
    ['record', 'record'],
    ['append', 'append'],
    [undefined, 'live'],
  ])('Q13: publish type %s is accepted', (type, expected) => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('publish', 5, null, type === undefined ? ['key'] : ['key', type], 1);
    expect(peer.lastRequest().publishType).toBe(expected);
  });

  test('Q7: application and key come out normalised, with their parameters', () => {
    const peer = new ScriptedPeer();
    peer.connect({ app: 'live/' });
    peer.command('publish', 5, null, ['key1?token=abc', 'live'], 1);
    const { app, streamKey, params } = peer.lastRequest();
    expect({ app, streamKey, token: params.get('token') }).toEqual({
      app: 'live',
      streamKey: 'key1',
      token: 'abc',
    });
  });

  test.each([
    ['no name', []],
    ['an empty name', ['']],
    ['false', [false]],
    ['control characters', ['a\u0000b']],
  ])('Q9: publish with %s is refused as BadName without asking the host', (_, args) => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('publish', 5, null, args, 1);
    expect(peer.lastStatus()).toMatchObject({ level: 'error', code: 'NetStream.Publish.BadName' });
    expect(peer.results).toEqual([]);
  });

  test('Q9: a refused publisher hears code and description, its media is dropped, it may try again', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('publish', 5, null, ['key'], 1);
    peer.take(peer.server.refusePublish('NetStream.Publish.Denied', 'unknown stream key'));
    expect(peer.lastStatus()).toMatchObject({
      level: 'error',
      code: 'NetStream.Publish.Denied',
      description: 'unknown stream key',
    });
    peer.sendRaw(MessageType.Video, picture);
    expect(peer.types()).toEqual(['publish']);
    peer.command('publish', 6, null, ['key'], 1);
    expect(peer.types()).toEqual(['publish', 'publish']);
  });

  test('a publisher that was let in is rejected for what it sends, and what follows is dropped', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.take(peer.server.rejectPublish('NetStream.Publish.Rejected', 'VP6 cannot be carried'));
    expect(peer.lastStatus()).toMatchObject({
      level: 'error',
      code: 'NetStream.Publish.Rejected',
      description: 'VP6 cannot be carried',
    });
    peer.sendRaw(MessageType.Video, picture);
    peer.command('deleteStream', 7, null, [1]);
    expect(peer.types()).toEqual(['publish']);
    expect(peer.server.stage).toBe('connected');
    expect(peer.server.rejectPublish('NetStream.Publish.Rejected', 'again')).toEqual([]);
  });

  test('a second publish on the same connection is refused and the first goes on', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.command('publish', 6, null, ['other'], 2);
    expect(peer.lastStatus()).toMatchObject({ code: 'NetStream.Publish.BadName' });
    peer.sendRaw(MessageType.Video, picture);
    expect(peer.types()).toEqual(['publish', 'video']);
  });
});

describe('media', () => {
  test('audio and video come out with their timestamps, in buffers of their own', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const wire = Buffer.concat([
      peer.writer.write({ chunkStreamId: 6, typeId: 9, streamId: 1, timestamp: 40, payload: picture }),
      peer.writer.write({
        chunkStreamId: 4,
        typeId: 8,
        streamId: 1,
        timestamp: 43,
        payload: Buffer.of(0xaf, 1, 9),
      }),
    ]);
    peer.feed(wire);
    wire.fill(0xee);
    expect(peer.results.slice(1)).toEqual([
      { type: 'video', timestamp: 40, body: picture },
      { type: 'audio', timestamp: 43, body: Buffer.of(0xaf, 1, 9) },
    ]);
  });

  test('K14: messages of length zero are passed over', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.sendRaw(MessageType.Audio, Buffer.alloc(0));
    expect(peer.types()).toEqual(['publish']);
  });

  test('D8: an aggregate is taken apart', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const inner = Buffer.concat([
      Buffer.of(9, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x17, 1),
      Buffer.of(0, 0, 0, 13),
    ]);
    const nested = Buffer.concat([Buffer.of(22, 0, 0, 1, 0, 0, 5, 0, 0, 0, 0, 0), Buffer.of(0, 0, 0, 12)]);
    peer.sendRaw(MessageType.Aggregate, Buffer.concat([inner, nested]), { timestamp: 100 });
    expect(peer.results.slice(1)).toEqual([{ type: 'video', timestamp: 100, body: Buffer.of(0x17, 1) }]);
  });

  test('D1: metadata comes out typed; broken metadata is ignored and the stream goes on', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    const metadata = encodeAmf0('@setDataFrame', 'onMetaData', new EcmaArray([['width', 320]]));
    peer.sendRaw(MessageType.DataAmf0, metadata);
    peer.sendRaw(MessageType.DataAmf0, Buffer.of(2, 0xff));
    peer.sendRaw(MessageType.Video, picture);
    expect(peer.results.slice(1)).toMatchObject([
      { type: 'metadata', metadata: { width: 320 } },
      { type: 'ignored', error: { code: 'AMF_MALFORMED' } },
      { type: 'video' },
    ]);
  });

  test('Q5: goes on past a command that nobody can read; before a publish, such a one is a fault', () => {
    const publisher = new ScriptedPeer();
    publisher.publish();
    publisher.sendRaw(MessageType.CommandAmf0, Buffer.of(2, 0, 1, 0x61, 4));
    publisher.sendRaw(MessageType.CommandAmf0, Buffer.of(5));
    publisher.sendRaw(MessageType.Video, picture);
    expect(publisher.results.slice(1)).toMatchObject([
      { type: 'ignored', error: { code: 'AMF_MALFORMED' } },
      { type: 'ignored', error: { code: 'RTMP_BAD_COMMAND' } },
      { type: 'video' },
    ]);
    const stranger = new ScriptedPeer();
    stranger.connect();
    stranger.sendRaw(MessageType.CommandAmf0, Buffer.of(5));
    expect(stranger.fault()).toBe('RTMP_BAD_COMMAND');
  });

  describe('that the peer did not wait with', () => {
    /** Publish, a picture, goodbye and another publish, all in one read. */
    function hasty(): ScriptedPeer {
      const peer = new ScriptedPeer();
      peer.connect();
      const video = { chunkStreamId: 6, typeId: 9, streamId: 1, timestamp: 0, payload: picture };
      peer.feed(
        Buffer.concat([
          peer.writer.write(commandMessage('publish', 5, null, ['first'], 1)),
          peer.writer.write(video),
          peer.writer.write(commandMessage('deleteStream', 6, null, [1])),
          peer.writer.write(commandMessage('publish', 7, null, ['second'], 2)),
          peer.writer.write({ ...video, streamId: 2 }),
        ]),
      );
      return peer;
    }

    test('waits for the decision of the host', () => {
      const peer = hasty();
      expect(peer.types()).toEqual(['publish']);
      peer.take(peer.server.acceptPublish());
      expect(peer.types()).toEqual(['publish', 'video', 'unpublish', 'publish']);
      expect(peer.lastRequest().streamKey).toBe('second');
      peer.take(peer.server.acceptPublish());
      expect(peer.types().slice(4)).toEqual(['video']);
    });

    test('is dropped when the publish is refused', () => {
      const peer = hasty();
      peer.take(peer.server.refusePublish('NetStream.Publish.Denied', 'no'));
      expect(peer.types()).toEqual(['publish', 'publish']);
    });

    test('waits in bounded memory', () => {
      const peer = hasty();
      for (let i = 0; i < 10; i++) peer.feed(Buffer.alloc(20_000, 0xc6));
      expect(peer.types()).toEqual(['publish']);
      for (let i = 0; i < 10; i++) peer.feed(Buffer.alloc(20_000, 0xc6));
      expect(peer.fault()).toBe('RTMP_LIMIT');
    });
  });

  test('media, data and unknown message types outside a publish mean nothing', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    for (const typeId of [8, 9, 15, 18, 22, 16, 19, 0, 77, 255]) peer.sendRaw(typeId, Buffer.alloc(20));
    expect(peer.results).toEqual([]);
    expect(peer.server.stage).toBe('connected');
  });
});

describe('ending', () => {
  test('Q12: FCUnpublish, deleteStream and closeStream together end the publish once', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.command('FCUnpublish', 6, null, ['key']);
    peer.command('closeStream', 0, null, [], 1);
    peer.command('deleteStream', 7, null, [1]);
    expect(peer.results.slice(1)).toEqual([{ type: 'unpublish', reason: 'FCUnpublish' }]);
    expect(peer.commands('onFCUnpublish')).toMatchObject([{ transactionId: 6 }]);
    expect(peer.lastStatus()).toMatchObject({ code: 'NetStream.Unpublish.Success' });
  });

  test.each([
    ['deleteStream', [1]],
    ['deleteStream', []],
    ['closeStream', []],
  ] as const)('Q12: %s(%j) alone ends it too', (name, args) => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.command(name, 0, null, [...args]);
    expect(peer.results.slice(1)).toEqual([{ type: 'unpublish', reason: name }]);
  });

  test('deleteStream of another stream ends nothing', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.command('deleteStream', 7, null, [2]);
    expect(peer.server.stage).toBe('publishing');
  });

  test('after a goodbye the connection may publish again', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.command('deleteStream', 7, null, [1]);
    peer.command('createStream', 8);
    peer.command('publish', 9, null, ['key'], 2);
    peer.take(peer.server.acceptPublish());
    peer.sendRaw(MessageType.Video, picture, { streamId: 2 });
    expect(peer.types()).toEqual(['publish', 'unpublish', 'publish', 'video']);
  });

  test('the host ends a publish with a status of its choice, after which nothing is heard', () => {
    const peer = new ScriptedPeer();
    peer.publish();
    peer.take(
      peer.server.close({ level: 'status', code: 'NetStream.Unpublish.Success', description: 'bye' }),
    );
    expect(peer.lastStatus()).toMatchObject({ description: 'bye' });
    expect(peer.received.at(-1)?.payload).toEqual(Buffer.of(0, 1, 0, 0, 0, 1));
    peer.sendRaw(MessageType.Video, picture);
    expect(peer.types()).toEqual(['publish']);
  });

  test('the host can close in every stage', () => {
    const status = { level: 'status', code: 'x', description: '' } as const;
    expect(new ServerSession().close(status)).toEqual([]);
    const peer = new ScriptedPeer();
    peer.connect();
    expect(peer.server.close(status)).toEqual([]);
    expect(peer.server.stage).toBe('ended');
  });

  test('deciding on a publish that nobody asked for is a mistake of the host', () => {
    expect(() => new ServerSession().acceptPublish()).toThrow('no such request');
  });
});

describe('other commands', () => {
  test('Q5: _checkbw and getStreamLength get a _result, unknown commands an _error, with transaction id 0 nothing', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    const before = peer.commands().length;
    peer.command('_checkbw', 9);
    peer.command('getStreamLength', 10, null, ['key']);
    peer.command('FCSubscribe', 11, null, ['key']);
    peer.command('somethingNew', 12, null, ['key']);
    peer.command('setPlaylist', 0);
    peer.command('onBWDone', 0);
    peer.command('pause', 13, null, [true, 0]);
    peer.command('_result', 14);
    const answers = peer
      .commands()
      .slice(before)
      .map(({ name, transactionId }) => [name, transactionId]);
    expect(answers).toEqual([
      ['_result', 9],
      ['_result', 10],
      ['_result', 11],
      ['onFCSubscribe', 11],
      ['_error', 12],
      ['_error', 13],
    ]);
    expect(peer.fault()).toBeUndefined();
  });

  test('Q6: a command whose object is AMF3 behind 0x11 is understood', () => {
    const peer = new ScriptedPeer();
    const head = encodeAmf0('connect', 1);
    // An anonymous dynamic object: app = "live", then the empty name that ends it.
    const object = Buffer.concat([
      Buffer.of(0x11, 0x0a, 0x0b, 0x01),
      amf3Text('app'),
      Buffer.of(6),
      amf3Text('live'),
    ]);
    const payload = Buffer.concat([Buffer.of(0), head, object, Buffer.of(1)]);
    peer.sendRaw(MessageType.CommandAmf3, payload, { streamId: 0 });
    peer.command('publish', 5, null, ['key'], 1);
    expect(peer.lastRequest()).toMatchObject({ app: 'live', streamKey: 'key' });
  });
});

const amf3Text = (text: string): Buffer =>
  Buffer.concat([Buffer.of((text.length << 1) | 1), Buffer.from(text)]);
