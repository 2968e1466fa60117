import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateRangeLine } from '../../src/hls/date-range.js';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { Cue } from '../../src/media/cue.js';
import type { DateRangeTag } from '../../src/origin/snapshot.js';
import { cueOf } from '../support/cues.js';
import { readAttributes, readPlaylist, type ReadPlaylist } from '../support/playlist.js';
import { feed, newEpoch, newPresentation } from '../support/presentation.js';
import { WALL_CLOCK } from '../support/synthetic-stream.js';

const START = Date.UTC(2026, 10, 22, 19, 0, 0, 250);
const tagOf = (over: Partial<DateRangeTag> = {}): DateRangeTag => ({
  id: 'e-1',
  class: 'text',
  start: START,
  values: new Map(),
  added: 0,
  ...over,
});

const VALUE = '"[^"\\r\\n]+"|0x[0-9A-F]+|\\d+(?:\\.\\d+)?';
const TAG = new RegExp(`^#EXT-X-DATERANGE:[A-Z0-9-]+=(?:${VALUE})(?:,[A-Z0-9-]+=(?:${VALUE}))*$`);

describe('an EXT-X-DATERANGE tag', () => {
  it('P8 P10: states id, class, start, length, and SCTE 35 messages in hexadecimal digits', () => {
    const splice = { class: 'splice', scte35Out: Buffer.from([0xfc, 0x0a]), plannedDuration: 30.5 } as const;
    expect(dateRangeLine(tagOf(splice))).toBe(
      '#EXT-X-DATERANGE:ID="e-1",CLASS="millrace.splice",START-DATE="2026-11-22T19:00:00.250Z",PLANNED-DURATION=30.5,SCTE35-OUT=0xFC0A',
    );
    expect(dateRangeLine(tagOf({ duration: 0 }))).toContain(',DURATION=0');
  });

  it('T5: keeps what an encoder says within its quotes, on one line', () => {
    const values = new Map([
      ['text', 'Say "hi"\r\n#EXT-X-ENDLIST\u2028x\u0000'],
      ['spliceEventId', '4'],
      ['splice_event_id', 'the same name again'],
      ['"', 'no name'],
      ['empty', ' \n '],
    ]);
    const line = dateRangeLine(tagOf({ values }));
    expect(line).toMatch(TAG);
    expect(line).toContain(`X-MILLRACE-TEXT="Say 'hi' #EXT-X-ENDLIST x"`);
    expect(line.match(/X-MILLRACE-[A-Z-]+/g)).toEqual(['X-MILLRACE-TEXT', 'X-MILLRACE-SPLICE-EVENT-ID']);
  });

  it('T2 T5: is well formed whatever is said', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 40 });
    const values = fc.array(fc.tuple(anything, anything), { maxLength: 6 }).map((list) => new Map(list));
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 86_400, noNaN: true }), (said, duration) => {
        const line = dateRangeLine(tagOf({ values: said, duration }));
        expect(line).toMatch(TAG);
        const names = [...line.replace(/"[^"]*"/g, '').matchAll(/([A-Z0-9-]+)=/g)].map(([, name]) => name);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

const FPS = 30;
const WINDOW = 20;
const TARGET_DURATION = 2;
/** Frames between two looks at the playlists. */
const LOOK_EVERY = 13;
const RENDITIONS = ['source', 'audio'];

interface Said {
  /** Frame after which it comes. */
  readonly frame: number;
  /** ms from that frame. */
  readonly ahead: number;
  readonly cue: Cue;
}

const said: fc.Arbitrary<Said> = fc.record({
  frame: fc.nat(FPS * 60),
  ahead: fc.integer({ min: -5000, max: 15_000 }),
  cue: fc
    .record({
      type: fc.constantFrom('splice', 'text', 'data'),
      role: fc.constantFrom('out', 'in', 'point'),
      event: fc.constantFrom(undefined, '1', '2', '3'),
      duration: fc.option(fc.double({ min: 0.1, max: 30, noNaN: true }), { nil: undefined }),
      values: fc.string().map((text) => new Map([['text', text]])),
      scte35: fc.constantFrom(undefined, Buffer.from('fc00', 'hex')),
    })
    .map((fields) => cueOf(fields as Partial<Cue>)),
});

const linesOf = (playlist: ReadPlaylist): readonly string[] => playlist.tags.get('EXT-X-DATERANGE') ?? [];
const idOf = (line: string): string => readAttributes(line).ID ?? '';

function byId(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines) found.set(idOf(line), [...(found.get(idOf(line)) ?? []), line]);
  return found;
}

/** The last instant that the tags of a range state, planned ends included. */
function endOf(lines: readonly string[]): number {
  const tags = lines.map(readAttributes);
  const start = Date.parse(tags[0]?.['START-DATE'] ?? '');
  const length = tags.find((tag) => tag.DURATION !== undefined)?.DURATION ?? tags[0]?.['PLANNED-DURATION'];
  return length === undefined ? Number.POSITIVE_INFINITY : start + Number(length) * 1000;
}

/** Follows one playlist as a client does that asks for deltas (RFC 8216bis 6.3.7). */
class Client {
  #lines: readonly string[] = [];

  constructor(first: ReadPlaylist) {
    this.#lines = linesOf(first);
  }

  get lines(): readonly string[] {
    return [...this.#lines].sort();
  }

  apply(delta: ReadPlaylist): void {
    if (delta.skipped === 0) {
      this.#lines = linesOf(delta);
      return;
    }
    const skip = readAttributes(delta.tags.get('EXT-X-SKIP')?.[0] ?? '');
    const removed = new Set((skip['RECENTLY-REMOVED-DATERANGES'] ?? '').split('\t'));
    const kept = this.#lines.filter((line) => !removed.has(idOf(line)));
    this.#lines = [...new Set([...kept, ...linesOf(delta)])];
  }
}

describe('the date ranges of playlists over time', () => {
  it('P8 M7 D12 D14: are the same in all, never change, leave with their media, and deltas rebuild them', () => {
    fc.assert(
      fc.property(
        fc.array(said, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 170 })),
        (cues, pauses) => {
          const presentation = newPresentation(WINDOW);
          const epoch = newEpoch(presentation);
          const seen = new Map<string, string[]>();
          const gone = new Set<string>();
          const clients = new Map<string, Client>();
          let nextLook = 0;
          let deltas = 0;
          const check = (n: number): void => {
            for (const { frame, ahead, cue } of cues)
              if (frame === n) epoch.cue(Math.max(0, (n * 1000) / FPS + ahead), cue);
            if (!presentation.isOpen && presentation.targetDuration !== undefined) presentation.open();
            if (!presentation.isOpen || n % LOOK_EVERY !== 0) return;
            const snapshot = presentation.snapshot();
            const full = RENDITIONS.map((name) => readPlaylist(renderMediaPlaylist(snapshot, name) ?? ''));
            const lines = linesOf(full[0]!);
            for (const playlist of full) expect(linesOf(playlist)).toEqual(lines);
            const listed = byId(lines);
            for (const [id, now] of listed) {
              expect(gone.has(id)).toBe(false);
              const before = seen.get(id) ?? [];
              expect(now.slice(0, before.length)).toEqual(before);
              seen.set(id, now);
            }
            const oldest = Math.min(...full.map((playlist) => playlist.segments[0]?.dateTime ?? 0));
            for (const [id, before] of seen) {
              if (!listed.has(id)) {
                // Dates are written in whole ms.
                if (!gone.has(id)) expect(endOf(before)).toBeLessThan(oldest + 1);
                gone.add(id);
              } else expect(endOf(before)).toBeGreaterThan(oldest - 2);
            }
            if (n < nextLook) return;
            // A client may use a delta as long as what it has is not older than half the skip boundary.
            nextLook = n + (pauses[n % pauses.length] ?? 30);
            for (const [i, name] of RENDITIONS.entries()) {
              const client = clients.get(name) ?? new Client(full[i]!);
              clients.set(name, client);
              const delta = readPlaylist(renderMediaPlaylist(snapshot, name, 'date-ranges') ?? '');
              client.apply(delta);
              expect(client.lines).toEqual([...lines].sort());
              if (delta.skipped === 0) continue;
              deltas += 1;
              expect(delta.tags.get('EXT-X-VERSION')).toEqual(['10']);
            }
          };
          feed(epoch, 0, FPS * 60, 60, check);
          expect(deltas).toBeGreaterThan(0);
          expect(presentation.targetDuration).toBe(TARGET_DURATION);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('D10 D11: a delta of segments alone keeps every date range, and needs no more than version 9', () => {
    const presentation = newPresentation(WINDOW);
    const epoch = newEpoch(presentation);
    feed(epoch, 0, FPS * 40, 60, (n) => {
      if (n === 0) epoch.cue(0, cueOf({ type: 'splice', role: 'out', event: '1' }));
      if (!presentation.isOpen && presentation.targetDuration !== undefined) presentation.open();
    });
    const [full, delta, small] = (['none', 'segments', 'date-ranges'] as const).map((skip) =>
      readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'source', skip) ?? ''),
    );
    expect(linesOf(delta!)).toEqual(linesOf(full!));
    expect(delta?.tags.get('EXT-X-VERSION')).toEqual(['9']);
    expect(delta?.tags.get('EXT-X-SKIP')?.[0]).not.toContain('DATERANGES');
    expect(linesOf(small!)).toEqual([]);
    expect(small?.tags.get('EXT-X-SKIP')?.[0]).toMatch(/,RECENTLY-REMOVED-DATERANGES=""$/);
  });

  it('P8 P5: a cue is dated by the media and not by the clock', () => {
    const presentation = newPresentation(WINDOW);
    const epoch = newEpoch(presentation);
    feed(epoch, 0, FPS * 10);
    epoch.cue(4321, cueOf());
    presentation.open();
    const playlist = readPlaylist(renderMediaPlaylist(presentation.snapshot(), 'audio') ?? '');
    const [line] = linesOf(playlist).map(readAttributes);
    expect(Date.parse(line?.['START-DATE'] ?? '')).toBe(WALL_CLOCK + 4321);
    expect(line?.DURATION).toBe('0');
  });
});
