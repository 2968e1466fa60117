import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAudioSpecificConfig } from '../../src/media/aac-config.js';
import { parseAvcConfig } from '../../src/media/avc-config.js';
import { inspectAccessUnit } from '../../src/media/nal.js';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { readClock } from '../../src/publish/machine-clock.js';
import {
  SyntheticAudioEncoder,
  SyntheticVideoEncoder,
  createNativePicture,
  type AudioUnit,
  type VideoUnit,
} from '../../src/publish/synthetic-encoder.js';
import { TestPicture } from '../../src/publish/test-picture.js';
import { fillTone } from '../../src/publish/tone.js';
import { loadBeamcoder, type Beamcoder } from '../../src/transcode/beamcoder.js';
import { ffmpeg, scratch } from './ffmpeg.js';
import { flvFile } from './recording-server.js';

const START = Date.UTC(2026, 6, 1, 12, 0, 0, 300);
const FORMAT = { width: 640, height: 360, frameRate: { num: 30, den: 1 }, videoBitrate: 800_000 };

let beamcoder: Beamcoder;
let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  const loaded = loadBeamcoder();
  if (loaded === undefined) throw new Error('beamcoder is not installed');
  beamcoder = loaded;
  files = await scratch();
});
afterAll(() => files.remove());

async function encodeVideo(frames: number, keyframes: readonly number[]) {
  const picture = createNativePicture(beamcoder, FORMAT.width, FORMAT.height);
  const source = new TestPicture(picture, { frameRate: 30, utcOffset: 0 });
  const encoder = new SyntheticVideoEncoder(beamcoder, FORMAT);
  const units: VideoUnit[] = [];
  for (let i = 0; i < frames; i++) {
    source.draw(START + Math.round((i * 1000) / 30), i);
    units.push(...(await encoder.encode(picture, i * 3000, keyframes.includes(i))));
  }
  return { units, config: encoder.config };
}

async function encodeAudio(frames: number): Promise<{ units: AudioUnit[]; config: Buffer }> {
  const encoder = new SyntheticAudioEncoder(beamcoder);
  const units: AudioUnit[] = [];
  for (let i = 0; i < frames; i++) {
    units.push(...(await encoder.encode(i * 1024, (samples) => fillTone(samples, i * 1024, START))));
  }
  return { units, config: encoder.config };
}

describe('the synthetic video encoder', () => {
  it('gives one unit for each picture, at its time, and keyframes only where they are asked for', async () => {
    const { units, config } = await encodeVideo(20, [0, 12]);
    expect(units.map(({ pts }) => pts)).toEqual(Array.from({ length: 20 }, (_, i) => i * 3000));
    expect(units.every(({ pts, dts }) => pts === dts)).toBe(true);
    expect(units.flatMap(({ keyframe }, i) => (keyframe ? [i] : []))).toEqual([0, 12]);
    for (const { data, keyframe } of units) expect(inspectAccessUnit(data, 4)?.idr).toBe(keyframe);
    expect(parseAvcConfig(config!)).toMatchObject({ width: 640, height: 360, nalLengthSize: 4 });
  });

  it('encodes the picture as it is at that time: every clock reads back', async () => {
    const { units, config } = await encodeVideo(15, [0]);
    const messages = units.map((unit) => ({
      type: 'video' as const,
      timestamp: Math.round(unit.pts / 90),
      body: avcNalus({ ...unit, compositionTime: 0 }),
    }));
    const file = files.path('video.flv');
    await writeFile(
      file,
      flvFile([{ type: 'video', timestamp: 0, body: avcSequenceHeader(config!) }, ...messages]),
    );
    const luma = await ffmpeg('-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', '-');
    const size = 640 * 360;
    const read = units.map((_, i) => readClock(luma.subarray(i * size, (i + 1) * size), 640, 360));
    expect(read).toEqual(units.map((_, i) => START + Math.round((i * 1000) / 30)));
  });
});

describe('the synthetic audio encoder', () => {
  it('gives AAC-LC in stereo at 48 kHz, numbered from sample 0 on without its priming', async () => {
    const { units, config } = await encodeAudio(12);
    expect(parseAudioSpecificConfig(config)).toMatchObject({
      codecString: 'mp4a.40.2',
      sampleRate: 48_000,
      channels: 2,
    });
    expect(units.map(({ pts }) => pts)).toEqual(Array.from({ length: 10 }, (_, i) => i * 1024));
    expect(units.every(({ data }) => data.length > 0)).toBe(true);
  });

  it('puts the beep where the timestamps say it is', async () => {
    const { units, config } = await encodeAudio(60);
    const messages = units.map(({ pts, data }) => ({
      type: 'audio' as const,
      timestamp: Math.round(pts / 48),
      body: aacRaw(data),
    }));
    const file = files.path('audio.flv');
    await writeFile(
      file,
      flvFile([{ type: 'audio', timestamp: 0, body: aacSequenceHeader(config) }, ...messages]),
    );
    const pcm = await ffmpeg('-i', file, '-f', 'f32le', '-ac', '1', '-');
    const samples = new Float32Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 4));
    const beep = samples.findIndex((sample) => Math.abs(sample) > 0.06);
    // The clock starts at .300, so the next full second is 700 ms in.
    expect(Math.abs(beep / 48 - 700)).toBeLessThan(5);
  });

  it('refuses samples that are not numbers, at which the binding would hang', async () => {
    const encoder = new SyntheticAudioEncoder(beamcoder);
    await expect(encoder.encode(0, (samples) => samples.fill(Number.NaN))).rejects.toMatchObject({
      code: 'MEDIA_BAD_UNIT',
    });
  });
});
