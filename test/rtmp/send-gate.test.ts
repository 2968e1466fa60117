import { describe, expect, it } from 'vitest';
import { MAX_QUEUED_BYTES, RESUME_QUEUED_BYTES, SendGate } from '../../src/rtmp/send-gate.js';

const FULL = MAX_QUEUED_BYTES + 1;

describe('the gate before a slow server', () => {
  it('lets everything through while the queue is short', () => {
    const gate = new SendGate();
    for (const kind of ['config', 'keyframe', 'inter', 'audio'] as const) {
      expect(gate.admits(kind, MAX_QUEUED_BYTES)).toBe(true);
    }
  });

  it('drops pictures from a full queue on, up to a keyframe that finds it nearly empty', () => {
    const gate = new SendGate();
    expect(gate.admits('inter', FULL)).toBe(false);
    expect(gate.admits('inter', 0)).toBe(false);
    expect(gate.admits('keyframe', RESUME_QUEUED_BYTES + 1)).toBe(false);
    expect(gate.admits('inter', 0)).toBe(false);
    expect(gate.admits('keyframe', RESUME_QUEUED_BYTES)).toBe(true);
    expect(gate.admits('inter', RESUME_QUEUED_BYTES)).toBe(true);
  });

  it('keeps sound going while pictures are dropped, unless the queue is full', () => {
    const gate = new SendGate();
    expect(gate.admits('keyframe', FULL)).toBe(false);
    expect(gate.admits('audio', FULL)).toBe(false);
    expect(gate.admits('audio', MAX_QUEUED_BYTES)).toBe(true);
  });

  it('lets what was sent to begin with wait beside the rest, and forgets about it as it is taken', () => {
    const gate = new SendGate();
    gate.allow(FULL);
    expect(gate.admits('inter', FULL)).toBe(true);
    expect(gate.admits('inter', MAX_QUEUED_BYTES + FULL)).toBe(true);
    expect(gate.admits('audio', MAX_QUEUED_BYTES + FULL + 1)).toBe(false);
    expect(gate.admits('audio', 0)).toBe(true);
    expect(gate.admits('audio', FULL)).toBe(false);
  });

  it('never drops a configuration', () => {
    expect(new SendGate().admits('config', 10 * FULL)).toBe(true);
  });
});
