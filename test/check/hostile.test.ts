import { describe, expect, it } from 'vitest';
import { MediaFetcher } from '../../src/check/follow/media-fetcher.js';
import { PlaylistBudget } from '../../src/check/follow/playlist-budget.js';
import { PlaylistFollower } from '../../src/check/follow/playlist-follower.js';
import { MAX_RENDITIONS, renditionsOf } from '../../src/check/follow/renditions.js';
import type { PlaylistVersion } from '../../src/check/observation.js';
import { readMediaPlaylist } from '../../src/check/playlist/media-playlist.js';
import { readMultivariantPlaylist } from '../../src/check/playlist/multivariant-playlist.js';
import { inVersion } from '../../src/check/rules/rule.js';
import type { Answer, Transport } from '../../src/check/transport.js';
import { check } from './support/run-fake.js';

/** Answers nothing, and writes down what it is asked for. */
function silentServer() {
  const asked: string[] = [];
  const transport: Transport = {
    request: (url) => {
      asked.push(url);
      return new Promise<Answer>(() => undefined);
    },
    offersHttp2: () => Promise.resolve(undefined),
    close: () => undefined,
  };
  return { asked, transport };
}

const clock = { now: () => 0, sleep: () => Promise.resolve() };

const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join('\n');

describe('a server that is out to hurt the checker', () => {
  it('cannot keep it busy with names for thousands of renditions', () => {
    const text = `#EXTM3U\n${lines(50_000, (n) => `#EXT-X-STREAM-INF:BANDWIDTH=1\nv${n}.m3u8`)}`;
    const { sources, listed } = renditionsOf(readMultivariantPlaylist(text), 'http://origin.example/');
    expect([sources.length, listed]).toEqual([MAX_RENDITIONS, 50_000]);
    expect(sources[1]?.name).toBe('v1');
  });

  it('cannot make it hold a request for each of thousands of hints', () => {
    const { asked, transport } = silentServer();
    const fetcher = new MediaFetcher({
      ...{ name: 'v', kind: 'variant', url: () => 'http://origin.example/v.m3u8' },
      ...{ transport, clock, deadline: 1000 },
    });
    const playlist = readMediaPlaylist(
      `#EXTM3U\n${lines(5000, (n) => `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="h${n}"`)}`,
    );
    fetcher.see({ number: 1, playlist, segments: [], fresh: [] } as unknown as PlaylistVersion);
    expect(asked).toHaveLength(4);
  });

  it('cannot keep it busy with the lines of faults that nobody is shown', () => {
    let reads = 0;
    const version = {
      exchange: { firstByteAt: 0, url: '' },
      get text() {
        reads += 1;
        return 'first\nsecond';
      },
    } as unknown as PlaylistVersion;
    const findings = Array.from({ length: 1000 }, () => inVersion(version, 'bad', 'second'));
    expect(reads).toBe(0);
    expect(findings[0]?.lines).toEqual([{ number: 2, text: 'second' }]);
  });

  it('is followed no further once the memory for playlists is used up', async () => {
    const { asked, transport } = silentServer();
    const budget = new PlaylistBudget();
    const tags = new Array<PlaylistVersion['playlist']['tags'][number]>(2_000_001);
    budget.spend({ playlist: { ...readMediaPlaylist(''), tags }, fresh: [] });
    const follower = new PlaylistFollower({
      ...{ name: 'v', url: 'http://origin.example/v.m3u8', transport, clock, deadline: 1000, budget },
      onVersion: () => undefined,
    });
    await follower.run();
    expect(asked).toEqual([]);
  });
});

it('keeps what does not change from one playlist to the next only once', async () => {
  const { seen } = await check({}, 10);
  const full = seen.renditions.map(({ versions }) =>
    versions.filter(({ playlist }) => playlist.skipped === undefined),
  );
  const [before, after] = full[0] ?? [];
  const msn = (after?.playlist.mediaSequence ?? 0) + 1;
  const kept = (version: PlaylistVersion | undefined) =>
    version?.playlist.segments.find((segment) => segment.msn === msn);
  expect(kept(before)).toBeDefined();
  expect(kept(after)).toBe(kept(before));
});
