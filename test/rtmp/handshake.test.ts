import fc from 'fast-check';
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
