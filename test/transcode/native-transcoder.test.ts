import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { createTranscoder } from '../../src/transcode/native-transcoder.js';
import type { RungSpec } from '../../src/transcode/transcoder.js';
import { decodeWithFfprobe, makeH264, splitUnit, type H264Source } from './h264-source.js';
import { NEVER_LATE, Recorder, transcode } from './run-transcoder.js';
import { withoutVui } from './strip-vui.js';

const RUNGS: RungSpec[] = [
  { name: '120p', width: 214, height: 120, videoBitrate: 200_000 },
  { name: '90p', width: 160, height: 90, videoBitrate: 100_000 },
];
const SHAPE = { size: '320x180', frameRate: { num: 30, den: 1 }, seconds: 3 };
const ZERO_LATENCY = ['-tune', 'zerolatency'];

let plain: H264Source;
let reordered: H264Source;

beforeAll(async () => {
  plain = await makeH264({ ...SHAPE, encode: ZERO_LATENCY });
  reordered = await makeH264({ ...SHAPE, encode: ['-bf', '3', '-b_strategy', '0'] });
});

const presentationOrder = (units: readonly AccessUnit[]): AccessUnit[] =>
  [...units].sort((a, b) => a.pts - b.pts);
const times = (units: readonly AccessUnit[]): number[] => units.map((unit) => unit.pts);
const keyframes = (units: readonly AccessUnit[]): number[] =>
  units.filter((unit) => unit.keyframe).map((unit) => unit.pts);

async function expectFaithful(source: H264Source): Promise<void> {
  const { recorder, stats } = await transcode({ source: source.track, rungs: RUNGS }, source.units);
  expect(recorder.errors).toEqual([]);
  const expected = presentationOrder(source.units);
  for (const [index, { tracks, units }] of recorder.rungs.entries()) {
    expect(tracks).toHaveLength(1);
    expect(times(units)).toEqual(times(expected));
    expect(units.map((unit) => unit.dts)).toEqual(times(expected));
    expect(units.map((unit) => unit.arrival)).toEqual(expected.map((unit) => unit.arrival));
    expect(units.map((unit) => unit.duration)).toEqual(expected.map((unit) => unit.duration));
    expect(keyframes(units)).toEqual(keyframes(expected));
    expect(stats.rungs[index]).toMatchObject({
      framesIn: units.length,
      framesOut: units.length,
      framesDropped: 0,
      bytesOut: units.reduce((sum, unit) => sum + unit.data.length, 0),
      queueLength: 0,
    });
  }
  expect(stats).toMatchObject({ unitsIn: source.units.length, unitsDropped: 0, decodeErrors: 0 });
}

describe('what comes out', () => {
  test('every rung has every frame, at its presentation time, with keyframes exactly where the source has them', async () => {
    expect(keyframes(plain.units)).toHaveLength(3);
    await expectFaithful(plain);
  });

  test('a source with B-frames comes out in presentation order, complete', async () => {
    expect(times(reordered.units)).not.toEqual(times(presentationOrder(reordered.units)));
    await expectFaithful(reordered);
  });

  test('a source with B-frames that does not announce its reordering loses none of them either', async () => {
    const silent = withoutVui(reordered);
    expect(silent.track.decoderConfig.length).toBeLessThan(reordered.track.decoderConfig.length);
    await expectFaithful(silent);
  });

  test('an independent decoder finds the frames, the size and the keyframes that were promised', async () => {
    const { recorder } = await transcode({ source: plain.track, rungs: RUNGS }, plain.units);
    for (const [index, { tracks, units }] of recorder.rungs.entries()) {
      const [track] = tracks;
      if (track === undefined) throw new Error('no track');
      const spec = RUNGS[index];
      expect(track).toMatchObject({ width: spec?.width, height: spec?.height, frameRate: SHAPE.frameRate });
      expect([track.displayWidth, track.displayHeight]).toEqual([spec?.width, spec?.height]);
      expect(track.codecString).toMatch(/^avc1\.6400[0-9a-f]{2}$/);

      const frames = await decodeWithFfprobe(track, units);
      expect(frames).toHaveLength(units.length);
      for (const frame of frames) {
        expect(frame).toMatchObject({ width: spec?.width, height: spec?.height, pix_fmt: 'yuv420p' });
        expect(frame.pict_type).not.toBe('B');
      }
      expect(frames.flatMap((frame, at) => (frame.key_frame === 1 ? [at] : []))).toEqual([0, 30, 60]);
    }
  });

  test('units hold slices only: parameter sets are in the record, the encoder does not advertise itself', async () => {
    const { recorder } = await transcode({ source: plain.track, rungs: RUNGS }, plain.units);
    for (const unit of recorder.rung(0).units) {
      const types = splitUnit(unit.data).map((nal) => nal.readUInt8(0) & 0x1f);
      expect(new Set(types)).toEqual(new Set([unit.keyframe ? 5 : 1]));
    }
  });

  test('4:2:2 with 10 bits becomes 4:2:0 with 8, its colours stated as in the source', async () => {
    const source = await makeH264({
      ...SHAPE,
      seconds: 1,
      filter: 'format=yuv422p10le',
      encode: [...ZERO_LATENCY, '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    });
    const { recorder } = await transcode({ source: source.track, rungs: RUNGS }, source.units);
    const { tracks, units } = recorder.rung(0);
    const frames = await decodeWithFfprobe(tracks[0] ?? source.track, units);
    expect(frames).toHaveLength(30);
    expect(frames[0]).toMatchObject({ pix_fmt: 'yuv420p', color_space: 'bt709', color_range: 'tv' });
  });

  test('units large enough to be handed over instead of copied are whole', async () => {
    const source = await makeH264({
      ...SHAPE,
      size: '1280x720',
      filter: 'noise=alls=100:allf=t',
      seconds: 0.2,
    });
    const rungs = [{ name: 'big', width: 640, height: 360, videoBitrate: 60_000_000 }];
    const { recorder } = await transcode({ source: source.track, rungs, preset: 'ultrafast' }, source.units);
    const { tracks, units } = recorder.rung(0);
    expect(Math.max(...units.map((unit) => unit.data.length))).toBeGreaterThan(60_000);
    expect(await decodeWithFfprobe(tracks[0] ?? source.track, units)).toHaveLength(6);
  });
});

describe('what goes wrong', () => {
  test('an empty unit is dropped and the rest is complete', async () => {
    const [first, ...rest] = plain.units.slice(0, 10);
    if (first === undefined) throw new Error('no source');
    const empty = { ...first, pts: 1, dts: 1, keyframe: false, data: Buffer.alloc(0) };
    const { recorder, stats } = await transcode({ source: plain.track, rungs: RUNGS }, [
      first,
      empty,
      ...rest,
    ]);
    expect(recorder.rung(0).units).toHaveLength(10);
    expect(stats.unitsDropped).toBe(1);
  });

  test('lengths that do not add up drop the rest of the group, alike in every rung', async () => {
    const units = plain.units.map((unit, index) =>
      index === 10 ? { ...unit, data: unit.data.subarray(0, unit.data.length - 3) } : unit,
    );
    const { recorder, stats } = await transcode({ source: plain.track, rungs: RUNGS }, units);
    const expected = times(plain.units.filter((_, index) => index < 10 || index >= 30));
    expect(recorder.rungs.map((rung) => times(rung.units))).toEqual([expected, expected]);
    expect(stats.unitsDropped).toBe(20);
  });

  test('no bytes whatever end it: after the next keyframe everything is there again', async () => {
    const damage = fc.record({
      unit: fc.nat(29),
      at: fc.nat(5000),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 8 }), async (damages) => {
        const units = plain.units.slice(0, 60).map((unit) => ({ ...unit, data: Buffer.from(unit.data) }));
        for (const { unit, at, bytes } of damages) {
          const data = units[unit]?.data;
          if (data !== undefined)
            data.set(bytes.subarray(0, data.length), at % Math.max(1, data.length - 40));
        }
        const { recorder } = await transcode(
          { source: plain.track, rungs: RUNGS, preset: 'ultrafast' },
          units,
        );
        expect(recorder.errors).toEqual([]);
        expect(recorder.ends).toBe(1);
        for (const rung of recorder.rungs) {
          expect(times(rung.units).slice(-30)).toEqual(times(plain.units.slice(30, 60)));
        }
      }),
      { numRuns: 15 },
    );
  });

  test('a record that is none is refused with a coded error', () => {
    const source = { ...plain.track, decoderConfig: Buffer.from([1, 2, 3]) };
    expect(() => createTranscoder({ source, rungs: RUNGS }, new Recorder(2))).toThrow(
      expect.objectContaining({ code: 'TRANSCODE_FAILED' }),
    );
  });

  test.each([
    ['no rung', []],
    ['an odd width', [{ name: 'x', width: 161, height: 90, videoBitrate: 100_000 }]],
    ['no height', [{ name: 'x', width: 160, height: 0, videoBitrate: 100_000 }]],
    ['a fractional bit rate', [{ name: 'x', width: 160, height: 90, videoBitrate: 100_000.5 }]],
  ])('%s is refused with a coded error', (_, rungs) => {
    expect(() => createTranscoder({ source: plain.track, rungs }, new Recorder(1))).toThrow(
      expect.objectContaining({ code: 'TRANSCODE_FAILED' }),
    );
  });

  test('an encoder that cannot open is one error, then the end, and the reason is named', async () => {
    const options = { source: plain.track, rungs: RUNGS, preset: 'nonsense' };
    const { recorder, transcoder } = await transcode(options, plain.units);
    expect(recorder.errors).toHaveLength(1);
    expect(recorder.errors[0]).toMatchObject({
      code: 'TRANSCODE_FAILED',
      message: expect.stringContaining('libx264'),
    });
    expect(recorder.ends).toBe(1);
    expect(transcoder.push(plain.units[0]!)).toBe(false);
  });
});

describe('overload', () => {
  test('a full queue refuses units up to the next keyframe, for all rungs alike', async () => {
    const recorder = new Recorder(2);
    const transcoder = createTranscoder({ source: plain.track, rungs: RUNGS, maxLag: NEVER_LATE }, recorder);
    const span = 90 * 3000;
    const accepted: number[] = [];
    // All in one turn, so that the queue of 256 units overflows whatever the decoder manages meanwhile.
    for (let round = 0; round < 40; round++) {
      for (const unit of plain.units) {
        const shifted = { ...unit, pts: unit.pts + round * span, dts: unit.dts + round * span };
        if (transcoder.push(shifted)) accepted.push(shifted.pts);
      }
    }
    transcoder.finish();
    await recorder.ended;

    const { unitsIn, unitsDropped } = transcoder.stats();
    expect(unitsIn).toBe(3600);
    expect(unitsDropped).toBe(3600 - accepted.length);
    expect(accepted.length).toBeLessThan(3600);
    expect(recorder.rungs.map((rung) => times(rung.units))).toEqual([accepted, accepted]);
    // What follows a gap is a keyframe.
    for (const [index, pts] of accepted.entries()) {
      if (index > 0 && pts !== (accepted[index - 1] ?? 0) + 3000) expect(pts % (30 * 3000)).toBe(0);
    }
  });

  test('pictures that are late are skipped and counted, keyframes are not, and rungs stay aligned', async () => {
    const options = { source: plain.track, rungs: RUNGS, maxLag: 1, preset: 'slow' };
    const { recorder, stats } = await transcode(options, plain.units.slice(0, 90));
    for (const [index, rung] of recorder.rungs.entries()) {
      const { framesIn, framesOut, framesDropped } = stats.rungs[index] ?? { framesIn: 0 };
      expect(framesOut).toBe(rung.units.length);
      expect((framesOut ?? 0) + (framesDropped ?? 0)).toBe(framesIn);
    }
    expect(keyframes(recorder.rung(0).units)).toEqual(keyframes(recorder.rung(1).units));
  });
});

describe('the end', () => {
  test('finishing at once gives the end and nothing else, once', async () => {
    const { recorder, transcoder } = await transcode({ source: plain.track, rungs: RUNGS }, []);
    transcoder.finish();
    transcoder.close();
    expect(recorder.rungs).toEqual([
      { tracks: [], units: [] },
      { tracks: [], units: [] },
    ]);
    expect(recorder.ends).toBe(1);
  });

  test('nothing is called after close, and closing again is nothing', async () => {
    const closed = new Recorder(2);
    const transcoder = createTranscoder({ source: plain.track, rungs: RUNGS }, closed);
    for (const unit of plain.units) transcoder.push(unit);
    transcoder.close();
    transcoder.close();
    expect(transcoder.push(plain.units[0]!)).toBe(false);
    transcoder.finish();
    // Another one runs from start to end: the first had every chance to speak.
    await transcode({ source: plain.track, rungs: RUNGS }, plain.units);
    expect(closed.rungs.every((rung) => rung.units.length === 0)).toBe(true);
    expect(closed.ends).toBe(0);
    expect(transcoder.stats().unitsIn).toBe(plain.units.length);
  });

  test('closing inside a callback ends the batch there', async () => {
    let calls = 0;
    const closing = new Promise<void>((resolve) => {
      const close = (): void => {
        calls += 1;
        transcoder.close();
        resolve();
      };
      const transcoder = createTranscoder(
        { source: plain.track, rungs: RUNGS },
        { onTrack: close, onUnits: close, onEnd: close, onError: close },
      );
      for (const unit of plain.units) transcoder.push(unit);
    });
    await closing;
    await transcode({ source: plain.track, rungs: RUNGS }, plain.units);
    expect(calls).toBe(1);
  });

  test('without the addon there is a coded error', () => {
    process.env['MILLRACE_NO_ADDON'] = '1';
    try {
      expect(() => createTranscoder({ source: plain.track, rungs: RUNGS }, new Recorder(2))).toThrow(
        expect.objectContaining({ code: 'TRANSCODE_UNAVAILABLE' }),
      );
    } finally {
      delete process.env['MILLRACE_NO_ADDON'];
    }
  });
});
