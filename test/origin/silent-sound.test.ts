import { describe, expect, it } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { Epoch } from '../../src/origin/epoch.js';
import type { Presentation } from '../../src/origin/presentation.js';
import { newEpoch, newPresentation } from '../support/presentation.js';
import { readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { audioTrack, frame, sound, started, videoTrack } from '../support/synthetic-stream.js';

const FPS = 30;
const read = (presentation: Presentation, name: string): ReadPlaylist =>
  readPlaylist(renderMediaPlaylist(presentation.snapshot(), name) ?? '');

/** Frames [from, to), with the sound that belongs to them where `audible` says so. */
function play(epoch: Epoch, from: number, to: number, audible: (n: number) => boolean, delay = 0): void {
  for (let n = from; n < to; n++) {
    epoch.push('video', frame(n));
    const heard = n - delay;
    if (heard < 0 || !audible(heard)) continue;
    const first = Math.ceil((heard / FPS) * (48_000 / 1024));
    for (let i = first; i * 1024 < ((heard + 1) / FPS) * 48_000; i++) epoch.push('audio', sound(i));
  }
}

describe('the only sound of a picture', () => {
  const begin = (): { presentation: Presentation; epoch: Epoch } => {
    const presentation = newPresentation();
    return { presentation, epoch: newEpoch(presentation, { start: started(videoTrack(), audioTrack()) }) };
  };

  it('M20 goes on with gaps where it stops, so that nobody waits for it, and is there again when it returns', () => {
    const { presentation, epoch } = begin();
    const isSilent = (n: number): boolean => n >= 150 && n < 450;
    play(epoch, 0, 450, (n) => !isSilent(n));
    const away = read(presentation, 'audio');
    const source = read(presentation, 'source');
    expect(away.segments.at(-1)?.gap).toBe(true);
    expect((source.segments.at(-1)?.msn ?? 0) - (away.segments.at(-1)?.msn ?? 0)).toBeLessThanOrEqual(1);
    expect(presentation.rendition('audio')?.snapshot().active).toBe(false);

    play(epoch, 450, 700, () => true);
    epoch.finish();
    const back = read(presentation, 'audio');
    expect(back.segments.slice(-2).map(({ gap }) => gap)).toEqual([false, false]);
    expect(back.segments.map(({ msn }) => msn)).toEqual(
      read(presentation, 'source').segments.map(({ msn }) => msn),
    );
    expect(presentation.rendition('audio')?.snapshot().active).toBe(true);
  });

  it('T3 loses nothing where it always comes 2 seconds late', () => {
    const { presentation, epoch } = begin();
    play(epoch, 0, 600, () => true, 2 * FPS);
    const { segments } = read(presentation, 'audio');
    expect(segments.length).toBeGreaterThan(6);
    expect(segments.some(({ gap }) => gap)).toBe(false);
  });
});
