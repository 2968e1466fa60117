import { describe, expect, it } from 'vitest';
import { put, without } from './support/plant.js';
import { brokenIn, check, type Checked } from './support/run-fake.js';

const unjudged = ({ verdict }: Checked): string[] => [
  ...new Set(verdict.unjudged.flatMap(({ lacks }) => lacks)),
];

describe('the checker with a server that keeps the rules', () => {
  it('finds nothing, judges every rule, and follows all renditions at once', async () => {
    const checked = await check({}, 60);
    expect(brokenIn(checked)).toEqual({});
    expect(checked.verdict.unjudged).toEqual([]);
    expect(checked.seen.renditions.map(({ name, kind }) => [name, kind])).toEqual([
      ['high', 'variant'],
      ['low', 'variant'],
      ['audio', 'audio'],
    ]);
    for (const { versions, media } of checked.seen.renditions) {
      expect(versions.filter(({ asked }) => asked.msn !== undefined).length).toBeGreaterThan(50);
      expect(versions.filter(({ playlist }) => playlist.skipped !== undefined).length).toBeGreaterThan(30);
      const fetched = [...media.values()];
      expect(fetched.filter(({ kind, hinted }) => kind === 'part' && hinted).length).toBeGreaterThan(50);
      expect(fetched.filter(({ kind }) => kind === 'segment').length).toBeGreaterThan(10);
    }
  });

  it('finds nothing when the presentation ends', async () => {
    const checked = await check({ options: { endsAt: 10.8 } }, 30);
    expect(brokenIn(checked)).toEqual({});
    expect(checked.seen.endedAt - checked.seen.startedAt).toBeLessThan(20_000);
  });

  it('finds nothing in a recording, and fetches it from its beginning', async () => {
    const checked = await check({ options: { age: 60.2, endsAt: 0, discontinuities: [3] } }, 10);
    expect(brokenIn(checked)).toEqual({});
    expect(unjudged(checked)).toEqual(expect.arrayContaining(['live', 'blocking']));
    const { media } = checked.seen.renditions[0] ?? { media: new Map<string, { kind: string }>() };
    expect([...media.values()].filter(({ kind }) => kind === 'segment')).toHaveLength(10);
  });

  it('makes only a player’s requests when it is passive', async () => {
    const checked = await check({}, 12, true);
    expect(brokenIn(checked)).toEqual({});
    expect(checked.seen.probes).toEqual([]);
    expect(unjudged(checked)).toEqual(['active']);
  });

  it('judges one media playlist by itself', async () => {
    const checked = await check({}, 12, false, 'high/index.m3u8');
    expect(brokenIn(checked)).toEqual({});
    expect(unjudged(checked).sort()).toEqual(['multivariant', 'several']);
  });

  it('polls a server that neither lists parts nor holds requests', async () => {
    const lowLatency = ['PART:', 'PART-INF', 'SERVER-CONTROL', 'PRELOAD-HINT', 'RENDITION-REPORT'];
    const plain = lowLatency.map((tag) => without(`#EXT-X-${tag}`));
    const noOpenSegment = put(/(#EXT-X-DISCONTINUITY\n)?(#EXT-X-MAP[^\n]*\n)?#EXT-X-PROGRAM[^\n]*\n$/, '');
    const checked = await check(
      { playlist: (text) => noOpenSegment(plain.reduce((left, strip) => strip(left), text)) },
      40,
    );
    expect(brokenIn(checked)).toEqual({});
    expect(unjudged(checked).sort()).toEqual(['blocking', 'delta', 'parts']);
    expect(checked.seen.renditions[0]?.versions.length).toBeLessThan(15);
  });
});

describe('what the checker cannot judge', () => {
  it('is a server that does not answer well', async () => {
    const refused = check({ reply: (made) => ({ ...made, status: 500 }) });
    await expect(refused).rejects.toMatchObject({ code: 'CHECK_UNREACHABLE' });
  });

  it('is a page that is no playlist', async () => {
    const page = check({ multivariant: () => '<!doctype html>' });
    await expect(page).rejects.toMatchObject({ code: 'CHECK_NOT_HLS' });
  });

  it('is a multivariant playlist of nothing', async () => {
    const empty = check({ multivariant: () => '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n' });
    await expect(empty).rejects.toMatchObject({ code: 'CHECK_NOT_HLS' });
  });
});
