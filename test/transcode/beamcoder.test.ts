import { afterEach, describe, expect, it, vi } from 'vitest';
import { beamcoderFault, loadBeamcoder, packetBytes } from '../../src/transcode/beamcoder.js';

afterEach(() => vi.unstubAllEnvs());

describe('loading beamcoder', () => {
  it('gives the binding without a banner and without its crash handler', () => {
    const log = vi.spyOn(console, 'log');
    const beamcoder = loadBeamcoder();
    expect(beamcoder?.avVersionInfo()).toMatch(/\d/);
    expect(beamcoderFault()).toBeUndefined();
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('gives nothing and says why when native code is switched off', () => {
    vi.stubEnv('MILLRACE_NO_ADDON', '1');
    expect(loadBeamcoder()).toBeUndefined();
    expect(beamcoderFault()).toMatch(/MILLRACE_NO_ADDON/);
  });
});

describe('what the binding gives back', () => {
  it('loses its padding as bytes of a packet', () => {
    const packet = { pts: 0, dts: 0, size: 3, data: Buffer.from([1, 2, 3, 0, 0]), flags: { KEY: true } };
    expect(packetBytes(packet)).toEqual(Buffer.from([1, 2, 3]));
    expect(packetBytes({ ...packet, size: 0, data: null })).toHaveLength(0);
  });
});
