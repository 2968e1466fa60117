import { describe, expect, test } from 'vitest';

import { decodeAmf0, EcmaArray } from '../../src/rtmp/amf0.js';
import { avcNalus } from '../../src/rtmp/flv-writer.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import { ScriptedPeer } from './scripted-peer.js';

const picture = avcNalus({ keyframe: true, compositionTime: 0, data: Buffer.alloc(200_000, 7) });
const sound = Buffer.of(0xaf, 1, 2, 3);

describe('a player', () => {
  test('asks with everything that it says of itself', () => {
    const peer = new ScriptedPeer();
    expect(peer.play('stream?token=abc', -1, -1, false)).toEqual({
      app: 'live',
      name: 'stream',
      params: new Map([['token', 'abc']]),
      start: -1,
      reset: false,
      encoder: 'test',
      tcUrl: 'rtmp://host/live',
      capabilities: expect.objectContaining({ enhanced: false }) as unknown,
    });
  });

  test.each([
    ['nothing', [], -2],
    ['a text', ['now'], -2],
    ['NaN', [NaN], -2],
    ["ffmpeg's milliseconds", [-2000], -2000],
  ])('may say %s about where to start', (_, args, start) => {
    const request = new ScriptedPeer().play('stream', ...args);
    expect(request).toMatchObject({ start, reset: true });
  });

  test('that is let in hears StreamBegin, Reset, Start and that samples are accessible', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    expect(peer.received.map(({ typeId }) => typeId)).toEqual([
      MessageType.SetChunkSize,
      MessageType.UserControl,
      MessageType.CommandAmf0,
      MessageType.CommandAmf0,
      MessageType.DataAmf0,
    ]);
    expect(peer.received[1]?.payload).toEqual(Buffer.of(0, 0, 0, 0, 0, 1));
    expect(peer.commands('onStatus')).toMatchObject([{ streamId: 1 }, { streamId: 1 }]);
    expect(peer.statusCodes()).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    expect(decodeAmf0(peer.received[4]!.payload)).toEqual(['|RtmpSampleAccess', true, true]);
    expect(peer.server.stage).toBe('playing');
  });

  test('that does not want a reset hears of none', () => {
    const peer = new ScriptedPeer();
    peer.play('stream', -2, -1, false);
    expect(peer.statusCodes()).toEqual(['NetStream.Play.Start']);
  });

  test('gets metadata, sound and pictures, a large picture by reference', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.received = [];
    peer.hear(peer.server.sendMetadata({ width: 1280 }));
    const pieces = peer.server.sendMedia('video', 40, picture);
    expect(pieces.filter(({ buffer }) => buffer === picture.buffer).length).toBeGreaterThan(2);
    peer.hear(pieces);
    peer.hear(peer.server.sendMedia('audio', 41, sound));
    peer.hear(peer.server.sendMedia('video', 0xfffffff0, picture));
    expect(decodeAmf0(peer.received[0]!.payload)).toEqual(['onMetaData', new EcmaArray([['width', 1280]])]);
    expect(peer.received.slice(1)).toMatchObject([
      { typeId: 9, streamId: 1, timestamp: 40 },
      { typeId: 8, streamId: 1, timestamp: 41, payload: sound },
      { typeId: 9, streamId: 1, timestamp: 0xfffffff0 },
    ]);
    for (const i of [1, 3]) expect(peer.received[i]?.payload.equals(picture)).toBe(true);
  });

  test('that is turned away hears why, and may ask again', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('play', 0, null, ['stream'], 1);
    peer.take(peer.server.refusePlay('NetStream.Play.StreamNotFound', 'Nobody publishes that.'));
    expect(peer.lastStatus()).toMatchObject({
      level: 'error',
      code: 'NetStream.Play.StreamNotFound',
      description: 'Nobody publishes that.',
    });
    peer.command('play', 0, null, ['other'], 1);
    expect(peer.types()).toEqual(['play', 'play']);
  });

  test.each([[[]], [['']], [[false]], [['a\u0000b']]])(
    'Q7: that names %j is turned away without asking the host',
    (args) => {
      const peer = new ScriptedPeer();
      peer.connect();
      peer.command('play', 0, null, args, 1);
      expect(peer.lastStatus()).toMatchObject({ level: 'error', code: 'NetStream.Play.StreamNotFound' });
      expect(peer.results).toEqual([]);
    },
  );

  test.each([
    ['deleteStream', [1]],
    ['deleteStream', []],
    ['closeStream', []],
  ] as const)('says goodbye with %s(%j), once', (name, args) => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.command('deleteStream', 0, null, [7]);
    expect(peer.server.stage).toBe('playing');
    peer.command(name, 0, null, [...args]);
    peer.command('deleteStream', 0, null, [1]);
    expect(peer.types()).toEqual(['play', 'unplay']);
    expect(peer.server.stage).toBe('connected');
  });

  test('pauses and goes on; what it wants is told once for each change', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.received = [];
    peer.command('pause', 0, null, [true, 1000], 1);
    peer.command('pause', 0, null, [true, 1000], 1);
    peer.command('receiveVideo', 0, null, [false], 1);
    peer.command('pause', 0, null, [false, 1000], 1);
    peer.command('receiveAudio', 0, null, [false], 1);
    peer.command('receiveVideo', 0, null, [true], 1);
    peer.command('receiveVideo', 0, null, [true], 1);
    expect(peer.results.slice(1)).toEqual([
      { type: 'wants', video: false, audio: false },
      { type: 'wants', video: false, audio: true },
      { type: 'wants', video: false, audio: false },
      { type: 'wants', video: true, audio: false },
    ]);
    expect(peer.statusCodes()).toEqual([
      'NetStream.Pause.Notify',
      'NetStream.Pause.Notify',
      'NetStream.Unpause.Notify',
    ]);
  });

  test('that seeks is told where it is, and plays on', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.command('seek', 0, null, [5000], 1);
    expect(peer.lastStatus()).toMatchObject({ level: 'status', code: 'NetStream.Seek.Notify' });
    expect(peer.types()).toEqual(['play']);
  });

  test('neither publishes nor plays a second stream on the same connection', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.command('publish', 3, null, ['key'], 2);
    expect(peer.lastStatus()).toMatchObject({ code: 'NetStream.Publish.BadName' });
    peer.command('play', 0, null, ['other'], 2);
    expect(peer.lastStatus()).toMatchObject({ code: 'NetStream.Play.Failed' });
    expect(peer.types()).toEqual(['play']);
    expect(peer.server.stage).toBe('playing');
  });

  test('W7: its buffer length and media that it sends mean nothing', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    const bufferLength = Buffer.of(0, 3, 0, 0, 0, 1, 0, 0, 0x0b, 0xb8);
    peer.sendRaw(MessageType.UserControl, bufferLength, { chunkStreamId: 2, streamId: 0 });
    peer.sendRaw(MessageType.Video, Buffer.of(0x17, 1));
    expect(peer.types()).toEqual(['play']);
  });

  test('hears of the end in every way that players know when the server closes, and gets nothing more', () => {
    const peer = new ScriptedPeer();
    peer.play('stream');
    peer.received = [];
    const status = { level: 'status', code: 'NetStream.Unpublish.Success', description: 'bye' } as const;
    peer.take(peer.server.close(status));
    expect(peer.statusCodes()).toEqual(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop']);
    expect(peer.lastStatus()).toMatchObject({ description: 'bye' });
    expect(peer.received.at(-1)?.payload).toEqual(Buffer.of(0, 1, 0, 0, 0, 1));
    expect(peer.server.stage).toBe('ended');
    expect(peer.server.sendMedia('audio', 0, sound)).toEqual([]);
    expect(peer.server.sendMetadata({})).toEqual([]);
  });

  test('what it sends before the host has decided is read afterwards', () => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('play', 0, null, ['stream'], 1);
    peer.command('receiveAudio', 0, null, [false], 1);
    expect(peer.types()).toEqual(['play']);
    peer.take(peer.server.acceptPlay());
    expect(peer.types()).toEqual(['play', 'wants']);
  });

  test('deciding on a play that nobody asked for is a mistake of the host', () => {
    expect(() => new ServerSession().acceptPlay()).toThrow('no such request');
    const peer = new ScriptedPeer();
    peer.connect();
    peer.command('publish', 3, null, ['key'], 1);
    expect(() => peer.server.acceptPlay()).toThrow('no such request');
  });
});
