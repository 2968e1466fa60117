import { describe, expect, test } from 'vitest';

import { EcmaArray } from '../../src/rtmp/amf0.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import {
  CapsEx,
  NO_CAPABILITIES,
  OWN_CAPABILITIES,
  parseCapabilities,
  takesCodec,
} from '../../src/rtmp/capabilities.js';
import { amfObject, propertyOf } from '../../src/rtmp/messages/command.js';
import { ScriptedPeer } from './scripted-peer.js';

const parse = (properties: Record<string, Amf0Value>) => parseCapabilities(amfObject(properties));

describe('E6: what a peer states of Enhanced RTMP', () => {
  test('is nothing where it states nothing', () => {
    expect(parse({ app: 'live' })).toBe(NO_CAPABILITIES);
    expect(parseCapabilities(null)).toBe(NO_CAPABILITIES);
  });

  test('is read from every property', () => {
    const stated = parse({
      fourCcList: ['av01', 'hvc1'],
      videoFourCcInfoMap: amfObject({ '*': 4, vp09: 3 }),
      audioFourCcInfoMap: new EcmaArray([['Opus', 1]]),
      capsEx: 15,
    });
    expect(stated).toEqual({
      enhanced: true,
      fourCcs: new Set(['av01', 'hvc1']),
      video: new Map([
        ['*', 4],
        ['vp09', 3],
      ]),
      audio: new Map([['Opus', 1]]),
      capsEx: CapsEx.Reconnect | CapsEx.Multitrack | CapsEx.ModEx | CapsEx.NanoOffset,
    });
  });

  test('tells which codecs it takes: to decode or forward, by name or by wildcard', () => {
    const byFlags = parse({
      videoFourCcInfoMap: amfObject({ avc1: 1, hvc1: 4, av01: 2, vp09: 0 }),
      audioFourCcInfoMap: amfObject({ '*': 4, Opus: 0 }),
    });
    const taken = ['avc1', 'hvc1', 'av01', 'vp09', 'vvc1'].filter((name) =>
      takesCodec(byFlags, 'video', name),
    );
    expect(taken).toEqual(['avc1', 'hvc1']);
    expect(takesCodec(byFlags, 'audio', 'Opus')).toBe(true);
    expect(takesCodec(parse({ fourCcList: ['av01'] }), 'video', 'av01')).toBe(true);
    expect(takesCodec(parse({ fourCcList: ['av01'] }), 'video', 'hvc1')).toBe(false);
    expect(takesCodec(parse({ fourCcList: ['*'] }), 'video', 'hvc1')).toBe(true);
    expect(takesCodec(NO_CAPABILITIES, 'video', 'avc1')).toBe(false);
  });

  test.each<[string, Record<string, Amf0Value>]>([
    ['a list that is a text', { fourCcList: 'av01' }],
    ['lists of other things', { fourCcList: [1, null, 'toolong', ''] }],
    [
      'maps of other things',
      { videoFourCcInfoMap: 7, audioFourCcInfoMap: amfObject({ long: 'x', toolong: 1 }) },
    ],
    ['flags that are no number', { capsEx: 'all' }],
    ['flags that are NaN', { capsEx: NaN }],
  ])('with %s is read as far as it makes sense', (_, properties) => {
    const { enhanced, fourCcs, video, capsEx } = parse(properties);
    expect({ enhanced, fourCcs: fourCcs.size, video: video.size, capsEx }).toEqual({
      enhanced: true,
      fourCcs: 0,
      video: 0,
      capsEx: 0,
    });
  });

  test('is bounded', () => {
    const names = Array.from({ length: 1000 }, (_, i) => String(1000 + i));
    const stated = parse({
      fourCcList: names,
      videoFourCcInfoMap: new Map(names.map((name) => [name, 1])),
    });
    expect(stated.fourCcs.size).toBe(64);
    expect(stated.video.size).toBe(64);
  });
});

describe('E6: what the server states', () => {
  const propertiesOf = (connect: Record<string, Amf0Value>): Amf0Value => {
    const peer = new ScriptedPeer();
    peer.connect(connect);
    return peer.commands('_result')[0]?.object;
  };

  test('is nothing to a client that states nothing: strict old stacks choke on it', () => {
    const properties = propertiesOf({});
    expect([...(properties as Map<string, Amf0Value>).keys()]).toEqual(['fmsVer', 'capabilities']);
  });

  test.each<Record<string, Amf0Value>>([
    { fourCcList: ['av01'] },
    { videoFourCcInfoMap: amfObject({ hvc1: 2 }) },
    { capsEx: 1 },
  ])('is what works, to a client that states %j', (connect) => {
    const properties = propertiesOf(connect);
    const stated = parseCapabilities(properties);
    expect(stated).toEqual(OWN_CAPABILITIES);
    for (const codec of ['avc1', 'hvc1', 'av01', 'vp09'])
      expect(takesCodec(stated, 'video', codec)).toBe(true);
    for (const codec of ['mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3'])
      expect(takesCodec(stated, 'audio', codec)).toBe(true);
    expect(propertyOf(properties, 'capsEx')).toBe(7);
  });

  test('a publish and a play carry what the client stated', () => {
    const publisher = new ScriptedPeer();
    publisher.connect({ fourCcList: ['hvc1'], capsEx: 2 });
    publisher.command('publish', 5, null, ['key'], 1);
    expect(publisher.lastRequest().capabilities).toMatchObject({
      enhanced: true,
      fourCcs: new Set(['hvc1']),
      capsEx: CapsEx.Multitrack,
    });
  });
});

describe('E9: the request to reconnect', () => {
  test('goes on stream 0 with transaction 0, and the peer is served on', () => {
    const peer = new ScriptedPeer();
    peer.connect({ capsEx: CapsEx.Reconnect });
    peer.command('publish', 5, null, ['key'], 1);
    peer.take(peer.server.acceptPublish());
    peer.take(peer.server.requestReconnect({ tcUrl: 'rtmp://other/live', description: 'maintenance' }));
    expect(peer.commands('onStatus').at(-1)).toMatchObject({ transactionId: 0, streamId: 0, object: null });
    expect(peer.lastStatus()).toEqual({
      level: 'status',
      code: 'NetConnection.Connect.ReconnectRequest',
      description: 'maintenance',
      tcUrl: 'rtmp://other/live',
    });
    expect(peer.server.stage).toBe('publishing');
    peer.take(peer.server.requestReconnect({ description: 'again' }));
    expect(peer.lastStatus()).not.toHaveProperty('tcUrl');
  });

  test('goes to nobody who did not say that they can', () => {
    const peer = new ScriptedPeer();
    expect(peer.server.requestReconnect({ description: 'x' })).toEqual([]);
    peer.connect({ fourCcList: ['*'], capsEx: CapsEx.Multitrack });
    expect(peer.server.requestReconnect({ description: 'x' })).toEqual([]);
  });
});
