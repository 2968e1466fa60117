import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NO_CAPABILITIES, OWN_CAPABILITIES } from '../../src/rtmp/capabilities.js';
import { ClientSession } from '../../src/rtmp/client-session.js';
import type { ClientOptions, ClientResult } from '../../src/rtmp/client-session.js';
import {
  aacRaw,
  aacSequenceHeader,
  avcEndOfSequence,
  avcNalus,
  avcSequenceHeader,
} from '../../src/rtmp/flv-writer.js';
import { commandMessage } from '../../src/rtmp/messages/command.js';
import { onStatusMessage } from '../../src/rtmp/messages/status.js';
import { userControlMessage } from '../../src/rtmp/messages/user-control.js';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.js';
import { ServerSession } from '../../src/rtmp/server-session.js';
import type { SessionResult } from '../../src/rtmp/server-session.js';
import { cut } from './support.js';

type Heard = Exclude<SessionResult, { type: 'send' }>;

/** A client and a server session wired to each other; `decide` answers the publish request. */
class Wire {
  readonly client: ClientSession;
  readonly server = new ServerSession();
  readonly heard: Heard[] = [];
  readonly clientResults: Exclude<ClientResult, { type: 'send' }>[] = [];

  constructor(
    readonly decide: (server: ServerSession) => SessionResult[] = (server) => server.acceptPublish(),
    readonly split: (bytes: Buffer) => Buffer[] = (bytes) => [bytes],
    more: Partial<ClientOptions> = {},
  ) {
    const options = { app: 'live', streamKey: 'key', tcUrl: 'rtmp://host/live', flashVer: 'test' };
    this.client = new ClientSession({ ...options, ...more });
  }

  start(): this {
    this.toServer(this.client.start());
    return this;
  }

  toServer(pieces: readonly Buffer[]): void {
    for (const piece of pieces.flatMap(this.split)) this.#fromServer(this.server.receive(piece, 0));
  }

  toClient(bytes: Buffer): void {
    for (const piece of this.split(bytes)) {
      for (const result of this.client.receive(piece, 0)) {
        if (result.type === 'send') this.toServer([result.data]);
        else this.clientResults.push(result);
      }
    }
  }

  #fromServer(results: readonly SessionResult[]): void {
    for (const result of results) {
      if (result.type === 'send') {
        this.toClient(result.data);
        continue;
      }
      this.heard.push(result);
      if (result.type === 'publish') this.#fromServer(this.decide(this.server));
    }
  }
}

describe('client session against server session', () => {
  const record = Buffer.from('0164001fffe1', 'hex');
  const keyframe = avcNalus({ keyframe: true, compositionTime: 66, data: Buffer.alloc(20_000, 0x65) });
  const sound = aacRaw(Buffer.alloc(300, 0x21));

  test('publishes metadata, sound and pictures, and says goodbye', () => {
    const wire = new Wire().start();
    expect(wire.clientResults).toEqual([{ type: 'ready' }]);
    const { client } = wire;
    wire.toServer(client.metadata({ width: 1280, framerate: 30, encoder: 'millrace' }));
    wire.toServer(client.video(0, avcSequenceHeader(record)));
    wire.toServer(client.audio(0, aacSequenceHeader(Buffer.of(0x11, 0x90))));
    wire.toServer(client.video(0, keyframe));
    wire.toServer(client.audio(21, sound));
    wire.toServer(client.video(0xfffffff0, keyframe));
    wire.toServer(client.video(17, avcEndOfSequence()));
    wire.toServer(client.goodbye());
    expect(wire.heard).toMatchObject([
      { type: 'publish', request: { app: 'live', streamKey: 'key', encoder: 'test', publishType: 'live' } },
      { type: 'metadata', metadata: { width: 1280, frameRate: 30, encoder: 'millrace' } },
      { type: 'video', timestamp: 0, body: avcSequenceHeader(record) },
      { type: 'audio', timestamp: 0, body: aacSequenceHeader(Buffer.of(0x11, 0x90)) },
      { type: 'video', timestamp: 0, body: keyframe },
      { type: 'audio', timestamp: 21, body: sound },
      { type: 'video', timestamp: 0xfffffff0, body: keyframe },
      { type: 'video', timestamp: 17, body: avcEndOfSequence() },
      { type: 'unpublish', reason: 'FCUnpublish' },
    ]);
  });

  test('H2, K4, K9: any media comes through whatever the chunk size, the times and the splits', () => {
    const media = fc.record({
      kind: fc.constantFrom('video' as const, 'audio' as const),
      timestamp: fc.oneof(fc.nat(5000), fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0xffffffff)),
      body: fc.constantFrom(1, 127, 128, 129, 1500, 5000).map((size) => Buffer.alloc(size, size)),
    });
    const chunkSizes = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(128, 60_000, 0xffffff));
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { maxLength: 6 }),
        chunkSizes,
        fc.array(media, { maxLength: 6 }),
        (places, chunkSize, messages) => {
          const wire = new Wire(undefined, (bytes) => cut(bytes, places), { chunkSize }).start();
          for (const { kind, timestamp, body } of messages) wire.toServer(wire.client[kind](timestamp, body));
          expect(wire.clientResults).toEqual([{ type: 'ready' }]);
          const heard = wire.heard.flatMap((result) =>
            result.type === 'video' || result.type === 'audio' ? [result] : [],
          );
          expect(heard.map(({ type, timestamp }) => ({ type, timestamp }))).toEqual(
            messages.map(({ kind: type, timestamp }) => ({ type, timestamp })),
          );
          for (const [i, { body }] of heard.entries()) expect(body.equals(messages[i]!.body)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('Q9: hears why it was refused', () => {
    const wire = new Wire((server) =>
      server.refusePublish('NetStream.Publish.Denied', 'unknown stream key'),
    ).start();
    expect(wire.clientResults).toMatchObject([{ type: 'closed', error: { code: 'RTMP_REFUSED' } }]);
    const [closed] = wire.clientResults;
    expect(closed?.type === 'closed' && closed.error?.message).toMatch(
      /NetStream.Publish.Denied: unknown stream key/,
    );
  });

  test('a command that nobody can read ends no publish, but the wait for one', () => {
    const broken = { ...commandMessage('onStatus', 0, null), payload: Buffer.of(2, 0, 9) };
    const wire = new Wire().start();
    wire.toClient(new ChunkWriter().write(broken));
    expect(wire.clientResults).toEqual([{ type: 'ready' }]);
    expect(wire.client.audio(0, sound)).not.toEqual([]);

    const early = new Wire(() => []).start();
    early.toClient(new ChunkWriter().write(broken));
    expect(early.clientResults).toMatchObject([{ type: 'closed', error: { code: 'AMF_MALFORMED' } }]);
  });

  test('E6: states its capabilities where it is told to, and learns those of the server', () => {
    const silent = new Wire().start();
    expect(silent.heard).toMatchObject([{ request: { capabilities: NO_CAPABILITIES } }]);
    expect(silent.client.serverCapabilities).toBe(NO_CAPABILITIES);
    const wire = new Wire(undefined, undefined, { capabilities: OWN_CAPABILITIES }).start();
    expect(wire.heard).toMatchObject([{ request: { capabilities: OWN_CAPABILITIES } }]);
    expect(wire.client.serverCapabilities).toEqual(OWN_CAPABILITIES);
  });

  test.each([
    [undefined, 'rtmp://host/live'],
    ['rtmp://other:1936/live', 'rtmp://other:1936/live'],
    ['rtmps://other/live', 'rtmps://other/live'],
    ['//other/live', 'rtmp://other/live'],
    ['/elsewhere', 'rtmp://host/elsewhere'],
  ])('E9: is told to reconnect to %s, and may go on publishing', (tcUrl, expected) => {
    const wire = new Wire(undefined, undefined, { capabilities: OWN_CAPABILITIES }).start();
    const request = { description: 'maintenance', ...(tcUrl === undefined ? {} : { tcUrl }) };
    for (const result of wire.server.requestReconnect(request))
      if (result.type === 'send') wire.toClient(result.data);
    expect(wire.clientResults).toEqual([
      { type: 'ready' },
      { type: 'reconnect', tcUrl: expected, description: 'maintenance' },
    ]);
    wire.toServer(wire.client.audio(5, sound));
    expect(wire.heard.at(-1)).toEqual({ type: 'audio', timestamp: 5, body: sound });
  });

  test.each([
    ['rtmp://host/live', 'http://other/live'],
    ['rtmp://host/live', 'file:///etc/passwd'],
    ['rtmp://host/live', 'rtmp://'],
    ['rtmps://host/live', 'rtmp://host/live'],
  ])('E9: while at %s, a request to reconnect to %s is passed over', (used, tcUrl) => {
    const wire = new Wire(undefined, undefined, { tcUrl: used, capabilities: OWN_CAPABILITIES }).start();
    for (const result of wire.server.requestReconnect({ tcUrl, description: '' }))
      if (result.type === 'send') wire.toClient(result.data);
    expect(wire.clientResults).toEqual([{ type: 'ready' }]);
  });

  test('is closed without an error when the server ends the publish', () => {
    const wire = new Wire().start();
    const status = { level: 'status', code: 'NetStream.Unpublish.Success', description: 'bye' } as const;
    for (const result of wire.server.close(status)) if (result.type === 'send') wire.toClient(result.data);
    expect(wire.clientResults).toEqual([{ type: 'ready' }, { type: 'closed' }]);
    expect(wire.client.receive(Buffer.of(1, 2, 3), 0)).toEqual([]);
  });

  test('sends nothing before it is ready, and no goodbye where there is nothing to end', () => {
    const client = new ClientSession({ app: 'live', streamKey: 'key', tcUrl: 'rtmp://host/live' });
    expect(() => client.video(0, keyframe)).toThrow('not publishing');
    expect(client.goodbye()).toEqual([]);
  });
});

describe('client session against other servers', () => {
  /** A server that answers as a test scripts it. */
  function connected(): {
    wire: Wire;
    writer: ChunkWriter;
    say: (...messages: Parameters<ChunkWriter['write']>[0][]) => void;
  } {
    const client = new Wire();
    const writer = new ChunkWriter();
    const greeting = client.client.start()[0]!;
    const s1 = Buffer.alloc(1536, 1);
    client.client.receive(Buffer.concat([Buffer.of(3), s1, greeting.subarray(1)]), 0);
    return {
      wire: client,
      writer,
      say: (...messages) => {
        for (const message of messages) {
          for (const result of client.client.receive(writer.write(message), 0)) {
            if (result.type !== 'send') client.clientResults.push(result);
          }
        }
      },
    };
  }

  test('goes on where releaseStream and FCPublish are answered with errors', () => {
    const { wire, say } = connected();
    say(
      commandMessage('_result', 1, null, []),
      commandMessage('_error', 2, null, []),
      commandMessage('_error', 3, null, []),
      commandMessage('onBWDone', 0, null, []),
      commandMessage('_result', 4, null, [7]),
      onStatusMessage(7, { level: 'status', code: 'NetStream.Publish.Start', description: '' }),
    );
    expect(wire.clientResults).toEqual([{ type: 'ready' }]);
  });

  test.each([
    ['connect is refused', [commandMessage('_error', 1, null, [])], 'RTMP_REFUSED'],
    [
      'createStream is refused',
      [commandMessage('_result', 1, null, []), commandMessage('_error', 4, null, [])],
      'RTMP_REFUSED',
    ],
    [
      'createStream names no stream',
      [commandMessage('_result', 1, null, []), commandMessage('_result', 4, null, ['x'])],
      'RTMP_BAD_COMMAND',
    ],
    [
      'createStream names an impossible stream',
      [commandMessage('_result', 1, null, []), commandMessage('_result', 4, null, [-1])],
      'RTMP_BAD_COMMAND',
    ],
  ])('is closed with an error when %s', (_, messages, code) => {
    const { wire, say } = connected();
    say(...messages);
    expect(wire.clientResults).toMatchObject([{ type: 'closed', error: { code } }]);
  });

  test('W4: answers pings', () => {
    const { wire, writer } = connected();
    const results = wire.client.receive(writer.write(userControlMessage(6, 0x01020304)), 0);
    const sent = Buffer.concat(results.flatMap((result) => (result.type === 'send' ? [result.data] : [])));
    expect(sent.subarray(-6)).toEqual(Buffer.of(0, 7, 1, 2, 3, 4));
  });
});
