import { fragment, segmentType } from '../../../src/cmaf/fragment.js';
import { initSegment } from '../../../src/cmaf/init-segment.js';
import { audioTrack, videoTrack } from '../../support/synthetic-stream.js';

export type FakeName = 'high' | 'low' | 'audio';

export const FPS = 10;
const KEYFRAME_FRAMES = 30;
const AUDIO_FRAMES = 50;
const FRAME_BYTES: Readonly<Record<FakeName, number>> = { high: 2500, low: 1000, audio: 200 };
const SIZES = { high: { width: 320, height: 180 }, low: { width: 160, height: 90 } };

const trackOf = (name: FakeName) => {
  if (name === 'audio') return audioTrack();
  const { width, height } = SIZES[name];
  return videoTrack(FPS, { width, height, displayWidth: width, displayHeight: height });
};

/** Bytes of a NAL unit of a picture, or of sound. */
function payload(name: FakeName, index: number, keyframe: boolean): Buffer {
  const data = Buffer.alloc(FRAME_BYTES[name], index % 251);
  data.writeUInt32BE(data.length - 4, 0);
  data.writeUInt8(keyframe ? 0x65 : 0x41, 4);
  return data;
}

const cache = new Map<string, Buffer>();

function cached(key: string, make: () => Buffer): Buffer {
  let data = cache.get(key);
  if (data === undefined) cache.set(key, (data = make()));
  return data;
}

export const fakeInit = (name: FakeName): Buffer => cached(`${name} init`, () => initSegment(trackOf(name)));

/** How the media of one part is to be: one second, counted from the begin of the stream. */
export function fakePart(name: FakeName, second: number, firstOfSegment: boolean): Buffer {
  return cached(`${name} ${second}`, () => {
    const sound = name === 'audio';
    const count = sound ? AUDIO_FRAMES : FPS;
    const duration = (sound ? 48_000 : 90_000) / count;
    const samples = Array.from({ length: count }, (_, i) => {
      const index = second * count + i;
      const keyframe = sound || index % KEYFRAME_FRAMES === 0;
      return { duration, compositionOffset: 0, keyframe, data: payload(name, index, keyframe) };
    });
    const body = fragment({
      sequence: second + 1,
      track: trackOf(name),
      baseDecodeTime: second * count * duration,
      samples,
    });
    return firstOfSegment ? Buffer.concat([segmentType(), body]) : body;
  });
}

/** Whether a part of this second has an independent frame. */
export const isIndependent = (name: FakeName, second: number): boolean =>
  name === 'audio' || (second * FPS) % KEYFRAME_FRAMES === 0;

/** Positions of a box's payload: of the `nth` of its type. */
export function boxAt(data: Buffer, type: string, nth = 0): number {
  let at = -1;
  for (let i = 0; i <= nth; i++) at = data.indexOf(type, at + 1, 'latin1');
  if (at < 0) throw new Error(`there is no ${type}`);
  return at + 4;
}

/** A copy of media with something written into it. */
export function patched(data: Buffer, write: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(data);
  write(copy);
  return copy;
}
