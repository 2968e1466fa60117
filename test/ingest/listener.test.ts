import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { NO_CAPABILITIES, OWN_CAPABILITIES } from '../../src/rtmp/capabilities.js';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { HANDSHAKE_SIZE } from '../../src/rtmp/handshake.js';
import { until } from '../support/server-process.js';
import { GOOD_KEY, startIngest, stopIngests, TestPublisher } from './support.js';
import type { Ingest } from './support.js';

afterEach(stopIngests);

/** The record of a 96x64 stream, and what passes for an IDR picture behind a four-byte length. */
const record = Buffer.from(
  '0164000affe100166764000aacec626c0440000003004000000503c4894e01000568ef825cb0fdf8f800',
  'hex',
);
const asc = Buffer.of(0x11, 0x90);
const idr = Buffer.of(0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21);

/** A bare socket on the listener. */
async function dial(ingest: Ingest): Promise<Socket> {
  const socket = connect(ingest.listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

async function publishing(ingest: Ingest, capabilities = NO_CAPABILITIES) {
  const publisher = new TestPublisher(ingest.url, GOOD_KEY, capabilities);
  await publisher.ready;
  return { publisher, publish: await ingest.target.publishes.next() };
}

/** Sound only: the timeline starts by itself, and no picture has to be real. */
async function flowing(ingest: Ingest, capabilities = NO_CAPABILITIES) {
  const { publisher, publish } = await publishing(ingest, capabilities);
  publisher.send(publisher.session.audio(0, aacSequenceHeader(asc)));
  for (let i = 0; i < 200; i++) publisher.send(publisher.session.audio(i * 21, aacRaw(Buffer.of(0x21, i))));
  await publish.flowing;
  return { publisher, publish };
}

describe('a publish', () => {
  test('Q12: FCUnpublish and deleteStream are a goodbye, told once', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    publisher.socket.end();
    expect(await ingest.observer.closed.next()).toBe('goodbye');
    expect(publish.ends).toEqual(['goodbye']);
  });

  test('Q12: hanging up without a word is vanishing, told once', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publisher.socket.end();
    expect(await publish.ended).toBe('vanished');
    expect(await ingest.observer.closed.next()).toBe('hangup');
    expect(publish.ends).toEqual(['vanished']);
  });

  test('Q12: a reset is vanishing', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publisher.socket.resetAndDestroy();
    expect(await publish.ended).toBe('vanished');
    // The event loop may report a reset behind unread bytes as an end.
    expect(['reset', 'hangup']).toContain(await ingest.observer.closed.next());
  });

  test('a reset after the goodbye changes nothing of it', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publisher.send(publisher.session.goodbye());
    await publish.ended;
    publisher.socket.resetAndDestroy();
    expect(await ingest.observer.closed.next()).toBe('goodbye');
    expect(publish.ends).toEqual(['goodbye']);
  });

  test('a protocol fault is vanishing, with its code', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publisher.socket.write(Buffer.from([0xff, 0xff, 0xff]));
    expect(await publish.ended).toBe('vanished');
    expect(await ingest.observer.closed.next()).toBe('RTMP_BAD_CHUNK');
    expect(ingest.observer.faults).toEqual(['RTMP_BAD_CHUNK']);
    await publisher.gone;
  });

  test('every unit that was held when the publisher left still comes out, before the end', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    publisher.send(publisher.session.audio(0, aacSequenceHeader(asc)));
    publisher.send(publisher.session.audio(0, aacRaw(Buffer.of(0x21, 1))));
    publisher.send(publisher.session.audio(21, aacRaw(Buffer.of(0x21, 2))));
    publisher.socket.end();
    await publish.ended;
    expect(publish.events.map(({ type }) => type)).toEqual(['start', 'unit', 'unit']);
  });

  test('D9, E3: what cannot be used is ignored, told to the origin and logged once, the rest goes on', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    const { session } = publisher;
    for (let i = 0; i < 5; i++) publisher.send(session.video(i, Buffer.of(0x14, 1, 0, 0, 0, 1)));
    publisher.send(session.video(0, Buffer.of(0x17, 9, 0, 0, 0, 1)));
    publisher.send(session.video(0, avcSequenceHeader(Buffer.of(1, 2, 3))));
    publisher.send(session.audio(0, aacSequenceHeader(asc)));
    publisher.send(session.audio(0, aacRaw(Buffer.of(0x21, 1))));
    publisher.send(session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(ingest.observer.ignored).toEqual([
      ...Array<string>(5).fill('MEDIA_UNSUPPORTED'),
      'FLV_MALFORMED',
      'MEDIA_BAD_CONFIG',
    ]);
    expect(ingest.log().match(/message ignored/g)).toHaveLength(3);
    expect(ingest.log()).toContain('video in vp6 cannot be carried; send H.264');
    expect(publish.ignored.map(({ code }) => code)).toEqual(ingest.observer.ignored);
    expect(publish.events.at(-1)).toMatchObject({ type: 'unit', kind: 'audio' });
  });

  test('pictures arrive with their composition time, keyframe flag and time of arrival', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    const before = Date.now();
    publisher.send(publisher.session.video(0, avcSequenceHeader(record)));
    for (let i = 0; i < 4; i++) {
      publisher.send(
        publisher.session.video(i * 40, avcNalus({ keyframe: true, compositionTime: 40, data: idr })),
      );
    }
    publisher.send(publisher.session.goodbye());
    await publish.ended;
    const units = publish.events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
    expect(units.map(({ data }) => data)).toEqual([idr, idr, idr, idr]);
    for (const { arrival, keyframe } of units) {
      expect(keyframe).toBe(true);
      expect(arrival).toBeGreaterThanOrEqual(before);
      expect(arrival).toBeLessThanOrEqual(Date.now());
    }
    expect(ingest.observer.units).toEqual({ video: 4, audio: 0 });
    expect(ingest.observer.bytes).toBeGreaterThan(4 * idr.length);
  });

  test('a fault inside the origin ends this connection only', async () => {
    const ingest = await startIngest();
    const first = await publishing(ingest);
    ingest.target.onEvent = () => {
      throw new Error('origin broke');
    };
    first.publisher.send(first.publisher.session.audio(0, aacSequenceHeader(asc)));
    for (let i = 0; i < 200; i++)
      first.publisher.send(first.publisher.session.audio(i * 21, aacRaw(Buffer.of(0x21, i))));
    await first.publisher.gone;
    expect(await ingest.observer.closed.next()).toBe('INTERNAL');
    expect(first.publish.ends).toEqual(['vanished']);
    ingest.target.onEvent = undefined;
    await flowing(ingest);
  });

  test('a fault of the origin with the very last units still ends the publish', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await publishing(ingest);
    ingest.target.onEvent = () => {
      throw new Error('origin broke');
    };
    publisher.send(publisher.session.audio(0, aacSequenceHeader(asc)));
    // Too few to start the timeline: they come out of it when the publisher is gone.
    for (let i = 0; i < 5; i++) publisher.send(publisher.session.audio(i * 21, aacRaw(Buffer.of(0x21, i))));
    publisher.socket.end();
    expect(await ingest.observer.closed.next()).toBe('INTERNAL');
    expect(publish.ends).toEqual(['vanished']);
  });
});

describe('refusals', () => {
  test.each([
    ['PUBLISH_DENIED', /NetStream.Publish.Denied: the description/],
    ['PUBLISH_BUSY', /NetStream.Publish.BadName: the description/],
    ['SHUTTING_DOWN', /closed/],
  ] as const)('Q9: %s', async (code, message) => {
    const ingest = await startIngest();
    ingest.target.refusal = { accepted: false, code, description: 'the description' };
    const publisher = new TestPublisher(ingest.url);
    await expect(publisher.ready).rejects.toThrow(message);
    await publisher.gone;
    expect(await ingest.observer.closed.next()).toBe('refused');
  });

  test('A10: the log shows two characters of a refused key', async () => {
    const ingest = await startIngest();
    await expect(new TestPublisher(ingest.url, 'secret-of-somebody').ready).rejects.toThrow();
    await ingest.observer.closed.next();
    expect(ingest.log()).toContain('se…(18)');
    expect(ingest.log()).not.toContain('secret');
  });
});

describe('the origin', () => {
  test('drops a publisher: it is told, and heard of as a goodbye', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    publish.control.close('taken over');
    expect(publish.ends).toEqual(['goodbye']);
    await publisher.gone;
    expect(await ingest.observer.closed.next()).toBe('dropped');
    publish.control.close('again');
    expect(publish.ends).toEqual(['goodbye']);
  });

  test('Q11: can ask how long a publisher has been silent', async () => {
    const ingest = await startIngest();
    const { publish } = await flowing(ingest);
    expect(publish.control.silentForMs()).toBeGreaterThanOrEqual(0);
    const earlier = publish.control.silentForMs();
    await new Promise((resolve) => setImmediate(resolve));
    expect(publish.control.silentForMs()).toBeGreaterThan(earlier);
  });

  test('Q11, W5: takes the bytes of a picture that is still coming for life, and metadata for none', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    const picture = publisher.session.video(0, Buffer.alloc(200_000, 0x17))[0] ?? Buffer.alloc(0);
    const lifeless = async (bytes: Buffer): Promise<boolean> => {
      const before = publish.control.silentForMs();
      const read = ingest.observer.bytes;
      publisher.send([bytes]);
      await until(() => ingest.observer.bytes > read, 'the bytes');
      return publish.control.silentForMs() >= before;
    };
    const [metadata = Buffer.alloc(0)] = publisher.session.metadata({ width: 1 });
    expect(await lifeless(metadata)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await lifeless(picture.subarray(0, 100_000))).toBe(false);
  });
});

describe('deadlines', () => {
  test('A1, H6: the handshake has a time limit in all, however its bytes trickle', async () => {
    const ingest = await startIngest({ handshakeTimeout: 60 });
    const socket = await dial(ingest);
    socket.write(Buffer.of(3));
    const trickle = setInterval(() => socket.write(Buffer.of(0)), 10);
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    clearInterval(trickle);
    socket.destroy();
    expect(ingest.log()).toContain('no handshake within 60 ms');
  });

  test('A1: connect has one', async () => {
    const ingest = await startIngest({ connectTimeout: 30 });
    const socket = await dial(ingest);
    socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_SIZE)]));
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    expect(ingest.log()).toContain('no connect within 30 ms');
  });

  test('A1: publish has one, also after a goodbye', async () => {
    const ingest = await startIngest({ publishTimeout: 500 });
    const { publisher } = await flowing(ingest);
    publisher.send(publisher.session.goodbye());
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    expect(ingest.log()).toContain('no publish within 500 ms');
  });

  test('A1, Q12: a publisher without media has vanished, whatever else it sends', async () => {
    const ingest = await startIngest({ mediaTimeout: 400 });
    const { publisher, publish } = await flowing(ingest);
    const chatter = setInterval(() => publisher.send(publisher.session.metadata({ width: 1 })), 10);
    expect(await publish.ended).toBe('vanished');
    clearInterval(chatter);
    expect(await ingest.observer.closed.next()).toBe('RTMP_TIMEOUT');
    expect(ingest.log()).toContain('no media for 400 ms');
  });
});

describe('caps', () => {
  test('A7: connections in all', async () => {
    const ingest = await startIngest({ connections: 2 });
    const kept = [await dial(ingest), await dial(ingest)];
    const extra = await dial(ingest);
    expect(await ingest.observer.rejected.next()).toBe('total');
    if (!extra.closed) await once(extra, 'close');
    expect(ingest.listener.connections).toBe(2);
    kept[0]?.destroy();
    await ingest.observer.closed.next();
    await flowing(ingest);
  });

  test('A7: connections from one address', async () => {
    const ingest = await startIngest({ connectionsPerAddress: 1 });
    const kept = await dial(ingest);
    await dial(ingest);
    expect(await ingest.observer.rejected.next()).toBe('address');
    kept.destroy();
    await ingest.observer.closed.next();
    await flowing(ingest);
  });

  test('a flood of strangers is logged a few times a second', async () => {
    const ingest = await startIngest();
    for (let i = 0; i < 30; i++) {
      const socket = await dial(ingest);
      socket.write('GET / HTTP/1.1\r\n\r\n');
      await ingest.observer.closed.next();
    }
    expect(ingest.observer.faults).toHaveLength(30);
    const loud = ingest
      .log()
      .split('\n')
      .filter((line) => /"level":[3-9]0/.test(line));
    expect(loud.length).toBeGreaterThan(0);
    expect(loud.length).toBeLessThan(40);
  });
});

describe('closing the listener', () => {
  test('E9: asks publishers that can to reconnect, serves them meanwhile, and waits until they have left', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest, OWN_CAPABILITIES);
    const idle = await dial(ingest);
    ingest.listener.stopAccepting();
    const left = ingest.listener.askToReconnect(60_000);
    await until(() => publisher.reconnects.length > 0, 'the request');
    const late = publish.events.length;
    publisher.send(publisher.session.audio(4300, aacRaw(Buffer.of(0x21, 1))));
    publisher.send(publisher.session.goodbye());
    expect(await publish.ended).toBe('goodbye');
    expect(publish.events.length).toBe(late + 1);
    expect(publisher.reconnects).toEqual(['The server is restarting.']);
    publisher.socket.end();
    await left;
    expect(idle.closed).toBe(false);
    await expect(new TestPublisher(ingest.url).ready).rejects.toThrow();
  });

  test('E9: waits no longer for them than it is to', async () => {
    const ingest = await startIngest();
    const { publish } = await flowing(ingest, OWN_CAPABILITIES);
    await ingest.listener.askToReconnect(50);
    expect(publish.ends).toEqual([]);
  });

  test('E9: waits for nobody who does not know what is asked', async () => {
    const ingest = await startIngest();
    const { publisher } = await publishing(ingest);
    await ingest.listener.askToReconnect(60_000);
    expect(publisher.reconnects).toEqual([]);
  });

  test('tells publishers, ends the sockets, accepts nobody', async () => {
    const ingest = await startIngest();
    const { publisher, publish } = await flowing(ingest);
    const told = new Promise<Buffer>((resolve) => publisher.socket.once('data', resolve));
    await ingest.listener.close();
    expect((await told).toString('latin1')).toContain('NetStream.Unpublish.Success');
    expect(publish.ends).toEqual(['goodbye']);
    expect(await ingest.observer.closed.next()).toBe('shutdown');
    expect(ingest.listener.connections).toBe(0);
    await expect(new TestPublisher(ingest.url).ready).rejects.toThrow();
  });

  test('waits no longer than the linger time for peers that stay', async () => {
    const ingest = await startIngest({ lingerTimeout: 50 });
    const stubborn = connect({ port: ingest.listener.port, host: '127.0.0.1', allowHalfOpen: true });
    stubborn.on('error', () => undefined);
    await once(stubborn, 'connect');
    await flowing(ingest);
    await ingest.listener.close();
    expect(ingest.listener.connections).toBe(0);
    stubborn.destroy();
  });

  test('a port that is taken is an error with a code', async () => {
    const ingest = await startIngest();
    const { port } = ingest.listener;
    await expect(startIngest({}, port)).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });
});

test('A10: nothing that is logged in the life of a publish shows the key', async () => {
  const ingest = await startIngest();
  const { publisher, publish } = await flowing(ingest);
  publisher.send(publisher.session.goodbye());
  await publish.ended;
  publisher.socket.end();
  await ingest.observer.closed.next();
  expect(ingest.log()).not.toContain(GOOD_KEY);
  expect(ingest.log()).toContain('"publish":"live-1"');
});
