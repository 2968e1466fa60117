import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkPort, reportOf, type Findings } from '../src/doctor.js';

const WELL: Findings = {
  node: 'v20.20.2',
  platform: 'linux x64',
  capabilities: {
    addon: { ok: true, libavcodec: '59.37.100' },
    beamcoder: { ok: true, libav: '5.1' },
    encoders: [
      { name: 'libx264', codec: 'avc', ok: true, reason: undefined },
      { name: 'h264_nvenc', codec: 'avc', ok: false, reason: 'no NVIDIA driver' },
      { name: 'aac', codec: 'aac', ok: true, reason: undefined },
    ],
  },
  ports: [{ purpose: 'RTMP', host: '0.0.0.0', port: 1935, fault: undefined }],
};

describe('the report of doctor', () => {
  it('is good when all works that is needed, hardware or not', () => {
    const { text, exitCode } = reportOf(WELL);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/ok {2}libx264 +works/);
    expect(text).toMatch(/-- {2}h264_nvenc +no NVIDIA driver/);
    expect(text).toMatch(/ok {2}RTMP +0\.0\.0\.0:1935 is free/);
    expect(text).toMatch(/All is well\.\n$/);
  });

  it('says what each missing thing means', () => {
    const { text, exitCode } = reportOf({
      ...WELL,
      capabilities: {
        addon: { ok: false, reason: 'not built' },
        beamcoder: { ok: true, libav: '5.1' },
        encoders: WELL.capabilities.encoders.map((encoder) => ({ ...encoder, ok: false, reason: 'broken' })),
      },
      ports: [{ purpose: 'HTTP', host: '0.0.0.0', port: 8080, fault: 'is taken' }],
    });
    expect(exitCode).toBe(1);
    for (const line of [
      'not built',
      'source rendition only',
      'No H.264 encoder works',
      'cannot open 0.0.0.0:8080',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('All is well');
  });
});

describe('the port check', () => {
  it('tells a free port from a taken one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await checkPort('HTTP', { host: '127.0.0.1', port })).toMatchObject({ fault: 'is taken' });
    server.close();
    await once(server, 'close');
    expect(await checkPort('HTTP', { host: '127.0.0.1', port })).toMatchObject({ fault: undefined });
  });
});
