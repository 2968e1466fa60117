import { afterEach, describe, expect, test } from 'vitest';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { ASC, picture, RECORD, sound } from '../media/synthetic-publisher.js';
import { startIngest, stopIngests, TestPublisher } from './support.js';

afterEach(stopIngests);

/** Holds up the event loop, as a server does that is busy with something else. */
const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe('a server that is busy', () => {
  test('W8: goes on reading what is sent, all of it, and never pauses the socket', async () => {
    const { target, observer, url } = await startIngest();
    let events = 0;
    target.onEvent = () => {
      if (++events % 10 === 0) block(5);
    };
    const publisher = new TestPublisher(url);
    await publisher.ready;
    const seen = await target.publishes.next();
    const { session, socket } = publisher;
    publisher.send(session.video(0, avcSequenceHeader(RECORD)));
    publisher.send(session.audio(0, aacSequenceHeader(ASC)));
    const count = 300;
    const filler = Buffer.alloc(20_000, 0x41);
    filler.writeUInt32BE(filler.length - 4);
    for (let i = 0; i < count; i++) {
      const { data, keyframe } = picture(i * 40, i % 25 === 0);
      // More than any buffer on the way holds, so that it has to be read to leave.
      const frame = { keyframe, compositionTime: 0, data: Buffer.concat([data, filler]) };
      publisher.send(session.video(i * 40, avcNalus(frame)));
      publisher.send(session.audio(i * 40, aacRaw(sound(i * 40).data)));
    }
    const left = new Promise((resolve) => socket.write(Buffer.concat(session.goodbye()), resolve));
    await left;
    expect(socket.writableLength).toBe(0);
    expect(await seen.ended).toBe('goodbye');
    const pictures = seen.events.filter((event) => event.type === 'unit' && event.kind === 'video');
    expect(pictures).toHaveLength(count);
    expect(observer.faults).toEqual([]);
    socket.destroy();
  });
});
