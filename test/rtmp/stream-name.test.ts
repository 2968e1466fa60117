import { describe, expect, test } from 'vitest';

import { isUsableName, MAX_NAME_LENGTH, normaliseStreamName } from '../../src/rtmp/stream-name.js';

const normalise = (app: string, name: string, tcUrl = 'rtmp://host/live') => {
  const result = normaliseStreamName({ app, name, tcUrl });
  return { ...result, params: Object.fromEntries(result.params) };
};

describe('Q7: application and stream key', () => {
  test.each([
    ['plain', 'live', 'key'],
    ['a trailing slash on the application', 'live/', 'key'],
    ['an instance', 'live/instance', 'key'],
    ['the default instance', 'live/_definst_', 'key'],
    ['a trailing slash on the key', 'live', 'key/'],
    ['a leading slash on the key', 'live', '/key'],
    ['the whole path in the name', 'live', 'live/key'],
    ['the whole path in the name and no application', '', 'live/key'],
    ['the key at the end of the application', 'live/key', ''],
    ['percent escapes', 'l%69ve', 'k%65y'],
    ['a container prefix', 'live', 'flv:key'],
    ['another container prefix', 'live', 'mp4:key'],
  ])('%s', (_, app, name) => {
    expect(normalise(app, name)).toEqual({ app: 'live', name: 'key', params: {} });
  });

  test('the application of the URL is used where connect names none', () => {
    expect(normalise('', 'key', 'rtmp://host:1935/live')).toMatchObject({ app: 'live', name: 'key' });
  });

  test.each([
    ['the name', 'live', 'key?token=abc&x=1', 'rtmp://host/live'],
    ['the application', 'live?token=abc&x=1', 'key', 'rtmp://host/live'],
    ['the URL', 'live', 'key', 'rtmp://host/live?token=abc&x=1'],
  ])('a query in %s gives the parameters', (_, app, name, tcUrl) => {
    expect(normalise(app, name, tcUrl)).toEqual({
      app: 'live',
      name: 'key',
      params: { token: 'abc', x: '1' },
    });
  });

  test('Q8: who asks for a challenge by user name is answered by the key alone; the name is a parameter', () => {
    expect(normalise('live?authmod=adobe&user=me', 'key')).toEqual({
      app: 'live',
      name: 'key',
      params: { authmod: 'adobe', user: 'me' },
    });
  });

  test('of several queries the one nearest to the key wins', () => {
    const { params } = normalise('live?a=app&b=app', 'key?a=name', 'rtmp://host/live?a=url&b=url&c=url');
    expect(params).toEqual({ a: 'name', b: 'app', c: 'url' });
  });

  test('a key with slashes of its own stays whole', () => {
    expect(normalise('live', 'team/red')).toMatchObject({ app: 'live', name: 'team/red' });
  });

  test('what is no valid escape stands for itself', () => {
    expect(normalise('live', '100%')).toMatchObject({ name: '100%' });
  });

  test('parameters are bounded in number', () => {
    const query = Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join('&');
    expect(Object.keys(normalise('live', `key?${query}`).params)).toHaveLength(16);
  });

  test('Q7: nothing empty, too long or with control characters is usable', () => {
    const params = new Map<string, string>();
    expect(isUsableName({ app: 'live', name: 'key', params })).toBe(true);
    expect(isUsableName({ app: '', name: 'key', params })).toBe(false);
    expect(isUsableName({ app: 'live', name: '', params })).toBe(false);
    expect(isUsableName({ app: 'live', name: 'k\u0000y', params })).toBe(false);
    expect(isUsableName({ app: 'live', name: 'k'.repeat(MAX_NAME_LENGTH), params })).toBe(true);
    expect(isUsableName({ app: 'live', name: 'k'.repeat(MAX_NAME_LENGTH + 1), params })).toBe(false);
  });
});
