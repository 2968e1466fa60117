import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { ClientHandshake, HANDSHAKE_SIZE, ServerHandshake } from '../../src/rtmp/handshake.js';
import { codeOf, cut, singleBytes } from './support.js';

const c1 = Buffer.from(Array.from({ length: HANDSHAKE_SIZE }, (_, i) => (i * 7) & 0xff));
const c0c1 = Buffer.concat([Buffer.of(3), c1]);
const c2 = Buffer.alloc(HANDSHAKE_SIZE, 0x5a);

/** Feeds pieces and gathers what came back. */
function run(handshake: ServerHandshake | ClientHandshake, pieces: readonly Buffer[]) {
  const sent: Buffer[] = [];
  for (const [index, piece] of pieces.entries()) {
    const step = handshake.receive(piece);
    sent.push(...step.send);
    if (step.done) {
      return {
        sent: Buffer.concat(sent),
        rest: Buffer.concat([step.rest, ...pieces.slice(index + 1)]),
        done: true,
      };
    }
  }
  return { sent: Buffer.concat(sent), rest: Buffer.alloc(0), done: false };
}

describe('server handshake', () => {
  test.each([0x47, 0x50, 0x16, 0x06, 0x00, 0x02])('H1: a first byte of 0x%s is refused at once', (first) => {
    expect(codeOf(() => new ServerHandshake().receive(Buffer.of(first)))).toBe('RTMP_BAD_VERSION');
  });

  test('H2: nothing is answered before C1 is whole, then S0, S1 and S2 are', () => {
    const handshake = new ServerHandshake();
    expect(handshake.receive(c0c1.subarray(0, -1)).send).toEqual([]);
    const sent = Buffer.concat(handshake.receive(c0c1.subarray(-1)).send);
    expect(sent).toHaveLength(1 + 2 * HANDSHAKE_SIZE);
    expect(sent[0]).toBe(3);
  });

  test('H3: S2 repeats C1 byte for byte', () => {
    const { sent } = run(new ServerHandshake(), [c0c1]);
    expect(sent.subarray(1 + HANDSHAKE_SIZE).equals(c1)).toBe(true);
  });

  test('S1 begins with a time and four zero bytes and is not the same twice', () => {
    const first = run(new ServerHandshake(), [c0c1]).sent.subarray(1, 1 + HANDSHAKE_SIZE);
    const second = run(new ServerHandshake(), [c0c1]).sent.subarray(1, 1 + HANDSHAKE_SIZE);
    expect(first.readUInt32BE(4)).toBe(0);
    expect(first.equals(second)).toBe(false);
  });

  test('H4: a C2 that echoes nothing of S1 is accepted', () => {
    expect(run(new ServerHandshake(), [c0c1, c2]).done).toBe(true);
  });

  test('H2: whatever the split, byte by byte or glued to the connect command, the rest is handed on', () => {
    const rest = Buffer.from('connect and more');
    const all = Buffer.concat([c0c1, c2, rest]);
    expect(run(new ServerHandshake(), singleBytes(all)).rest.equals(rest)).toBe(true);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
        const result = run(new ServerHandshake(), cut(all, places));
        expect(result.done).toBe(true);
        expect(result.rest.equals(rest)).toBe(true);
        expect(result.sent.subarray(1 + HANDSHAKE_SIZE).equals(c1)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('an empty read changes nothing', () => {
    expect(new ServerHandshake().receive(Buffer.alloc(0))).toMatchObject({ send: [], done: false });
  });
});

describe('H5: a client that wants digests', () => {
  const PLAYER = 'Genuine Adobe Flash Player 001';
  const SERVER = 'Genuine Adobe Flash Media Server 001';
  const KEY_END = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
  const hmac = (key: Buffer | string, ...parts: Buffer[]): Buffer =>
    createHmac('sha256', key).update(Buffer.concat(parts)).digest();

  /** Where a schema's digest stands: its four bytes are at `at`. */
  const place = (bytes: Buffer, at: number): number =>
    at + 4 + ([0, 1, 2, 3].reduce((sum, i) => sum + bytes[at + i]!, 0) % 728);
  const digest = (bytes: Buffer, where: number, key: string): Buffer =>
    hmac(key, bytes.subarray(0, where), bytes.subarray(where + 32));

  /** A C1 as Flash makes it. */
  function signed(at: number, filling = c1): { bytes: Buffer; where: number } {
    const bytes = Buffer.from(filling);
    bytes.writeUInt32BE(0x80000702, 4);
    const where = place(bytes, at);
    digest(bytes, where, PLAYER).copy(bytes, where);
    return { bytes, where };
  }

  const answerTo = (first: Buffer): { s1: Buffer; s2: Buffer } => {
    const { sent } = run(new ServerHandshake(), [Buffer.of(3), first]);
    expect(sent[0]).toBe(3);
    return { s1: sent.subarray(1, 1 + HANDSHAKE_SIZE), s2: sent.subarray(1 + HANDSHAKE_SIZE) };
  };

  test.each([
    ['0', 8],
    ['1', 772],
  ])('in schema %s gets both of the server', (_, at) => {
    const { bytes, where } = signed(at);
    const { s1, s2 } = answerTo(bytes);
    expect(s1.readUInt32BE(4)).not.toBe(0);
    const own = place(s1, at);
    expect(s1.subarray(own, own + 32)).toEqual(digest(s1, own, SERVER));
    const key = hmac(Buffer.concat([Buffer.from(SERVER), KEY_END]), bytes.subarray(where, where + 32));
    expect(s2.subarray(-32)).toEqual(hmac(key, s2.subarray(0, -32)));
  });

  test.each([8, 772])('finds the digest wherever the bytes at %i put it', (at) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (choice) => {
        const filling = Buffer.from(c1);
        filling.set(choice, at);
        const { s1 } = answerTo(signed(at, filling).bytes);
        const own = place(s1, at);
        expect(s1.subarray(own, own + 32)).toEqual(digest(s1, own, SERVER));
      }),
      { numRuns: 100 },
    );
  });

  test('with a digest that is not right gets the plain echo', () => {
    const { bytes, where } = signed(8);
    bytes[where] = bytes[where]! ^ 1;
    const { s1, s2 } = answerTo(bytes);
    expect(s1.readUInt32BE(4)).toBe(0);
    expect(s2).toEqual(bytes);
  });

  test('that says no version gets the plain echo, whatever its bytes look like', () => {
    const { bytes } = signed(8);
    bytes.writeUInt32BE(0, 4);
    expect(answerTo(bytes).s2).toEqual(bytes);
  });
});

describe('client handshake', () => {
  test('meets the server handshake, and both hand on what follows', () => {
    const client = new ClientHandshake();
    const server = new ServerHandshake();
    const toClient = Buffer.concat(server.receive(client.start()).send);
    const clientStep = client.receive(Buffer.concat([toClient, Buffer.from('after')]));
    expect(clientStep.done).toBe(true);
    expect(clientStep.rest.toString()).toBe('after');
    const serverStep = server.receive(Buffer.concat(clientStep.send));
    expect(serverStep.done).toBe(true);
    expect(serverStep.send).toEqual([]);
    // C2 repeats S1.
    expect(Buffer.concat(clientStep.send).equals(toClient.subarray(1, 1 + HANDSHAKE_SIZE))).toBe(true);
  });
});
