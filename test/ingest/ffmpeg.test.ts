import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { readFlv } from '../../src/rtmp/flv-file.js';
import type { FlvTag } from '../../src/rtmp/flv-file.js';
import { parseAudioTag, parseVideoTag } from '../../src/rtmp/flv-tag.js';
import { ffmpeg, GOOD_KEY, startIngest, stopIngests } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-ingest-'));
const file = join(folder, 'source.flv');
let tags: FlvTag[];

const SOURCE = [
  ...['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30'],
  ...['-f', 'lavfi', '-i', 'sine=r=48000'],
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-g', '30', '-bf', '2', '-b:v', '800k'],
  ...['-c:a', 'aac', '-b:a', '96k'],
];

beforeAll(async () => {
  const { code, stderr } = await ffmpeg([...SOURCE, '-t', '2', '-f', 'flv', file]).done;
  expect(stderr).toMatch(/video:/);
  expect(code).toBe(0);
  tags = [...readFlv(readFileSync(file))];
});
afterEach(stopIngests);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Frame {
  readonly pts: number;
  readonly data: Buffer;
}

function videoFrames(): Frame[] {
  return tags.flatMap(({ type, timestamp, body }) => {
    if (type !== 'video') return [];
    const [tag] = parseVideoTag(body);
    return tag?.type === 'frame' ? [{ pts: timestamp + tag.compositionTime, data: tag.data }] : [];
  });
}

function audioFrames(): Frame[] {
  return tags.flatMap(({ type, timestamp, body }) => {
    if (type !== 'audio') return [];
    const [tag] = parseAudioTag(body);
    return tag?.type === 'frame' ? [{ pts: timestamp, data: tag.data }] : [];
  });
}

describe('ffmpeg publishing', () => {
  test('every frame arrives byte for byte and in order, and its normal end is a goodbye', async () => {
    const { target, observer, url, log } = await startIngest();
    const { code, stderr } = await ffmpeg(['-i', file, '-c', 'copy', '-f', 'flv', `${url}/${GOOD_KEY}`]).done;
    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(0);

    const publish = await target.publishes.next();
    expect(publish.attempt).toMatchObject({ app: 'live', streamKey: GOOD_KEY, remoteAddress: '127.0.0.1' });
    expect(publish.attempt.encoder).toMatch(/Lavf/);
    expect(await publish.ended).toBe('goodbye');
    expect(await observer.closed.next()).toBe('goodbye');
    expect(publish.ends).toEqual(['goodbye']);

    const received = (kind: 'video' | 'audio'): Buffer[] =>
      publish.events.flatMap((e) => (e.type === 'unit' && e.kind === kind ? [e.unit.data] : []));
    const video = videoFrames();
    expect(observer.units).toEqual({ video: video.length, audio: audioFrames().length });
    expect(received('video')).toEqual(video.map(({ data }) => data));
    // Sound from before the first picture has no place on the timeline.
    const audible = audioFrames().filter(({ pts }) => pts >= video[0]!.pts);
    expect(received('audio')).toEqual(audible.map(({ data }) => data));
    expect(publish.events[0]).toMatchObject({ type: 'start', video: { width: 320, height: 180 } });
    expect(publish.metadata[0]).toMatchObject({ encoder: expect.stringMatching(/Lavf/), frameRate: 30 });
    expect(observer.faults).toEqual([]);
    expect(observer.ignored).toEqual([]);
    expect(log()).not.toContain(GOOD_KEY);
  });

  test('Q9: an unknown key makes ffmpeg fail with the description, and the log never shows the key', async () => {
    const { observer, url, log } = await startIngest();
    const wrong = 'wrong-key-that-nobody-knows';
    const { code, stderr } = await ffmpeg(['-i', file, '-c', 'copy', '-f', 'flv', `${url}/${wrong}`]).done;
    expect(code).not.toBe(0);
    expect(stderr).toContain('unknown stream key');
    expect(await observer.closed.next()).toBe('refused');
    expect(log()).not.toContain(wrong);
    expect(log()).toContain(`wr…(${wrong.length})`);
  });

  test('Q9, Q10: a busy channel makes ffmpeg fail with the description', async () => {
    const { target, url } = await startIngest();
    target.refusal = { accepted: false, code: 'PUBLISH_BUSY', description: 'this channel is live already' };
    const { code, stderr } = await ffmpeg(['-i', file, '-c', 'copy', '-f', 'flv', `${url}/${GOOD_KEY}`]).done;
    expect(code).not.toBe(0);
    expect(stderr).toContain('this channel is live already');
  });

  test('E3, D9: a codec that cannot be carried makes ffmpeg fail with what to send instead', async () => {
    const { observer, url } = await startIngest();
    const sorenson = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30', '-c:v', 'flv1', '-t', '600'];
    const { code, stderr } = await ffmpeg([...sorenson, '-f', 'flv', `${url}/${GOOD_KEY}`]).done;
    expect(code).not.toBe(0);
    expect(stderr).toContain('video in h263 cannot be carried; send H.264, HEVC, AV1 or VP9');
    expect(await observer.closed.next()).toBe('refused');
  });

  test.each([
    ['SIGKILL', 'vanished'],
    ['SIGTERM', 'goodbye'],
  ] as const)('Q12: an ffmpeg ended by %s has %s', async (signal, reason) => {
    const { target, url } = await startIngest();
    const { process, done } = ffmpeg([
      '-re',
      ...SOURCE,
      '-tune',
      'zerolatency',
      '-f',
      'flv',
      `${url}/${GOOD_KEY}`,
    ]);
    const publish = await target.publishes.next();
    await publish.flowing;
    process.kill(signal);
    expect(await publish.ended).toBe(reason);
    await done;
    expect(publish.ends).toEqual([reason]);
  });
});
