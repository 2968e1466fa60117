import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Publication } from '../../src/ingest/publication.js';
import type { IngestObserver } from '../../src/ingest/observer.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';

/** Found from the root, which tests and long runs alike are started in. */
const CAPTURES = join('test', 'rtmp', 'captures');

/** Bytes that publishers sent, by file name. */
export const readCaptures = (): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(CAPTURES)
      .filter((name) => name.endsWith('.bin'))
      .sort()
      .map((name) => [name, readFileSync(join(CAPTURES, name))]),
  );

const nothing = (): void => undefined;

const logger = { info: nothing, warn: nothing, debug: nothing } as unknown as Logger;
const observer = new Proxy({} as IngestObserver, { get: () => nothing });

/** A publish that was let in and whose units go to `onEvent`. */
export const publicationOf = (
  onEvent: (event: TimelineEvent) => void,
  onReject: (reason: string) => void = nothing,
): Publication =>
  new Publication(
    {
      accepted: true,
      channel: 'live',
      publishId: 'live-1',
      session: { event: onEvent, metadata: nothing, ignored: nothing, end: nothing },
    },
    { observer, logger, reject: onReject },
  );
