import { describe, expect, it } from 'vitest';
import { topLevel } from '../cmaf/read-back.js';
import { cueOf } from '../support/cues.js';
import { fakeTranscoders } from '../support/fake-transcoder.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { audioTrack, sound, started } from '../support/synthetic-stream.js';

const RUNG = { name: '90p', width: 160, height: 90, videoBitrate: 100_000 };
const hello = cueOf({ values: new Map([['text', 'hello']]) });

describe('cues of an epoch', () => {
  it('are in the media of every rendition of the picture, also of one that comes late, and not in the sound', () => {
    const presentation = newPresentation();
    const { create, made } = fakeTranscoders();
    const epoch = newEpoch(presentation, { rungs: [RUNG], createTranscoder: create });
    feed(epoch, 0, 30);
    epoch.cue(2500, hello);
    feed(epoch, 30, 60);
    made[0]?.give();
    feed(epoch, 60, 130);
    made[0]?.give();
    const eventsIn = (rendition: string): string[] =>
      Array.from({ length: 10 }, (_, part) => presentation.rendition(rendition)?.part('p-1', 1, part))
        .map((data, part) => `${part}: ${data === undefined ? 'none' : topLevel(data).join(' ')}`)
        .filter((line) => line.includes('emsg'));
    expect(eventsIn('source')).toEqual(['2: emsg moof mdat']);
    expect(eventsIn('90p')).toEqual(['2: emsg moof mdat']);
    expect(eventsIn('audio')).toEqual([]);
  });

  it('are in the sound where there is no picture', () => {
    const presentation = newPresentation();
    const epoch = newEpoch(presentation, { start: started(undefined, audioTrack()) });
    epoch.cue(0, hello);
    for (let n = 0; n < 50; n++) epoch.push('audio', sound(n));
    const first = presentation.rendition('audio')?.part('p-1', 0, 0);
    expect(first && topLevel(first)).toEqual(['styp', 'emsg', 'moof', 'mdat']);
  });

  it('P8: go on over a publisher that comes back: a break that began before ends after', () => {
    const presentation = newPresentation();
    const first = newEpoch(presentation);
    feed(first, 0, 90);
    first.cue(1000, cueOf({ type: 'splice', role: 'out', event: '4' }));
    first.finish();
    const second = newEpoch(presentation);
    feed(second, 0, 90);
    second.cue(2000, cueOf({ type: 'splice', role: 'in', event: '4' }));
    presentation.open();
    expect(presentation.snapshot().dateRanges).toMatchObject([
      { id: 'p-1-1' },
      // The second epoch begins where the first ended, after 3 s.
      { id: 'p-1-1', duration: expect.closeTo(4, 1) as number },
    ]);
  });
});
