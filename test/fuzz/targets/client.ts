import assert from 'node:assert/strict';
import { ClientSession } from '../../../src/rtmp/client-session.js';
import { HANDSHAKE_SIZE } from '../../../src/rtmp/handshake.js';
import { ServerSession } from '../../../src/rtmp/server-session.js';
import { mutate } from '../mutate.js';
import { randomFor } from '../random.js';
import type { FuzzTarget } from '../target.js';

const HANDSHAKE_END = 1 + 2 * HANDSHAKE_SIZE;
const LOUDEST = 100_000;
const OPTIONS = { app: 'live', streamKey: 'key', tcUrl: 'rtmp://127.0.0.1/live' };

/** What a server says to a publisher, from S0 to a request to come again. */
const conversation = ((): Buffer => {
  const client = new ClientSession(OPTIONS);
  const server = new ServerSession();
  const said: Buffer[] = [];
  let toServer = client.start();
  for (let turn = 0; turn < 8; turn++) {
    const results = toServer.flatMap((bytes) => server.receive(bytes, 0));
    const wantsIn = results.some(({ type }) => type === 'publish');
    const answers = [...results, ...(wantsIn ? server.acceptPublish() : [])];
    const bytes = Buffer.concat(answers.flatMap((result) => (result.type === 'send' ? [result.data] : [])));
    said.push(bytes);
    toServer = client.receive(Buffer.from(bytes), 0).flatMap((r) => (r.type === 'send' ? [r.data] : []));
  }
  const closing = server.close({
    level: 'status',
    code: 'NetConnection.Connect.Closed',
    description: 'over',
  });
  said.push(...closing.flatMap((result) => (result.type === 'send' ? [result.data] : [])));
  return Buffer.concat(said);
})();

/** A server that we publish to may say anything, too. */
export const client: FuzzTarget = {
  name: 'client',
  weight: 0.5,
  make: (random) => mutate(conversation, random, { from: HANDSHAKE_END }),
  check(input) {
    const random = randomFor(input);
    const subject = new ClientSession(OPTIONS);
    let sent = 0;
    let closed = 0;
    let ready = false;
    for (let at = 0; at < input.length;) {
      const shared = Buffer.from(input.subarray(at, (at += 1 + random.below(2000))));
      for (const result of subject.receive(shared, at)) {
        if (result.type === 'send') sent += result.data.length;
        if (result.type === 'ready') ready = true;
        if (result.type === 'closed') closed++;
      }
      if (ready && closed === 0) sent += Buffer.concat(subject.video(at, Buffer.alloc(20))).length;
      shared.fill(0xee);
    }
    subject.goodbye();
    assert.ok(closed <= 1);
    assert.ok(sent < LOUDEST);
  },
};
