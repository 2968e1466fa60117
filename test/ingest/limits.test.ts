import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { configSchema } from '../../src/config-schema.js';
import { configuredLimits, DEFAULT_LIMITS } from '../../src/ingest/limits.js';

const SIZES = [
  'outputBytes',
  'videoMessage',
  'audioMessage',
  'commandMessage',
  'dataMessage',
  'partialBytes',
];

/** Every limit that can be configured, with its default as it is written in a configuration. */
function defaults(): [string, string][] {
  const { rtmp, ...own } = DEFAULT_LIMITS;
  const all = new Map(Object.entries({ ...own, ...rtmp }));
  const schema = configSchema.shape.rtmp.unwrap().shape.limits.unwrap();
  return Object.keys(schema.shape).map((name) => {
    const value = all.get(name) ?? Number.NaN;
    if (name.endsWith('Timeout')) return [name, String(value / 1000)];
    if (name === 'maxBitrate') return [name, `${String(value / 1e6)}M`];
    if (!SIZES.includes(name)) return [name, String(value)];
    return [name, value % 2 ** 20 === 0 ? `${String(value / 2 ** 20)}M` : `${String(value / 1024)}k`];
  });
}

test('nothing configured leaves the defaults', () => {
  expect(configuredLimits({})).toEqual(DEFAULT_LIMITS);
});

test('every limit that can be configured is one, in the unit that it is configured in', () => {
  for (const [name, value] of defaults()) {
    const { rtmp } = configSchema.parse({ rtmp: { limits: { [name]: Number(value) || value } } });
    expect(configuredLimits(rtmp.limits), name).toEqual(DEFAULT_LIMITS);
  }
  const changed = configuredLimits({ mediaTimeout: 0.5, publishers: 3, videoMessage: 2048 });
  expect(changed).toMatchObject({ mediaTimeout: 500, publishers: 3, rtmp: { videoMessage: 2048 } });
  expect(changed.rtmp.audioMessage).toBe(DEFAULT_LIMITS.rtmp.audioMessage);
});

test('the documentation lists every limit with its default', () => {
  const text = readFileSync(new URL('../../docs/rtmp.md', import.meta.url), 'utf8').replace(/ +/g, ' ');
  for (const [name, value] of defaults()) expect(text).toContain(`| \`${name}\` | ${value} |`);
});
