import { afterEach, describe, expect, test } from 'vitest';

import { aacRaw, aacSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { startIngest, stopIngests, TestPublisher } from './support.js';
import type { Ingest } from './support.js';

afterEach(stopIngests);

const VP6 = Buffer.of(0x14, 0, 1, 2, 3);
const SORENSON = Buffer.of(0x12, 0, 1, 2, 3);
const VP8 = Buffer.concat([Buffer.of(0x91), Buffer.from('vp08'), Buffer.of(1, 2, 3)]);
const SPEEX = Buffer.of(0xb2, 1, 2, 3);
/** A Theora sequence start, as nobody sends it. */
const UNKNOWN = Buffer.concat([Buffer.of(0x90), Buffer.from('theo'), Buffer.of(0)]);

/** The record of a 96x64 stream, and what passes for an IDR picture behind a four-byte length. */
const RECORD = Buffer.from(
  '0164000affe100166764000aacec626c0440000003004000000503c4894e01000568ef825cb0fdf8f800',
  'hex',
);
const IDR = Buffer.of(0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21);

async function publishing(ingest: Ingest) {
  const publisher = new TestPublisher(ingest.url);
  await publisher.ready;
  return { publisher, publish: await ingest.target.publishes.next() };
}

describe('a publish whose pictures cannot be carried', () => {
  test.each([
    ['vp6', VP6],
    ['h263', SORENSON],
    ['vp08', VP8],
    ['theo', UNKNOWN],
  ])('D9, E3: is refused with words for its user, here in %s', async (codec, body) => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    publisher.send(publisher.session.audio(0, aacSequenceHeader(Buffer.of(0x11, 0x90))));
    for (let t = 0; t <= 4000; t += 40) {
      publisher.send(publisher.session.video(t, body));
      publisher.send(publisher.session.audio(t, aacRaw(Buffer.of(0x21, 1))));
    }
    const { error } = await publisher.closed;
    expect(error?.message).toContain(`video in ${codec} cannot be carried; send H.264, HEVC, AV1 or VP9`);
    expect(await publish.ended).toBe('vanished');
    expect(await ingest.observer.closed.next()).toBe('refused');
    expect(ingest.observer.refused).toEqual(['MEDIA_UNSUPPORTED']);
    expect(publish.ends).toEqual(['vanished']);
  });

  test('is refused too when its clock stands still', async () => {
    const ingest = await startIngest();
    const { publisher } = await publishing(ingest);
    for (let i = 0; i < 300; i++) publisher.send(publisher.session.video(7, VP6));
    expect(await ingest.observer.closed.next()).toBe('refused');
  });

  test('is refused over a configuration that cannot be carried', async () => {
    const ingest = await startIngest();
    const { publisher } = await publishing(ingest);
    // ER BSAC, with no pictures at all.
    publisher.send(publisher.session.audio(0, aacSequenceHeader(Buffer.of(0xb1, 0x90))));
    for (let t = 0; t < 4000; t += 20) publisher.send(publisher.session.audio(t, aacRaw(Buffer.of(0x21, 1))));
    const { error } = await publisher.closed;
    expect(error?.message).toContain('this audio cannot be carried: ');
  });

  test('goes on when pictures come that can', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    publisher.send(publisher.session.video(0, VP6));
    publisher.send(publisher.session.video(0, Buffer.concat([Buffer.of(0x17, 0, 0, 0, 0), RECORD])));
    for (let t = 0; t <= 4000; t += 40) {
      publisher.send(publisher.session.video(t, VP6));
      publisher.send(publisher.session.video(t, IDR));
    }
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(ingest.observer.units.video).toBe(101);
  });
});

describe('a publish whose sound cannot be carried', () => {
  test('goes on with the picture, and the origin is told', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    publisher.send(publisher.session.video(0, Buffer.concat([Buffer.of(0x17, 0, 0, 0, 0), RECORD])));
    for (let t = 0; t <= 8000; t += 40) {
      publisher.send(publisher.session.audio(t, SPEEX));
      publisher.send(publisher.session.video(t, IDR));
    }
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(publish.events[0]).toMatchObject({ type: 'start', audio: undefined });
    expect(publish.ignored[0]).toMatchObject({
      code: 'MEDIA_UNSUPPORTED',
      message: 'audio in speex cannot be carried; send AAC, Opus, FLAC, AC-3, E-AC-3 or MP3',
    });
    expect(ingest.log().match(/audio in speex/g)).toHaveLength(1);
  });

  test('is refused when there is nothing else', async () => {
    const ingest = await startIngest();
    const { publisher } = await publishing(ingest);
    for (let t = 0; t < 4000; t += 20) publisher.send(publisher.session.audio(t, SPEEX));
    const { error } = await publisher.closed;
    expect(error?.message).toContain('audio in speex cannot be carried; send AAC');
  });
});
