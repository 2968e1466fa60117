import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberOf } from '../../src/check/playlist/attribute-list.js';
import { FfmpegProcess } from '../support/ffmpeg.js';
import { check, faults, lacking, type Judged } from '../support/judged.js';
import { ServerProcess, until } from '../support/server-process.js';

/** Seconds that each source publishes; it ends between two keyframes. */
const SECONDS = 20.5;

/** Of the publisher that vanishes: when it does, as MSN, how long it is away (ms), and seconds after its return. */
const VANISHES_AT = 2;
const AWAY = 1500;
const SECONDS_AFTER = 12.5;

const picture = (rate: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=${rate}`];
const SOUND = ['-f', 'lavfi', '-i', 'sine=r=48000'];
const AAC = ['-c:a', 'aac'];
const x264 = (...options: string[]): string[] => [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', ...options],
  ...['-sc_threshold', '0', '-force_key_frames', 'expr:gte(t,n_forced*2)'],
];
const both = (rate: string): string[] => [...picture(rate), ...SOUND, ...x264(), ...AAC];

interface Source {
  readonly name: string;
  readonly ffmpeg: readonly string[];
  /** Undefined for sound alone. */
  readonly frameRate: number | undefined;
  readonly lacks: readonly string[];
}

const source = (
  name: string,
  ffmpeg: readonly string[],
  frameRate: number | undefined,
  lacks = ['tls'],
): Source => ({ name, ffmpeg, frameRate, lacks });

const SOURCES = [
  source('23_976', both('24000/1001'), 23.976),
  source('25', both('25'), 25),
  source('29_97', both('30000/1001'), 29.97),
  source('50', both('50'), 50),
  source('59_94', both('60000/1001'), 59.94),
  source('60', both('60'), 60),
  source('b-frames', [...picture('25'), ...SOUND, ...x264('-bf', '2'), ...AAC], 25),
  source('sound-alone', [...SOUND, ...AAC], undefined, ['several', 'tls']),
  source('picture-alone', [...picture('30'), ...x264()], 30),
  // Timestamps up to 10 ms late.
  source(
    'jitter',
    [...both('30'), '-enc_time_base:v', '1/1000', '-bsf:v', 'setts=ts=TS+floor(random(0)*10)'],
    30,
  ),
  source('vanishes', both('30'), 30),
];

/** A window of six segments, so that in a short time much is added and removed. */
describe('the server, judged by the checker, to the end of the stream', () => {
  let server: ServerProcess;
  const judged = new Map<string, Judged>();

  const publish = ({ name, ffmpeg }: Source, seconds: number): FfmpegProcess => {
    const url = server.publishUrl.replace(/[^/]+$/, `key-${name}`);
    return new FfmpegProcess('-re', ...ffmpeg, '-t', String(seconds), '-f', 'flv', url);
  };

  const newestMsn = async (name: string): Promise<number> => {
    const text = await server.text(`/live/${name}/source/index.m3u8`);
    const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    return first + [...text.matchAll(/^#EXTINF/gm)].length - 1;
  };

  async function follow(each: Source): Promise<void> {
    const publisher = publish(each, SECONDS);
    await server.reaches('live', each.name);
    const checking = check(server.url(`/live/${each.name}/index.m3u8`), 60);
    if (each.name === 'vanishes') {
      await until(async () => (await newestMsn(each.name)) >= VANISHES_AT, 'segments');
      await publisher.stop('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, AWAY));
      await publish(each, SECONDS_AFTER).exited();
    } else {
      await publisher.exited();
    }
    judged.set(each.name, await checking);
  }

  beforeAll(async () => {
    server = await ServerProcess.start({
      ladder: 'off',
      hls: { window: 12 },
      channels: SOURCES.map(({ name }) => ({ name, streamKey: `key-${name}` })),
    });
    await Promise.all(SOURCES.map(follow));
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each(SOURCES)('breaks no rule over $name', ({ name, frameRate, lacks }) => {
    const result = judged.get(name);
    if (result === undefined) throw new Error('not judged');
    expect(faults(result)).toEqual({});
    expect(lacking(result).sort()).toEqual(lacks);
    const variant = result.seen.multivariant?.playlist.variants[0];
    expect(variant && numberOf(variant.attributes, 'FRAME-RATE')).toBe(frameRate);
    for (const { kind, versions, media } of result.seen.renditions) {
      // Of I-frames there is one a segment.
      if (kind !== 'i-frames') expect(Math.min(versions.length, media.size)).toBeGreaterThan(20);
      expect(versions.at(-1)?.playlist.ended).toBe(true);
      expect(versions.at(-1)?.playlist.mediaSequence).toBeGreaterThan(2);
      const discontinuities = versions.at(-1)?.segments.filter(({ discontinuity }) => discontinuity);
      expect(discontinuities).toHaveLength(name === 'vanishes' ? 1 : 0);
    }
  });
});
