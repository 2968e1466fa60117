import assert from 'node:assert/strict';
import { MillraceError } from '../../../src/errors.js';
import type { Publication } from '../../../src/ingest/publication.js';
import type { Amf0Value } from '../../../src/rtmp/amf0.js';
import { ChunkReader } from '../../../src/rtmp/chunk-reader.js';
import { ChunkWriter } from '../../../src/rtmp/chunk-writer.js';
import { HANDSHAKE_SIZE } from '../../../src/rtmp/handshake.js';
import { DEFAULT_RTMP_LIMITS } from '../../../src/rtmp/limits.js';
import { amfObject, commandMessage } from '../../../src/rtmp/messages/command.js';
import { metadataMessage } from '../../../src/rtmp/messages/data.js';
import { mediaMessage } from '../../../src/rtmp/messages/media.js';
import { MessageType, type RtmpMessage } from '../../../src/rtmp/messages/message.js';
import { userControlMessage } from '../../../src/rtmp/messages/user-control.js';
import { ServerSession, type SessionResult } from '../../../src/rtmp/server-session.js';
import { audioBody, PlainEncoder, videoBody } from '../bodies.js';
import { mutate } from '../mutate.js';
import { randomFor, type Random } from '../random.js';
import { publicationOf, readCaptures } from '../support.js';
import type { FuzzTarget } from '../target.js';

const HANDSHAKE_END = 1 + 2 * HANDSHAKE_SIZE;
/** What a server has to say anything with. */
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(MessageType));

/** One input makes the server say no more than this. */
const LOUDEST = 100_000;

export interface SessionRun {
  readonly stage: ServerSession['stage'];
  readonly results: readonly SessionResult[];
}

/** Bytes of a connection through session and publication, as a connection acts on the results. */
export function runSession(input: Buffer, random: Random): SessionRun {
  const session = new ServerSession();
  const refuses = random.chance(0.1);
  const results: SessionResult[] = [];
  let publication: Publication | undefined;
  let now = 0;
  const reject = (reason: string): void => {
    publication?.end('goodbye');
    publication = undefined;
    take(session.rejectPublish('NetStream.Publish.Rejected', reason));
  };
  const take = (batch: readonly SessionResult[]): void => {
    // What is to be sent goes first, as on a connection: acting on the rest may have more to say.
    const sent = batch.filter(({ type }) => type === 'send');
    const rest = batch.filter(({ type }) => type !== 'send');
    results.push(...sent);
    for (const result of rest) {
      results.push(result);
      switch (result.type) {
        case 'publish':
          publication = refuses ? undefined : publicationOf(() => undefined, reject);
          take(refuses ? session.refusePublish('NetStream.Publish.Denied', 'no') : session.acceptPublish());
          break;
        case 'play':
          take(refuses ? session.refusePlay('NetStream.Play.Failed', 'no') : session.acceptPlay());
          break;
        case 'video':
          publication?.video(result.timestamp, result.body, now);
          break;
        case 'audio':
          publication?.audio(result.timestamp, result.body, now);
          break;
        case 'metadata':
          publication?.metadata(result.metadata);
          break;
        case 'unpublish':
          publication?.end('goodbye');
          publication = undefined;
          break;
        default:
      }
    }
  };
  for (let at = 0; at < input.length; now += 20) {
    const shared = Buffer.from(input.subarray(at, (at += 1 + Math.floor(random.next() ** 3 * 8192))));
    take(session.receive(shared, now));
    shared.fill(0xee);
    if (session.stage === 'playing') serve(session, random, now, take);
    assert.ok(session.heldBytes <= DEFAULT_RTMP_LIMITS.partialBytes);
  }
  publication?.end('vanished');
  return { stage: session.stage, results };
}

/** What a host gives to somebody who plays. */
function serve(
  session: ServerSession,
  random: Random,
  now: number,
  take: (results: readonly SessionResult[]) => void,
): void {
  const pieces = random.chance(0.3)
    ? session.sendMetadata({ width: 96 })
    : session.sendMedia(random.of(['video', 'audio']), now, Buffer.alloc(random.below(300)));
  take(pieces.map((data) => ({ type: 'send', data })));
  if (random.chance(0.1)) take(session.requestReconnect({ description: 'again' }));
}

/** What the server says is a chunk stream that its peer can read to the end. */
function readAnswer(said: Buffer): void {
  const reader = new ChunkReader();
  reader.push(said.subarray(HANDSHAKE_END));
  for (let message = reader.next(); message !== undefined; message = reader.next())
    assert.ok(KNOWN_TYPES.has(message.typeId), `the server sent type ${message.typeId}`);
  assert.equal(reader.heldBytes, 0);
}

/** What must hold for any input. */
export function judgeSession(input: Buffer, { stage, results }: SessionRun): void {
  let media = 0;
  const said: Buffer[] = [];
  results.forEach((result, at) => {
    if (result.type === 'video' || result.type === 'audio') media += result.body.length;
    if (result.type === 'send') said.push(result.data);
    if (result.type !== 'fault') return;
    assert.ok(result.error instanceof MillraceError);
    assert.equal(at, results.length - 1, 'something follows the fault');
    assert.equal(stage, 'ended');
  });
  assert.ok(media <= input.length);
  const answer = Buffer.concat(said);
  assert.ok(answer.length < LOUDEST);
  if (answer.length > 0) readAnswer(answer);
}

const captures = [...readCaptures().values()];

/** What publishers sent, changed: the commands and the first of the media; now and then all of it. */
function changedCapture(random: Random): Buffer {
  const capture = random.of(captures);
  const length = random.chance(0.9) ? HANDSHAKE_END + 500 + random.below(2500) : capture.length;
  const others = captures.map((bytes) => bytes.subarray(HANDSHAKE_END));
  return mutate(capture.subarray(0, length), random, { from: HANDSHAKE_END, others });
}

const COMMANDS = [
  ...['createStream', 'publish', 'publish', 'play', 'play', 'releaseStream', 'FCPublish', 'FCUnpublish'],
  ...['deleteStream', 'closeStream', 'pause', 'seek', 'receiveVideo', 'receiveAudio', 'getStreamLength'],
  ...['_checkbw', 'FCSubscribe', 'play2', '_result', '_error', 'onStatus', 'nothing like it'],
];
const ARGUMENTS: readonly Amf0Value[] = [
  null,
  true,
  false,
  0,
  1,
  -2,
  1e9,
  Number.NaN,
  'key',
  'live',
  '',
  'mp4:a?b=c',
];

/** Messages in any order, each well formed: commands with any arguments, pings, metadata and media. */
function anyConversation(random: Random): Buffer {
  const writer = new ChunkWriter();
  const encoder = new PlainEncoder(random);
  const message = (): RtmpMessage => {
    const streamId = random.chance(0.9) ? 1 : random.below(4);
    const kind = random.of(['video', 'audio'] as const);
    const isVideo = kind === 'video';
    switch (random.below(6)) {
      case 0:
        return userControlMessage(random.of([3, 6, 6, 7, 26, 99]), random.below(100));
      case 1:
        return metadataMessage(streamId, { width: 96, framerate: 25 });
      case 2:
        return mediaMessage(
          kind,
          streamId,
          random.below(5000),
          random.chance(0.5) ? encoder.config(isVideo) : encoder.frame(isVideo),
        );
      case 3:
        return mediaMessage(
          kind,
          streamId,
          random.below(5000),
          isVideo ? videoBody(random) : audioBody(random),
        );
      default: {
        const args = Array.from({ length: random.below(4) }, () => random.of(ARGUMENTS));
        return commandMessage(
          random.of(COMMANDS),
          random.below(9),
          random.of([null, null, undefined, 1]),
          args,
          streamId,
        );
      }
    }
  };
  const connect = amfObject({
    app: 'live',
    tcUrl: 'rtmp://host/live',
    capsEx: random.below(16),
    fourCcList: ['*'],
  });
  const messages = [
    ...(random.chance(0.98) ? [commandMessage('connect', 1, connect)] : []),
    ...(random.chance(0.8) ? [commandMessage(random.of(['publish', 'play']), 0, null, ['key'], 1)] : []),
    ...Array.from({ length: random.below(30) }, message),
  ];
  const handshake = Buffer.alloc(HANDSHAKE_END, 3);
  const size = random.of([128, 128, 4096, 1 + random.below(500)]);
  return Buffer.concat([handshake, writer.setChunkSize(size), ...messages.map((each) => writer.write(each))]);
}

/** Whole connections. */
export const session: FuzzTarget = {
  name: 'session',
  weight: 1,
  make: (random) => (random.chance(0.5) ? changedCapture(random) : anyConversation(random)),
  check: (input) => judgeSession(input, runSession(input, randomFor(input))),
};
