import { afterEach, describe, expect, it, vi } from 'vitest';
import { probeCapabilities } from '../../src/transcode/capabilities.js';

afterEach(() => vi.unstubAllEnvs());

describe('probing', () => {
  it('tells of each encoder whether frames became packets, and of those that fail why', async () => {
    const { beamcoder, encoders } = await probeCapabilities();
    expect(beamcoder).toMatchObject({ ok: true, libav: expect.stringMatching(/\d/) as string });
    expect(encoders.map(({ name }) => name)).toEqual([
      'libx264',
      'h264_nvenc',
      'h264_qsv',
      'h264_vaapi',
      'aac',
    ]);
    for (const { ok, reason } of encoders) expect(ok).toBe(reason === undefined);
    const works = new Map(encoders.map(({ name, ok }) => [name, ok]));
    expect(works.get('libx264')).toBe(true);
    expect(works.get('aac')).toBe(true);
  });

  it('finds nothing, and says so, where native code is switched off', async () => {
    vi.stubEnv('MILLRACE_NO_ADDON', '1');
    const { addon, beamcoder, encoders } = await probeCapabilities();
    expect(addon).toMatchObject({
      ok: false,
      reason: expect.stringContaining('MILLRACE_NO_ADDON') as string,
    });
    expect(beamcoder).toMatchObject({
      ok: false,
      reason: expect.stringContaining('MILLRACE_NO_ADDON') as string,
    });
    expect(encoders).toEqual([]);
  });
});
