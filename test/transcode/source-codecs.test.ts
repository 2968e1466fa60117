import { beforeAll, describe, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { createTranscoder } from '../../src/transcode/native-transcoder.js';
import { createThumbnailer } from '../../src/transcode/thumbnails.js';
import type { RungSpec } from '../../src/transcode/transcoder.js';
import { makeSource, type EncodedSource } from './encoded-source.js';
import { decodeWithFfprobe } from './h264-source.js';
import { Recorder, transcode } from './run-transcoder.js';

const RUNGS: RungSpec[] = [
  { name: '120p', width: 214, height: 120, videoBitrate: 200_000 },
  { name: '90p', width: 160, height: 90, videoBitrate: 100_000 },
];

const times = (units: readonly AccessUnit[]): number[] => units.map((unit) => unit.pts);
const keyframes = (units: readonly AccessUnit[]): number[] => times(units.filter((unit) => unit.keyframe));

/** Every rung is H.264 with every frame of the source, in rising times, its IDR pictures at the source's keyframes. */
async function expectFaithful(source: EncodedSource): Promise<void> {
  const shown = source.units.toSorted((a, b) => a.pts - b.pts);
  expect(shown).toHaveLength(30);
  expect(keyframes(shown)).toHaveLength(2);
  const { recorder, stats } = await transcode({ source: source.track, rungs: RUNGS }, source.units);
  expect(recorder.errors).toEqual([]);
  expect(stats).toMatchObject({ unitsDropped: 0, decodeErrors: 0 });
  for (const { tracks, units } of recorder.rungs) {
    expect(tracks).toMatchObject([{ codec: 'avc' }]);
    expect(times(units)).toEqual(times(shown));
    expect(units.map((unit) => unit.arrival)).toEqual(shown.map((unit) => unit.arrival));
    expect(keyframes(units)).toEqual(keyframes(shown));
  }
  const { tracks, units } = recorder.rung(0);
  const frames = await decodeWithFfprobe(tracks[0]!, units);
  expect(frames).toHaveLength(30);
  for (const frame of frames) expect(frame).toMatchObject({ width: 214, height: 120, pix_fmt: 'yuv420p' });
  expect(frames.flatMap((frame, at) => (frame.key_frame === 1 ? [at] : []))).toEqual([0, 15]);
}

describe.each(['hevc', 'av1', 'vp9'] as const)('a source in %s', (codec) => {
  let source: EncodedSource;
  beforeAll(async () => {
    source = await makeSource(codec);
  });

  test('comes out whole in every rung, with keyframes exactly where the source has them', async () => {
    await expectFaithful(source);
  });

  test('gives a thumbnail of its keyframe', async () => {
    const jpeg = await createThumbnailer(source.track)?.render(source.units[0]!, 160);
    expect(jpeg?.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  });

  test('resumes at the next keyframe after bytes that are none of its own', async () => {
    const noise = source.units.map((unit, i) =>
      i > 3 && i < 15 ? { ...unit, data: Buffer.from(unit.data).fill(0x5a) } : unit,
    );
    const { recorder } = await transcode({ source: source.track, rungs: RUNGS }, noise);
    expect(recorder.errors).toEqual([]);
    const shown = source.units.toSorted((a, b) => a.pts - b.pts);
    expect(times(recorder.rung(0).units).slice(-15)).toEqual(times(shown).slice(-15));
  });
});

test('HEVC with B-frames comes out in presentation order, complete', async () => {
  const params = 'log-level=error:pools=1:keyint=15:min-keyint=15:scenecut=0:open-gop=0:bframes=3:b-adapt=0';
  const source = await makeSource('hevc', ['-x265-params', params]);
  expect(times(source.units)).not.toEqual(times(source.units).toSorted((a, b) => a - b));
  await expectFaithful(source);
});

test('HEVC with 10 bits becomes H.264 with 8', async () => {
  await expectFaithful(await makeSource('hevc', ['-pix_fmt', 'yuv420p10le']));
});

test('AV1 with pictures that are only referred to shows each frame once', async () => {
  const lag = ['-usage', 'good', '-cpu-used', '8', '-lag-in-frames', '12'];
  await expectFaithful(await makeSource('av1', lag));
});

test('VP9 with pictures that are only referred to shows each frame once', async () => {
  const source = await makeSource('vp9', ['-auto-alt-ref', '1', '-lag-in-frames', '25']);
  // A superframe ends in its index, whose first and last byte are the same marker (VP9 bitstream, annex B).
  expect(source.units.some(({ data }) => (data.at(-1)! & 0xe0) === 0xc0)).toBe(true);
  await expectFaithful(source);
});

test('a record that is none is a coded error', async () => {
  const { track } = await makeSource('hevc');
  const source = { ...track, decoderConfig: track.decoderConfig.subarray(0, 20) };
  expect(() => createTranscoder({ source, rungs: RUNGS }, new Recorder(2))).toThrow(
    expect.objectContaining({ code: 'TRANSCODE_FAILED' }),
  );
});
