import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { describeVideoTrack } from '../../src/media/describe-track.js';
import type { VideoTrack } from '../../src/media/track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import { readFlv } from '../../src/rtmp/flv-file.js';
import { parseVideoTag } from '../../src/rtmp/flv-tag.js';
import { createThumbnailer, type Thumbnailer } from '../../src/transcode/thumbnails.js';
import { ffmpeg, ffprobe, scratch } from '../publish/ffmpeg.js';

interface Clip {
  readonly track: VideoTrack;
  readonly keyframes: readonly AccessUnit[];
}

let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  files = await scratch();
});
afterAll(() => files.remove());

/** Encodes a lavfi source to H.264 in FLV and takes out its track and keyframes. */
async function encode(source: string, ...options: string[]): Promise<Clip> {
  const file = files.path('clip.flv');
  await ffmpeg(
    '-f',
    'lavfi',
    '-i',
    source,
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-g',
    '5',
    ...options,
    file,
  );
  let track: VideoTrack | undefined;
  const keyframes: AccessUnit[] = [];
  for (const { type, body } of readFlv(await readFile(file))) {
    if (type !== 'video') continue;
    const [tag] = parseVideoTag(body);
    if (tag?.type === 'config')
      track = describeVideoTrack(parseVideoConfig('avc', tag.record), { frameRate: { num: 25, den: 1 } });
    if (tag?.type === 'frame' && tag.keyframe) {
      keyframes.push({ dts: 0, pts: 0, duration: 3600, keyframe: true, data: tag.data, arrival: 0 });
    }
  }
  if (track === undefined) throw new Error('the clip has no configuration');
  return { track, keyframes };
}

function thumbnailer(track: VideoTrack): Thumbnailer {
  const made = createThumbnailer(track);
  if (made === undefined) throw new Error('beamcoder is not installed');
  return made;
}

/** Decodes a JPEG with another decoder; RGB bytes. */
async function decodeJpeg(jpeg: Buffer): Promise<{ width: number; height: number; rgb: Buffer }> {
  const file = files.path('picture.jpg');
  await writeFile(file, jpeg);
  const [stream] = (await ffprobe(file)).streams;
  expect(stream?.codec_name).toBe('mjpeg');
  const rgb = await ffmpeg('-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-');
  return { width: stream?.width ?? 0, height: stream?.height ?? 0, rgb };
}

describe('a thumbnail of a keyframe', () => {
  it('is a JPEG of the asked width in the aspect of the source', async () => {
    const { track, keyframes } = await encode('testsrc2=s=640x360:r=25:d=0.2');
    const jpeg = await thumbnailer(track).render(keyframes[0]!, 320);
    const { width, height } = await decodeJpeg(jpeg!);
    expect([width, height]).toEqual([320, 180]);
  });

  it('shows the colours of the source where they were', async () => {
    const left = 'color=c=red:s=320x360:r=25:d=0.2';
    const right = 'color=c=blue:s=320x360:r=25:d=0.2';
    const { track, keyframes } = await encode(`${left}[l];${right}[r];[l][r]hstack`);
    const { width, height, rgb } = await decodeJpeg((await thumbnailer(track).render(keyframes[0]!, 160))!);
    const pixel = (x: number, y: number): number[] => [
      ...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
    ];
    const [redLeft, , blueLeft] = pixel(width / 4, height / 2);
    const [redRight, , blueRight] = pixel((3 * width) / 4, height / 2);
    expect(redLeft).toBeGreaterThan(200);
    expect(blueLeft).toBeLessThan(60);
    expect(redRight).toBeLessThan(60);
    expect(blueRight).toBeGreaterThan(200);
  });

  it('keeps the display aspect of pixels that are not square', async () => {
    const { track, keyframes } = await encode('testsrc2=s=720x576:r=25:d=0.2,setsar=64/45');
    expect(track.displayWidth).toBe(1024);
    const { width, height } = await decodeJpeg((await thumbnailer(track).render(keyframes[0]!, 320))!);
    expect([width, height]).toEqual([320, 180]);
  });

  it('comes at once also where the encoder reorders frames', async () => {
    const { track, keyframes } = await encode('testsrc2=s=320x180:r=25:d=1', '-bf', '3', '-g', '25');
    expect(await thumbnailer(track).render(keyframes[0]!, 160)).toBeInstanceOf(Buffer);
  });
});

describe('a thumbnailer', () => {
  it('works on one picture at a time: of those that wait the newest wins', async () => {
    const { track, keyframes } = await encode('testsrc2=s=320x180:r=25:d=1');
    const maker = thumbnailer(track);
    const asked = keyframes.slice(0, 4).map((unit, i) => maker.render(unit, 100 + 20 * i));
    const images = await Promise.all(asked);
    expect(images.map((image) => image !== undefined)).toEqual([true, false, false, true]);
    expect((await decodeJpeg(images[3]!)).width).toBe(160);
  });

  it('rejects what does not decode and goes on with the next keyframe', async () => {
    const { track, keyframes } = await encode('testsrc2=s=320x180:r=25:d=0.2');
    const maker = thumbnailer(track);
    const broken = { ...keyframes[0]!, data: Buffer.from([0, 0, 0, 4, 0x65, 0xff, 0xff, 0xff]) };
    await expect(maker.render(broken, 160)).rejects.toMatchObject({ code: 'MEDIA_BAD_UNIT' });
    await expect(maker.render({ ...broken, data: Buffer.alloc(0) }, 160)).rejects.toMatchObject({
      code: 'MEDIA_BAD_UNIT',
    });
    expect(await maker.render(keyframes[0]!, 160)).toBeInstanceOf(Buffer);
  });

  it('gives nothing after close, also for the picture it was making', async () => {
    const { track, keyframes } = await encode('testsrc2=s=320x180:r=25:d=0.2');
    const maker = thumbnailer(track);
    const asked = [maker.render(keyframes[0]!, 160), maker.render(keyframes[0]!, 160)];
    maker.close();
    expect(await Promise.all([...asked, maker.render(keyframes[0]!, 160)])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is not there when native code is switched off', async () => {
    const { track } = await encode('testsrc2=s=320x180:r=25:d=0.2');
    vi.stubEnv('MILLRACE_NO_ADDON', '1');
    expect(createThumbnailer(track)).toBeUndefined();
    vi.unstubAllEnvs();
  });
});
