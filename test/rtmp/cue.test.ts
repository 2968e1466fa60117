import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MAX_CUE_TEXT, MAX_CUE_VALUES, MAX_SCTE35_BYTES } from '../../src/media/cue.js';
import { EcmaArray, encodeAmf0 } from '../../src/rtmp/amf0.js';
import type { Amf0Value } from '../../src/rtmp/amf0.js';
import { parseCue } from '../../src/rtmp/messages/cue.js';
import { MessageType } from '../../src/rtmp/messages/message.js';
import { BREAK_START, SPLICE_OUT } from '../support/scte35.js';
import { ScriptedPeer } from './scripted-peer.js';

type Properties = Record<string, Amf0Value>;
const object = (properties: Properties): Map<string, Amf0Value> => new Map(Object.entries(properties));
const cue = (name: string, properties: Properties, timestamp = 0) =>
  parseCue({ name, value: object(properties) }, timestamp);

describe('onAdCue', () => {
  test('P10: in its simple mode begins a break of the stated length, at the stated time of the stream', () => {
    const properties = { type: 'SpliceOut', id: '95766', duration: 30, time: 104.5 };
    expect(cue('onAdCue', properties, 100_000)).toMatchObject({
      type: 'splice',
      role: 'out',
      event: '95766',
      duration: 30,
      offset: 4500,
      scte35: undefined,
    });
  });

  test('P10: with a whole SCTE 35 message is what that says', () => {
    const message = { cue: SPLICE_OUT.toString('base64'), type: 'scte35', id: 'x', duration: 0, time: 1 };
    const parsed = cue('onAdCue', message, 1000);
    expect(parsed).toMatchObject({ role: 'out', event: String(0x4800008f), offset: 0 });
    expect(parsed?.duration).toBeCloseTo(60.294, 3);
    expect(parsed?.scte35).toEqual(SPLICE_OUT);
    expect(cue('onAdCue', { cue: `0x${BREAK_START.toString('hex')}`, type: 'scte35' })?.scte35).toEqual(
      BREAK_START,
    );
  });

  test('a message that is no SCTE 35, or too long, is left out and the rest counts', () => {
    for (const broken of ['', 'hello', 'AAAA', 'fc'.repeat(MAX_SCTE35_BYTES + 2), '_'.repeat(70)]) {
      const parsed = cue('onAdCue', { cue: broken, type: 'SpliceIn', id: '1' });
      expect(parsed).toMatchObject({ role: 'in', event: '1', scte35: undefined });
    }
  });

  test('a time far from its message is not believed, and one before the wrap is', () => {
    expect(cue('onAdCue', { type: 'SpliceOut', id: '1', time: 5000 }, 1000)?.offset).toBe(0);
    expect(
      cue('onAdCue', { type: 'SpliceOut', id: '1', time: 2 ** 32 / 1000 + 1 }, 2 ** 32 - 1000)?.offset,
    ).toBe(2000);
  });
});

describe('onCuePoint', () => {
  test('P10: as AWS Elemental writes it begins a break', () => {
    const parameters = new EcmaArray(Object.entries({ id: '7', duration: '15.5' }));
    expect(cue('onCuePoint', { name: 'scte35', time: 0, type: 'event', parameters })).toMatchObject({
      type: 'splice',
      role: 'out',
      event: '7',
      duration: 15.5,
    });
  });

  test('P10: by the convention of YouTube begins and ends one, announced ahead', () => {
    const point = {
      type: 'com.youtube.cuepoint',
      version: '0.1',
      splice_event_id: 0,
      pre_roll_time_sec: 2.56,
    };
    expect(cue('onCuePoint', { ...point, cue_point_start: true, break_duration_sec: 30 })).toMatchObject({
      role: 'out',
      event: '0',
      duration: 30,
      offset: 2560,
    });
    expect(cue('onCuePoint', { ...point, cue_point_start: false })).toMatchObject({ role: 'in', event: '0' });
  });

  test('of an application keeps its plain values', () => {
    const parameters = object({ colour: 'red', nested: object({ a: 1 }), on: true });
    const parsed = cue('onCuePoint', { name: 'goal', type: 'event', time: 3, parameters }, 3000);
    expect(parsed).toMatchObject({ type: 'data', role: 'point', offset: 0 });
    expect(Object.fromEntries(parsed?.values ?? [])).toEqual({
      colour: 'red',
      on: 'true',
      name: 'goal',
      type: 'event',
      handler: 'onCuePoint',
    });
  });
});

describe('other data messages', () => {
  test('onTextData is text, as ffmpeg writes subtitles; without any it is nothing', () => {
    const parsed = cue('onTextData', { type: 'Text', text: 'Hello "world"\nsecond line' });
    expect(parsed).toMatchObject({ type: 'text', role: 'point', duration: undefined });
    expect([...(parsed?.values ?? [])]).toEqual([['text', 'Hello "world"\nsecond line']]);
    expect(cue('onTextData', { type: 'Text', text: ' ' })).toBeUndefined();
    expect(parseCue({ name: 'onTextData', value: 'plain' }, 0)?.values.get('text')).toBe('plain');
  });

  test('a handler of an application is data, by its name', () => {
    expect(cue('onScore', { home: 2, away: 1 })?.values).toEqual(
      new Map([
        ['home', '2'],
        ['away', '1'],
        ['handler', 'onScore'],
      ]),
    );
    expect(parseCue({ name: 'onUserDataEvent', value: '<EventStream/>' }, 0)?.values.get('value')).toBe(
      '<EventStream/>',
    );
  });

  test('what comes with every picture, or says nothing, is no cue', () => {
    for (const name of [
      'onFI',
      'onMetaData',
      'onCaptionInfo',
      'onCaption',
      'onXMPData',
      '|RtmpSampleAccess',
      'on',
      '',
    ])
      expect(cue(name, { sd: '22-11-2026', text: 'x' })).toBeUndefined();
    expect(cue('onScore', {})).toBeUndefined();
    expect(parseCue({ name: 'onScore', value: undefined }, 0)).toBeUndefined();
  });
});

test('whatever an encoder sends, what is kept of it is bounded', () => {
  const plain = fc.oneof(fc.string({ maxLength: 2000 }), fc.double(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(plain, fc.dictionary(fc.string(), plain, { maxKeys: 40 }).map(object));
  fc.assert(
    fc.property(
      fc.constantFrom('onAdCue', 'onCuePoint', 'onTextData', 'onAnything'),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('cue', 'time', 'id', 'duration', 'parameters')),
        value,
      ),
      fc.nat(2 ** 32 - 1),
      (name, properties, timestamp) => {
        const parsed = cue(name, properties, timestamp);
        if (parsed === undefined) return;
        expect(parsed.values.size).toBeLessThanOrEqual(MAX_CUE_VALUES);
        for (const text of parsed.values.values()) expect(text.length).toBeLessThanOrEqual(MAX_CUE_TEXT);
        expect(parsed.duration ?? 1).toBeGreaterThan(0);
        expect(parsed.duration ?? 1).toBeLessThanOrEqual(86_400);
        expect(Math.abs(parsed.offset)).toBeLessThanOrEqual(120_000);
        expect(Number.isInteger(parsed.offset)).toBe(true);
      },
    ),
  );
});

test('a session hands a cue on with the time of its message', () => {
  const peer = new ScriptedPeer();
  peer.publish();
  const message = encodeAmf0('@setDataFrame', 'onTextData', object({ text: 'hello' }));
  peer.sendRaw(MessageType.DataAmf0, message, { timestamp: 1234 });
  expect(peer.results.at(-1)).toMatchObject({ type: 'cue', timestamp: 1234, cue: { type: 'text' } });
});
