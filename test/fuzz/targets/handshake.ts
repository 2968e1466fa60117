import assert from 'node:assert/strict';
import { ClientHandshake, HANDSHAKE_SIZE, ServerHandshake } from '../../../src/rtmp/handshake.js';
import { mutate } from '../mutate.js';
import { randomFor } from '../random.js';
import { attempt, Refusal, type FuzzTarget } from '../target.js';

const WHOLE = 1 + 2 * HANDSHAKE_SIZE;
/** Both sides' answers together: version, first half and echo. */
const LONGEST_ANSWER = WHOLE;

/** C0 to C2, or S0 to S2, whole, changed or cut, with more behind it. */
export const handshake: FuzzTarget = {
  name: 'handshake',
  weight: 3,
  make(random) {
    const bytes = Buffer.alloc(WHOLE + random.below(50), random.below(256));
    bytes[0] = random.chance(0.95) ? 3 : random.below(256);
    // What says that a digest is wanted.
    if (random.chance(0.5)) bytes.writeUInt32BE(random.of([0x09007c02, 0x80000702, 0, 1]), 5);
    const changed = random.chance(0.5) ? mutate(bytes, random) : bytes;
    return changed.subarray(0, random.chance(0.7) ? changed.length : random.below(changed.length + 1));
  },
  check(input) {
    const random = randomFor(input);
    const side = random.chance(0.5) ? new ServerHandshake() : new ClientHandshake();
    let sent = 0;
    let done = false;
    let rest = 0;
    const refusal = attempt(() => {
      for (let at = 0; at < input.length && !done;) {
        const piece = input.subarray(at, (at += 1 + random.below(2000)));
        const step = side.receive(piece);
        for (const data of step.send) sent += data.length;
        done = step.done;
        rest = step.rest.length + Math.max(0, input.length - at);
      }
    });
    assert.ok(sent <= LONGEST_ANSWER);
    if (refusal instanceof Refusal) assert.equal(refusal.code, 'RTMP_BAD_VERSION');
    assert.equal(done, !(refusal instanceof Refusal) && input.length >= WHOLE);
    if (done) assert.equal(rest, input.length - WHOLE);
  },
};
