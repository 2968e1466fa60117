import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, type Config } from '../src/config.js';
import { MillraceError } from '../src/errors.js';
import { resolveChannels } from '../src/stream-keys.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-config-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function load(yaml: string | undefined, env: Record<string, string> = {}): Config {
  const file = join(directory, 'millrace.yaml');
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig({ file: undefined, defaultFile: file, env });
}

function faultsOf(yaml: string, env: Record<string, string> = {}): string[] {
  try {
    load(yaml, env);
  } catch (fault) {
    if (fault instanceof MillraceError && fault.code === 'CONFIG_INVALID') {
      return fault.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    }
    throw fault;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(load(undefined)).toEqual({
      http: { host: '0.0.0.0', port: 8080 },
      rtmp: {
        host: '0.0.0.0',
        port: 1935,
        play: true,
        takeover: { policy: 'silent', silence: 2 },
        limits: {},
      },
      rtmps: { host: '0.0.0.0', port: 1936 },
      dataDir: './data',
      log: { level: 'info' },
      channels: [],
      hls: { partTarget: 0.2, segmentTarget: 2, window: 60 },
      reconnectGrace: 10,
      ladder: 'auto',
    });
  });

  it('reads the file as documented', () => {
    const config = load(`
http: { host: 0.0.0.0, port: 80 }
channels:
  - { name: live, streamKey: change-me }
ladder: [ { name: 480p, height: 480, videoBitrate: 1200k }, { name: 360p, height: 360, videoBitrate: 0.7M } ]
`);
    expect(config.channels).toEqual([{ name: 'live', streamKey: 'change-me', record: false, push: [] }]);
    expect(config.ladder).toEqual([
      { name: '480p', height: 480, videoBitrate: 1_200_000 },
      { name: '360p', height: 360, videoBitrate: 700_000 },
    ]);
  });

  it('takes where a channel is pushed to, as a bare URL or with the codecs that are taken there', () => {
    const config = load(`
channels:
  - name: live
    streamKey: change-me
    push: [ "rtmp://a/app/key?x=1", { url: "rtmps://b:1/app/instance/key", codecs: [hevc, opus] } ]
`);
    expect(config.channels[0]?.push).toEqual([
      { url: 'rtmp://a/app/key?x=1', codecs: [] },
      { url: 'rtmps://b:1/app/instance/key', codecs: ['hevc', 'opus'] },
    ]);
  });

  it.each([
    'http://a/app/hidden-key',
    'rtmp://a/hidden-key',
    'rtmp://a/app/hidden-key#1',
    'rtmp:a/b/hidden-key',
  ])('refuses to push to %s, and does not show it', (url) => {
    const push = JSON.stringify([url, { url, codecs: [] }]);
    const faults = faultsOf(`channels: [ { name: a, streamKey: abcd, push: ${push} } ]`);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(/^channels\.0\.push\.0: expected a URL such as/);
    expect(faults.join('\n')).not.toContain('hidden-key');
  });

  it('takes a certificate for RTMPS whole or not at all, by its files, and shows no private key', () => {
    const files = { cert: '/etc/x/fullchain.pem', key: '/etc/x/privkey.pem' };
    expect(load(`rtmps: ${JSON.stringify(files)}`).rtmps).toEqual({ host: '0.0.0.0', port: 1936, ...files });
    const env = { MILLRACE_RTMPS_CERT: files.cert, MILLRACE_RTMPS_KEY: files.key };
    expect(load('', env).rtmps).toMatchObject(files);
    expect(faultsOf('rtmps: { cert: a.pem }')).toEqual([
      expect.stringMatching(/^rtmps: expected cert and key, or neither/),
    ]);
    const pasted = JSON.stringify({ cert: 'a.pem', key: '-----BEGIN PRIVATE KEY-----\nMIIhidden' });
    expect(faultsOf(`rtmps: ${pasted}`)).toEqual([
      'rtmps.key: expected the path of a file, found another value (not shown)',
    ]);
  });

  it('takes limits for RTMP with units, and names what is out of bounds', () => {
    const { rtmp } = load('rtmp: { limits: { maxBitrate: 20M, videoMessage: 4M, mediaTimeout: 30 } }');
    expect(rtmp.limits).toEqual({ maxBitrate: 20_000_000, videoMessage: 4_194_304, mediaTimeout: 30 });
    const limits = '{ handshakeTimeout: 0, publishers: 1.5, dataMessage: 1G, chunkSize: 1 }';
    expect(faultsOf(`rtmp: { takeover: { policy: maybe }, limits: ${limits} }`)).toHaveLength(5);
  });

  it('takes each key from the environment, which wins', () => {
    const config = load('http: { port: 1 }\nhls: { window: 30 }', {
      MILLRACE_HTTP_PORT: '9000',
      MILLRACE_HLS_PART_TARGET: '0.5',
      MILLRACE_DATA_DIR: '/var/lib/x',
      MILLRACE_LADDER: 'off',
      MILLRACE_CHANNELS: '[{ name: a, streamKey: abcd }]',
      MILLRACE_SETUP: 'skip',
      OTHER: 'x',
    });
    expect(config.http).toEqual({ host: '0.0.0.0', port: 9000 });
    expect(config.hls).toEqual({ partTarget: 0.5, segmentTarget: 2, window: 30 });
    expect([config.dataDir, config.ladder, config.channels[0]?.name]).toEqual(['/var/lib/x', 'off', 'a']);
  });

  it('lists every fault at once, with the path, what was expected and what was found', () => {
    const faults = faultsOf(
      `
http: { port: 99999, prot: 1 }
hls: { partTarget: fast }
colour: blue
channels: [ { name: "a b", streamKey: abcd } ]
ladder: [ { name: source, height: 480, videoBitrate: 1200k } ]
`,
      { MILLRACE_HTPP_PORT: '1', MILLRACE_RECONNECT_GRACE: '-1' },
    );
    expect(faults).toHaveLength(8);
    expect(faults).toContain('http.port: expected at most 65535, found 99999');
    expect(faults).toContain('http.prot: expected a known key, found one that means nothing');
    expect(faults).toContain('colour: expected a known key, found one that means nothing');
    expect(faults).toContain('hls.partTarget: expected a value of type number, found "fast"');
    expect(faults).toContain('reconnectGrace: expected at least 0, found -1');
    expect(faults).toContain('MILLRACE_HTPP_PORT: expected a known variable, found one that means nothing');
    expect(faults.join('\n')).toMatch(/channels\.0\.name: expected letters.*found "a b"/);
    expect(faults.join('\n')).toMatch(
      /ladder\.0\.name: expected other than source, audio and audio-2, -3 \.\.\., found "source"/,
    );
  });

  it('never shows a stream key, not even a wrong one', () => {
    const faults = faultsOf(
      'channels: [ { name: a, streamKey: "sec ret" }, { name: b, streamKey: hidden-key, x: 1 } ]',
    );
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).not.toMatch(/sec ret|hidden-key/);
  });

  it('never shows a stream key of a file or variable that cannot be parsed', () => {
    const broken = 'channels:\n  - { name: live, streamKey: hidden-key\n';
    expect(() => load(broken)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hidden') as string }),
    );
    expect(() => load(broken)).toThrow(/line \d+, column \d+/);
    const faults = faultsOf('', { MILLRACE_CHANNELS: '[{ name: live, streamKey: hidden-key }' });
    expect(faults).toEqual(['channels: expected a value of type array, found another value (not shown)']);
  });

  it.each(['abc?def', '100%25', 'mp4:abcd', '/abcd', 'live/abcd', 'a b c', 'abc'])(
    'refuses stream key %s',
    (key) => {
      expect(faultsOf(`channels: [ { name: a, streamKey: "${key}" } ]`)).toHaveLength(1);
    },
  );

  it('refuses two channels with one key', () => {
    expect(faultsOf('channels: [ { name: a, streamKey: abcd }, { name: b, streamKey: abcd } ]')).toHaveLength(
      1,
    );
  });

  it('says what is wrong with a file that is not there or is no YAML', () => {
    const missing = { file: join(directory, 'none.yaml'), defaultFile: '', env: {} };
    expect(() => loadConfig(missing)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
    for (const text of ['a: [', '- 1', 'text']) {
      expect(() => load(text)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
    }
  });
});

describe('the channel that is made when none is configured', () => {
  it('keeps its random key in the data directory, for its owner only', () => {
    const [first] = resolveChannels([], directory);
    const [again] = resolveChannels([], directory);
    expect(first?.name).toBe('live');
    expect(first?.streamKey).toMatch(/^[\w-]{20}$/);
    expect(again).toEqual(first);
    expect(statSync(join(directory, 'channels.json')).mode & 0o777).toBe(0o600);
    expect(resolveChannels([], join(directory, 'other'))[0]?.streamKey).not.toBe(first?.streamKey);
  });
});
