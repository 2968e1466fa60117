import assert from 'node:assert/strict';
import type { TimelineEvent } from '../../../src/media/timeline-events.js';
import { audioBody, PlainEncoder, videoBody } from '../bodies.js';
import { mutate } from '../mutate.js';
import { publicationOf } from '../support.js';
import type { FuzzTarget } from '../target.js';

/** Kind, timestamp and length before each body. */
const HEADER_LENGTH = 7;

const JUMPS = [0, 1, 40, 5000, 0x7fffffff, 0x80000000, 0xffffff00, 3_600_000];

function message(timestamp: number, isVideo: boolean, whole: Buffer): Buffer {
  const body = whole.subarray(0, 0xffff);
  const header = Buffer.alloc(HEADER_LENGTH);
  header[0] = isVideo ? 9 : 8;
  header.writeUInt32BE(timestamp >>> 0, 1);
  header.writeUInt16BE(body.length, 5);
  return Buffer.concat([header, body]);
}

/** What a publish sends once it is let in: any tracks at any times come out in order, or not at all. */
export const publication: FuzzTarget = {
  name: 'publication',
  weight: 6,
  make(random) {
    let time = random.chance(0.5) ? 0 : random.of([0xffffff00, 0x7fffff00, 16_777_000]);
    const encoder = new PlainEncoder(random);
    const strays = random.of([0, 0.05, 1]);
    const kinds = random.of([[true], [false], [true, true, false]]);
    const messages = kinds.map((isVideo) => message(0, isVideo, encoder.config(isVideo)));
    for (let left = 1 + random.below(40); left > 0; left--) {
      time += random.chance(0.9) ? random.of([20, 23, 33, 40]) : random.of(JUMPS);
      const isVideo = random.of(kinds);
      const isStray = random.chance(strays);
      const stray = isVideo ? videoBody : audioBody;
      const own = random.chance(0.95) ? encoder.frame(isVideo) : encoder.config(isVideo);
      messages.push(message(time, isVideo, isStray ? stray(random) : own));
    }
    const bytes = Buffer.concat(messages);
    return random.chance(0.2) ? mutate(bytes, random) : bytes;
  },
  check(input) {
    const events: TimelineEvent[] = [];
    const target = publicationOf((event) => events.push(event));
    let frames = 0;
    let arrival = 1_700_000_000_000;
    for (let at = 0; at + HEADER_LENGTH <= input.length;) {
      const end = at + HEADER_LENGTH + input.readUInt16BE(at + 5);
      const body = Buffer.from(input.subarray(at + HEADER_LENGTH, end));
      const timestamp = input.readUInt32BE(at + 1);
      if (input[at] === 9) target.video(timestamp, body, arrival);
      else target.audio(timestamp, body, arrival);
      frames += 1 + body.length / 8;
      arrival += 20;
      at = end;
    }
    target.end('goodbye');
    assert.ok(events.length <= 4 + 3 * frames);
    checkOrder(events);
  },
};

/** Each epoch begins with its tracks; on each of them time goes forwards. */
function checkOrder(events: readonly TimelineEvent[]): void {
  let last: Map<string, number> | undefined;
  for (const event of events) {
    if (event.type === 'start') {
      assert.ok(event.video !== undefined || event.audio !== undefined);
      last = new Map();
    } else if (event.type === 'discontinuity') {
      last = undefined;
    } else if (event.type === 'unit') {
      assert.ok(last !== undefined, 'a unit outside an epoch');
      const track = `${event.kind} ${event.alternate ?? 'lead'}`;
      const { dts, pts, duration } = event.unit;
      assert.ok([dts, pts, duration].every(Number.isSafeInteger), `${dts} ${pts} ${duration}`);
      assert.ok(duration > 0);
      assert.ok(dts > (last.get(track) ?? Number.NEGATIVE_INFINITY), `${track} goes back to ${dts}`);
      last.set(track, dts);
    }
  }
}
