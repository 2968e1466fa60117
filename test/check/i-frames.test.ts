import { expect, it } from 'vitest';
import { readFragments } from '../../src/check/boxes/fragments.js';
import { readInitSegment } from '../../src/check/boxes/init-segment.js';
import { judge } from '../../src/check/judge.js';
import type { MediaObservation, Observation } from '../../src/check/observation.js';
import { boxAt, fakeInit, fakePart } from './support/fake-media.js';
import { check } from './support/run-fake.js';

/** What was seen, and an I-frame playlist beside it whose one entry is the first `length` bytes of a part. */
function withIFrame(seen: Observation, length: number): Observation {
  const [rendition] = seen.renditions;
  const [key, media] = [...(rendition?.media ?? [])].find(([, { kind }]) => kind === 'segment') ?? [];
  if (rendition === undefined || key === undefined || media === undefined)
    throw new Error('nothing was seen');
  const init = readInitSegment(fakeInit('high'));
  const range: MediaObservation = {
    ...media,
    rendition: 'i-frames',
    byteRange: { start: 0, length },
    fragments: readFragments(fakePart('high', 0, false).subarray(0, length), init),
  };
  const iFrames = {
    ...rendition,
    name: 'i-frames',
    kind: 'i-frames',
    media: new Map([[key, range]]),
  } as const;
  return { ...seen, renditions: [...seen.renditions, iFrames] };
}

const judged = (seen: Observation): string[] =>
  judge(seen, { only: new Set(['C4']) }).broken.flatMap(({ findings }) => findings.map((f) => f.message));

it('C4: the range of an I-frame may end within its fragment, but not within its picture', async () => {
  const { seen } = await check({}, 6);
  const part = fakePart('high', 0, false);
  const picture = part.readUInt32BE(boxAt(part, 'mdat')) + 4;
  const end = boxAt(part, 'mdat') + picture;
  expect(end).toBeLessThan(part.length);
  expect(judged(withIFrame(seen, end))).toEqual([]);
  expect(judged(withIFrame(seen, end - 1))).not.toEqual([]);
});
