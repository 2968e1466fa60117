/** A small reader of media playlists, written from the specification and not from the renderer. */
export interface ReadPart {
  readonly uri: string;
  readonly duration: number;
  readonly independent: boolean;
}

export interface ReadSegment {
  readonly msn: number;
  readonly uri: string | undefined;
  readonly duration: number | undefined;
  readonly discontinuity: boolean;
  readonly dateTime: number | undefined;
  readonly map: string | undefined;
  readonly gap: boolean;
  /** EXT-X-BYTERANGE as the first byte and the one behind the last. */
  readonly range: readonly [start: number, end: number] | undefined;
  readonly parts: readonly ReadPart[];
}

export interface ReadPlaylist {
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly targetDuration: number;
  readonly partTarget: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly skipped: number;
  readonly segments: readonly ReadSegment[];
  readonly hint: string | undefined;
  readonly mapHint: string | undefined;
  readonly ended: boolean;
  readonly reports: readonly Readonly<Record<string, string>>[];
}

export function readAttributes(list: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of list.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)) {
    if (name !== undefined && value !== undefined) found[name] = value.replaceAll('"', '');
  }
  return found;
}

export function readPlaylist(text: string): ReadPlaylist {
  const lines = text.split('\n');
  if (lines[0] !== '#EXTM3U') throw new Error('no #EXTM3U');
  if (lines.at(-1) !== '') throw new Error('no newline at the end');
  const tags = new Map<string, string[]>();
  const segments: ReadSegment[] = [];
  const one = (name: string): string | undefined => tags.get(name)?.[0];
  const number = (name: string): number => Number(one(name) ?? Number.NaN);
  let skipped = 0;
  let map: string | undefined;
  let open: { -readonly [K in keyof ReadSegment]: ReadSegment[K] } | undefined;
  const segment = () =>
    (open ??= {
      msn: number('EXT-X-MEDIA-SEQUENCE') + skipped + segments.length,
      uri: undefined,
      duration: undefined,
      discontinuity: false,
      dateTime: undefined,
      map,
      gap: false,
      range: undefined,
      parts: [],
    });
  for (const line of lines.slice(1, -1)) {
    if (!line.startsWith('#')) {
      segments.push({ ...segment(), uri: line });
      open = undefined;
      continue;
    }
    const [, name = '', value = ''] = /^#([A-Z0-9-]+):?(.*)$/.exec(line) ?? [];
    tags.set(name, [...(tags.get(name) ?? []), value]);
    if (name === 'EXTINF') segment().duration = Number.parseFloat(value);
    else if (name === 'EXT-X-DISCONTINUITY') segment().discontinuity = true;
    else if (name === 'EXT-X-GAP') segment().gap = true;
    else if (name === 'EXT-X-BYTERANGE') {
      const [length = 0, start = 0] = value.split('@').map(Number);
      segment().range = [start, start + length];
    } else if (name === 'EXT-X-PROGRAM-DATE-TIME') segment().dateTime = Date.parse(value);
    else if (name === 'EXT-X-MAP') segment().map = map = readAttributes(value).URI;
    else if (name === 'EXT-X-SKIP') skipped = Number(readAttributes(value)['SKIPPED-SEGMENTS']);
    else if (name === 'EXT-X-PART') {
      const part = readAttributes(value);
      const read = {
        uri: part.URI ?? '',
        duration: Number(part.DURATION),
        independent: part.INDEPENDENT === 'YES',
      };
      segment().parts = [...segment().parts, read];
    }
  }
  if (open !== undefined) segments.push(open);
  const hints = (tags.get('EXT-X-PRELOAD-HINT') ?? []).map(readAttributes);
  return {
    tags,
    targetDuration: number('EXT-X-TARGETDURATION'),
    partTarget: Number(readAttributes(one('EXT-X-PART-INF') ?? '')['PART-TARGET']),
    mediaSequence: number('EXT-X-MEDIA-SEQUENCE'),
    discontinuitySequence: number('EXT-X-DISCONTINUITY-SEQUENCE'),
    skipped,
    segments,
    hint: hints.find((h) => h.TYPE === 'PART')?.URI,
    mapHint: hints.find((h) => h.TYPE === 'MAP')?.URI,
    ended: tags.has('EXT-X-ENDLIST'),
    reports: (tags.get('EXT-X-RENDITION-REPORT') ?? []).map(readAttributes),
  };
}
